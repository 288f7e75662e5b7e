"""Tables of the levels of synapses, and the files that tell what their levels are worth."""

from wallnet import files
from wallnet.config import Campaign
from wallnet.studies import STUDIES


def level_sources(campaign: Campaign, name: str) -> dict[str, str]:
    """Return the files from which the table of the levels of a synapse is made.

    Returns
    -------
    dict
        Its `device`, and its results of the studies that determine level sets.
    """
    found = {"device": files.DEVICE.format(device=name)}
    asked = (
        each for each in STUDIES.values() if each.level_sets and name in each.subjects(campaign)
    )
    return found | {study.name: study.path(name) for study in asked}


def level_set_sources(campaign: Campaign, name: str) -> dict[str, str]:
    """Return the files that tell which levels of a device are in the level sets of the networks.

    Returns
    -------
    dict
        Its results of the studies that determine a level set in use, by the name of the study.
    """
    networks = campaign.networks
    asked = name in networks.synapses and name in campaign.simulated
    used = networks.level_sets if asked else frozenset()
    studies = (study for study in STUDIES.values() if used & {*study.level_sets})
    return {study.name: study.path(name) for study in studies}


def level_tables(campaign: Campaign) -> list[str]:
    """List the tables of the levels of all synapses with such sources beside the device."""
    return [
        files.LEVELS_TABLE.format(device=name, suffix=suffix)
        for name in campaign.of_kind("synapse")
        if len(level_sources(campaign, name)) > 1
        for suffix in files.TABLE_SUFFIXES
    ]
