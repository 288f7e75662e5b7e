"""Thermal: which states pulses write at a temperature, and with which probability."""
