"""Files of the barriers of synapses, and how much work they are."""

from wallnet import files
from wallnet.config import Campaign, Device
from wallnet.experiment import images_of, level_states, neighbours
from wallnet.jobs.paths import folder, pairs_in
from wallnet.studies import STUDIES

SECONDS_PER_IMAGE = 2e-5
"""Processor time of an image of a path for each of its cells in s, of one core of a server."""


def barrier_paths(name: str, device: Device) -> list[str]:
    """Return the files of all pairs of neighbouring states of a synapse."""
    return pairs_in(folder(files.BARRIER, name), device.track)


def state_minima(name: str, device: Device) -> list[str]:
    """Return the files of the minima that are ends of paths."""
    states = level_states(device.track)
    return [files.MINIMUM.format(device=name, state=state.file_name) for state in states]


def level_set_sources(campaign: Campaign, name: str) -> dict[str, str]:
    """Return the files that tell which levels of a device are in the level sets of the networks.

    Returns
    -------
    dict
        Its `barriers` if networks use its retained or mutually reachable levels, and its results
        of studies that determine a level set in use.
    """
    networks = campaign.networks
    asked = name in networks.synapses and name in campaign.simulated
    used = networks.level_sets if asked else frozenset()
    found = {}
    if used & {"kept", "mutually-reachable"}:
        found["barriers"] = files.BARRIERS.format(device=name)
    studies = (study for study in STUDIES.values() if used & {*study.level_sets})
    return found | {study.name: study.path(name) for study in studies}


def barrier_files(campaign: Campaign) -> list[str]:
    """List the pairs, the barriers, the tables and the figure of each synapse with barriers."""
    found = []
    for name in campaign.barriers.of(campaign.devices):
        figure = files.BARRIER_FIGURE.format(device=name, figure="energy", suffix="{suffix}")
        found += [
            *barrier_paths(name, campaign.simulated[name]),
            files.BARRIERS.format(device=name),
            *(files.BARRIER_TABLE.format(device=name, suffix=s) for s in files.TABLE_SUFFIXES),
            *files.figure_files([figure], campaign.figures.vector_format),
        ]
    return found


def barrier_work(campaign: Campaign) -> str:
    """Return a sentence that tells how many paths the barriers are, and about how long."""
    count, seconds = 0, 0.0
    for name in campaign.barriers.of(campaign.devices):
        device = campaign.simulated[name]
        spacing = campaign.barriers.spacing * device.material.wall_width_parameter
        columns, rows = device.track.cells
        for pair in neighbours(device.track):
            count += 1
            images = images_of(device.track, pair, spacing)
            seconds += SECONDS_PER_IMAGE * images * columns * rows
    return (
        f"barriers: {count} paths, about {max(1, round(seconds / 60))} minutes of processor time "
        "in all if none of them is finished"
    )
