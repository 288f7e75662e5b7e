"""Intervals: between which current densities a pulse ends in each state."""
