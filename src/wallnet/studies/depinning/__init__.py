"""Depinning: the current density that moves a wall away from each notch, and dwell times."""
