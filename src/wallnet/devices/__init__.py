"""Conductance, write energy and temperature of devices.

This package does not depend on a calculator. `wallnet.studies.devices` makes the device files.
"""
