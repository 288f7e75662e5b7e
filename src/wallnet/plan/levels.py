"""Tables of the levels of synapses, and the files from which they are made."""

from pathlib import Path

from wallnet import files
from wallnet.config import Campaign
from wallnet.studies import STUDIES


def level_sources(campaign: Campaign, name: str) -> dict[str, str]:
    """Return the files from which the table of the levels of a synapse is made.

    Returns
    -------
    dict
        Its `device`, its `barriers` if the target of this name computes them, and its results of
        the studies that determine level sets, such as `transitions`.
    """
    found = {"device": files.DEVICE.format(device=name)}
    if name in campaign.barriers.of(campaign.devices):
        found["barriers"] = files.BARRIERS.format(device=name)
    asked = (
        each for each in STUDIES.values() if each.level_sets and name in each.subjects(campaign)
    )
    return found | {study.name: study.path(name) for study in asked}


def level_tables(campaign: Campaign, making: str = "") -> list[str]:
    """List the tables of the levels of all synapses with such sources beside the device.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    making : str
        `barriers` or a study, if only those tables are wanted whose other sources are already
        there.
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
