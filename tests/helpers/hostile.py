"""A name that shells and Snakemake's formatting would interpret."""

SPITEFUL = "a 'b\"\n$(touch PWNED)`touch PWNED`$HOME{c}{d:q}"
"""Name of a folder; it creates a file PWNED where it is executed."""
