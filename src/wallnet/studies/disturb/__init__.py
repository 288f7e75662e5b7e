"""Write disturb: how many half-select pulses a state of a device survives."""
