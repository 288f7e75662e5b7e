"""What several rules ask of the campaign.

Results in the report carry one label each: of several, Snakemake makes a switch where two values
happen to be equally frequent, and its page fails where the two sides do not correspond.
"""


def one_of(kind):
    """Match the names of the campaign's devices of a kind, or nothing."""
    return "|".join(campaign.of_kind(kind)) or "(?!)"


def vector_figure(name):
    """Return the path of a figure's vector file."""
    return files.FIGURE.format(figure=f"{name}.{campaign.figures.vector_format}")


def crosscheck_job(case, calculator):
    """Return the job of a case of the cross-check for one calculator, as canonical JSON."""
    return campaign.crosscheck.cases[case].job(campaign.devices, calculator).to_json()
