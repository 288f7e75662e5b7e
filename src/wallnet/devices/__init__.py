"""Devices: the sweep of current densities of each device, and its compact model for networks."""
