"""Cross-check: the same pulses with two calculators, and their deviations."""
