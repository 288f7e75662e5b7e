"""Pulse trains: the conductance of a device during pulses that write and rewrite it."""
