"""What several rules ask of the campaign.

Results in the report carry one label each: of several, Snakemake makes a switch where two values
happen to be equally frequent, and its page fails where the two sides do not correspond.

Text from the configuration reaches `params` through functions: in a plain string Snakemake takes
braces for wildcards.
"""


def one_of(names):
    """Match these names, or nothing."""
    return "|".join(map(re.escape, names)) or "(?!)"


def filled(pattern, **names):
    """Return a path of `wallnet.files`; wildcards that get no value stay."""
    return expand(pattern, allow_missing=True, **names)[0]


def table(name, suffix=".csv"):
    """Return the path of a table of the whole campaign."""
    return filled(files.TABLE, table=name, suffix=suffix)


def png(pattern, figure):
    """Return the path of a figure for the report."""
    return filled(pattern, figure=figure, suffix=".png")


def vector(pattern, figure):
    """Return the path of a figure's vector file."""
    suffix = f".{campaign.figures.vector_format}"
    return filled(pattern, figure=figure, suffix=suffix)


def figure_style(wildcards):
    """Return the style of all figures, as JSON."""
    return campaign.figures.model_dump_json()


def simulated(wildcards):
    """Return the device that a simulation is of: its own, or that of its case."""
    case = wildcards.get("case")
    name = campaign.crosscheck.cases[case].device if case else wildcards.device
    return campaign.devices[name]


def calculator(wildcards):
    """Return the calculator of a simulation."""
    if name := wildcards.get("calculator"):
        return configuration.from_file_name(name)
    return simulated(wildcards).calculator


def software(wildcards):
    """Return the environment that a simulation needs beside the package's own, if any."""
    return "../envs/oommf.yaml" if calculator(wildcards) == "oommf" else None


def calculator_threads(wildcards):
    """Return the threads of a simulation; only OOMMF takes several."""
    return simulated(wildcards).oommf.threads if software(wildcards) else 1


def growing(amount, oommf=None):
    """Return a resource of which each attempt asks for more; OOMMF may need another amount."""

    def asked(wildcards, attempt):
        return attempt * (oommf if oommf and software(wildcards) else amount)

    return asked
