"""Storage of results: metrics as JSON, networks as checkpoints of Lightning."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
import torch

from wallnet import __version__, files, revisions
from wallnet.files.datasets import checked
from wallnet.jobs.networks import ContinuingJob, LevelJob, MappingJob, TrainingJob
from wallnet.networks.classifier import Classifier


def provenance(job: TrainingJob | ContinuingJob | LevelJob | MappingJob) -> dict[str, Any]:
    """Return parameters, seed, versions and PyTorch's instructions of a result, as plain data."""
    return {
        "parameters": job.plain(),
        "seed": job.seed,
        "wallnet_version": __version__,
        "torch_version": str(torch.__version__),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "lightning_version": lightning.__version__,
        "revision": revisions.of("networks"),
    }


def save_network(network: Classifier, path: str | Path, about: Mapping[str, Any]) -> None:
    """Write a network as a Lightning checkpoint, completely or not at all.

    The same network gives the same bytes.

    Parameters
    ----------
    network : Classifier
        The network.
    path : str or Path
        File to write. `Classifier.load_from_checkpoint(path)` and
        ``torch.load(path, weights_only=True)`` open it.
    about : Mapping
        Plain data on the origin of the network, stored under the key `wallnet`.
    """
    checkpoint = {
        "pytorch-lightning_version": lightning.__version__,
        "state_dict": {k: v.clone() for k, v in network.state_dict().items()},
        "hyper_parameters": _separate(network.hparams),
        "epoch": 0,
        "global_step": 0,
        "wallnet": _separate(about),
    }
    stream = io.BytesIO()
    torch.save(checkpoint, stream)
    with files.written_whole(path) as partial:
        partial.write_bytes(stream.getvalue())


def _separate(plain: Mapping[str, Any]) -> Any:
    """Return a copy of plain data with separate texts; pickle writes a shared one only once."""
    return json.loads(json.dumps(dict(plain)))


def load_network(path: str | Path, model: str) -> Classifier:
    """Read a network that `save_network` wrote.

    Parameters
    ----------
    path : str or Path
        The checkpoint.
    model : str
        Name of its model. A checkpoint with another one is refused, so that no file decides which
        code runs.

    Returns
    -------
    Classifier
        The network.

    Raises
    ------
    FileError, ConfigError
        If the file is missing, may not be read or is damaged, or if the model does not exist.
    """
    with checked(path, "a network"):
        # PyTorch itself does not check the checksums
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
        if broken is not None:
            raise ValueError(f"its {broken} is corrupt")
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        if checkpoint["hyper_parameters"]["model"] != model:
            raise ValueError(f"its model is not {model}")
        network = Classifier(**checkpoint["hyper_parameters"])
        network.load_state_dict(checkpoint["state_dict"])
        if not all(torch.isfinite(p).all() for p in network.parameters()):
            raise ValueError("it has weights that are not finite")
        return network
