"""Functions that train a small network and compute its stages on levels."""

import shutil

from wallnet import files
from wallnet.config.stages import STAGES
from wallnet.jobs.networks import continuing_job, mapping_job, training_job
from wallnet.networks import stages

CHANGING = {"wall_seconds"}

FREE = ("fp32", "continued")
"""The stages that use no synapse."""


def with_recipe(networks, **parts):
    """Return a campaign whose only recipe has other settings in these parts."""
    recipe = networks.recipes["plain"]
    changed = {
        part: getattr(recipe, part).model_copy(update=update)
        if isinstance(update, dict)
        else update
        for part, update in parts.items()
    }
    return networks.model_copy(update={"recipes": {"plain": recipe.model_copy(update=changed)}})


def outputs(folder, stage, mapping="layer", reading="series", seed=3):
    """Return paths of metrics and checkpoint of a stage, below the folder of all networks."""
    place = "none/none/none" if stage in FREE else f"synapse/{reading}/{mapping}"
    run_folder = folder / f"blots/{place}/plain/{stage}/seed-{seed}"
    return run_folder / "metrics.json", run_folder / "best.ckpt"


def programming(checkpoint):
    """Return the path of the programming of a network, next to its checkpoint."""
    return checkpoint.with_name("programming.nc")


def free(networks, images, place, folder, seed=3):
    """Train with free weights; return paths of metrics and checkpoint."""
    job = training_job(networks, "blots", "plain", seed)
    stages.train(job, images, place / "neuron.json", folder)
    return outputs(folder, "fp32", seed=seed)


def trained_on(networks, images, start, folder):
    """Train on with free weights; return paths of metrics and checkpoint."""
    stages.train_on(continuing_job(networks, "blots", "plain", 3), images, start, folder)
    return outputs(folder, "continued")


def start_from(start, folder):
    """Copy the checkpoint of a trained network to its place in a folder of networks."""
    _, its_place = outputs(folder, "fp32")
    if start != its_place:
        its_place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(start, its_place)


def on_levels(networks, images, place, start, folder, mapping="layer", reading="series"):
    """Compute all stages on levels; return paths of metrics and checkpoint of each."""
    start_from(start, folder)
    campaign = networks.model_copy(update={"mappings": (mapping,)})
    job = mapping_job(campaign, "blots", "synapse", reading, 3)
    stages.put_on_levels(job, images, place / "synapse.json", folder)
    (network,) = job.networks
    return {stage: outputs(folder, stage, mapping, reading) for stage in network.stages}


def every_stage(networks, images, place, folder):
    """Compute all stages; return paths of metrics and checkpoint of each, in the order of both."""
    paths = {"fp32": free(networks, images, place, folder)}
    start = paths["fp32"][1]
    paths["continued"] = trained_on(networks, images, start, folder)
    paths |= on_levels(networks, images, place, start, folder)
    assert list(paths) == list(STAGES)
    return paths


def steady(path):
    """Read metrics without the values that differ from run to run."""
    return {k: v for k, v in files.read_json(path).items() if k not in CHANGING}
