"""Operating windows: over which pulses a wall moves by one notch a pulse."""
