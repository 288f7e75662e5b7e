"""Sweeps: the sweep of a device on samples of it."""
