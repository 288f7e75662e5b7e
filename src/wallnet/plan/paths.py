"""Files of the networks, and sources of tables."""

from wallnet import files
from wallnet.config import Campaign
from wallnet.config.networks import Networks
from wallnet.config.stages import FIRST_STAGE, LEVEL_STAGES, NO_DEVICE, Network
from wallnet.jobs import programming_energy_job
from wallnet.studies import STUDIES

# Networks


def free_path(pattern: str, stage: str, recipe: str = "{recipe}") -> str:
    """Return a file of a network with FP32 weights, with wildcards."""
    return Network(dataset="{dataset}", recipe=recipe, stage=stage, seed="{seed}").path(pattern)


def first_checkpoints(networks: Networks) -> list[str]:
    """Return the checkpoints of all recipes after their first stage, with wildcards."""
    return [free_path(files.CHECKPOINT, FIRST_STAGE, recipe) for recipe in networks.recipes]


def mapped_paths(pattern: str, networks: Networks) -> list[str]:
    """Return the files of one kind of the networks on a synapse that one job makes.

    They are patterns with the wildcards of the job: data set, synapse, reading and seed.
    """
    place = ("{device}", "{reading}")
    of_a_job = {"datasets": ("{dataset}",), "places": (place,), "seeds": ("{seed}",)}
    return networks.run_set().limited(LEVEL_STAGES, **of_a_job).paths(pattern)


def accuracy_sources(campaign: Campaign) -> dict[str, list[str]]:
    """Return the metrics of all networks, and the compact models of their synapses."""
    run_set = campaign.networks.run_set()
    devices = dict.fromkeys(device for device, _ in run_set.places)
    models = [files.COMPACT_MODEL.format(device=device) for device in devices]
    return {"networks": run_set.paths(files.METRICS), "models": models}


def programming_sources(campaign: Campaign) -> dict[str, list[str]]:
    """Return the files from which the energy of writing networks is computed, by kind.

    They are the programmings of the networks, the devices and the responses; all are empty if no
    network is on the levels of a simulated synapse. The compact models are not read. Only once they
    are finished it is known whether the networks have to be mapped again.
    """
    job = programming_energy_job(campaign)
    synapses = dict.fromkeys(name for name, _ in job.run_set.places)
    return {
        "networks": job.run_set.paths(files.PROGRAMMING),
        "devices": [files.DEVICE.format(device=name) for name in synapses],
        "pulse_trains": [
            STUDIES["pulse_trains"].path(name) for name in dict.fromkeys(job.written_by.values())
        ],
        "models": [files.COMPACT_MODEL.format(device=name) for name in synapses],
    }


def mapping_jobs(networks: Networks) -> list[str]:
    """Return the paths from which log and benchmark of each job that maps networks are named."""
    runs = (run for run in networks.runs() if run.device != NO_DEVICE)
    return list(dict.fromkeys(files.ON_SYNAPSE.format(**run) for run in runs))


def mapping_sources(campaign: Campaign) -> dict[str, list[str]]:
    """Return the comparisons of mappings, and the metrics of all networks with FP32 weights."""
    networks = campaign.networks
    comparisons = [
        files.COMPARISON.format(dataset=dataset, device=device, reading=reading, seed=seed)
        for dataset in networks.datasets
        for device, reading in networks.run_set().places
        for seed in networks.seeds
    ]
    free = [run.path(files.METRICS) for run in networks.runs() if run.device == NO_DEVICE]
    return {"comparisons": comparisons, "references": free}


# Levels


def level_sources(campaign: Campaign, device: str) -> dict[str, list[str]]:
    """Return the files from which the table of the levels of a synapse is made.

    Returns
    -------
    dict
        Its `device`, and its results of the studies that determine level sets.
    """
    studies = [each for each in STUDIES.values() if each.level_sets]
    asked = {
        each.name: [each.path(device)] for each in studies if device in each.subjects(campaign)
    }
    return {"device": [files.DEVICE.format(device=device)], **asked}


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
