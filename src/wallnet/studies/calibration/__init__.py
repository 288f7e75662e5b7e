"""Calibration: for which parameters devices match the reference data."""
