"""Functions that train a small network and compute its stages on levels."""

from wallnet import files
from wallnet.config.networks import LEVEL_STAGES
from wallnet.jobs import mapping_job, training_job
from wallnet.networks import stages

CHANGING = {"wall_seconds"}


def free(networks, images, place, folder, seed=3):
    """Train with free weights; return paths of metrics and checkpoint."""
    outputs = (folder / "fp32.json", folder / "fp32.ckpt")
    job = training_job(networks, "blots", "plain", seed)
    stages.train(job, images, place / "neuron.json", outputs)
    return outputs


def on_levels(networks, images, place, start, folder, mapping="layer", reading="series"):
    """Compute all stages on levels; return paths of metrics and checkpoint of each."""
    job = mapping_job(networks, "blots", "synapse", reading, mapping, "plain", 3)
    outputs = {s: (folder / f"{s}.json", folder / f"{s}.ckpt") for s in LEVEL_STAGES}
    stages.put_on_levels(job, images, place / "synapse.json", start, outputs)
    return outputs


def steady(path):
    """Read metrics without the values that differ from run to run."""
    return {k: v for k, v in files.read_json(path).items() if k not in CHANGING}
