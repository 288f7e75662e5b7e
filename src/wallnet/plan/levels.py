"""Tables of the levels of synapses, and the files from which they are made."""

from pathlib import Path

from wallnet import files
from wallnet.config import Campaign


def level_sources(campaign: Campaign, name: str) -> dict[str, str]:
    """Return the files from which the table of the levels of a synapse is made.

    Returns
    -------
    dict
        Its `device`, its `barriers` if the target of this name computes them, and its
        `transitions` if they are in the configuration.
    """
    found = {"device": files.DEVICE}
    if name in campaign.barriers.of(campaign.devices):
        found["barriers"] = files.BARRIERS
    if name in campaign.transitions:
        found["transitions"] = files.TRANSITIONS
    return {key: path.format(device=name) for key, path in found.items()}


def level_tables(campaign: Campaign, making: str = "") -> list[str]:
    """List the tables of the levels of all synapses with barriers or transitions.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    making : str
        `barriers` or `transitions`, if only those tables are wanted whose other sources are
        already there.
    """
    found = []
    for name in campaign.of_kind("synapse"):
        sources = level_sources(campaign, name)
        if len(sources) == 1 or (making and making not in sources):
            continue
        others = [path for key, path in sources.items() if making and key != making]
        if all(Path(path).exists() for path in others):
            found += [
                files.LEVELS_TABLE.format(device=name, suffix=s) for s in files.TABLE_SUFFIXES
            ]
    return found
