"""Sensitivity: how much thresholds of depinning depend on what is not known of a device."""
