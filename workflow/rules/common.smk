"""What several rules ask of the campaign.

Results in the report carry one label each: of several, Snakemake makes a switch where two values
happen to be equally frequent, and its page fails where the two sides do not correspond.

Text from the configuration reaches `params` through functions: in a plain string Snakemake takes
braces for wildcards.
"""


def one_of(kind):
    """Match the names of the campaign's devices of a kind, or nothing."""
    return "|".join(campaign.of_kind(kind)) or "(?!)"


def filled(pattern, **names):
    """Return a path of `wallnet.files`; wildcards that get no value stay."""
    return expand(pattern, allow_missing=True, **names)[0]


def png(pattern, **names):
    """Return the path of a figure for the report."""
    return filled(pattern, suffix=".png", **names)


def vector(pattern, **names):
    """Return the path of a figure's vector file."""
    return filled(pattern, suffix=f".{campaign.figures.vector_format}", **names)


def figure_style(wildcards):
    """Return the style of all figures, as JSON."""
    return campaign.figures.model_dump_json()


def shown_pulses(wildcards):
    """Return the current densities that a device's figures of single pulses are to show."""
    return [
        f"{density:.10g}" for density in campaign.devices[wildcards.device].shown or ()
    ]


def paper_rows(wildcards):
    """Return the numbers of notches whose rows of the paper's Table II are shown."""
    return sorted(set(campaign.networks.table_ii.values()))


def free_network(pattern):
    """Return the path of a file of the network with free weights, which no device is part of."""
    nowhere = dict.fromkeys(("device", "reading", "mapping"), "none")
    return filled(pattern, stage=STAGES[0], **nowhere)


def crosscheck_trace(calculator):
    """Return the path of a case's trace by one calculator."""
    return filled(files.CROSSCHECK, calculator=calculator)
