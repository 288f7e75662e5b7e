"""What a run found: the summary page, the overview at its end, and the write energy of networks."""
