"""Functions that several rules use.

Each result in the report has only one label. From several labels, Snakemake makes a switch if two
values are equally frequent, and its page fails if the two sides do not correspond.

Functions pass text from the configuration to `params`, since Snakemake interprets braces in plain
strings as wildcards.
"""

from wallnet.config.mappings import split_mapping
from wallnet.files import compact


def one_of(names):
    """Return a pattern that matches these names; nothing if there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def figure_style(wildcards):
    """Return the style of all figures, as JSON."""
    return campaign.figures.model_dump_json()


def growing(amount):
    """Return a resource that grows with each attempt."""
    return lambda wildcards, attempt: attempt * amount


def as_options(paths):
    """Return named inputs as the words of options: --name path."""
    return [word for name, path in paths.items() for word in (f"--{name}", path)]


def activation_of_neuron():
    """Return the activation of the networks, as JSON."""
    model = files.COMPACT_MODEL.format(device=campaign.networks.neuron)
    return compact.decisive(model, campaign.networks.reading_of_neuron)


def levels_of(wildcards, mappings):
    """Return the levels of a synapse for each level set of some mappings, as JSON."""
    model = files.COMPACT_MODEL.format(device=wildcards.device)
    level_sets = dict.fromkeys(split_mapping(name).level_set for name in mappings)
    return [compact.decisive(model, wildcards.reading, name) for name in level_sets]
