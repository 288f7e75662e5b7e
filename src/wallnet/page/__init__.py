"""What a run found: the summary page, and the overview at the end of a run."""
