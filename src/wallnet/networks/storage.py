"""Storage of results: metrics as JSON, networks as checkpoints of Lightning."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytorch_lightning as lightning
import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO

from wallnet import __version__, files, revisions
from wallnet.files import FileError
from wallnet.jobs import MappingJob, TrainingJob
from wallnet.networks.model import Classifier

Outputs: TypeAlias = tuple[str | Path, str | Path]
"""Paths of a stage's metrics and of its checkpoint, see `wallnet.files`."""


def write_checkpoint(checkpoint: Mapping[str, Any], path: str | Path) -> None:
    """Write a checkpoint completely or not at all; the same content gives the same bytes."""
    stream = io.BytesIO()
    torch.save(dict(checkpoint), stream)
    with files.written_whole(path) as partial:
        partial.write_bytes(stream.getvalue())


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint without executing code that it may contain.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    dict
        Its content.

    Raises
    ------
    OSError
        If the file is missing or may not be read.
    ValueError
        If the file is damaged; the message describes the damage.
    """
    content = Path(path).read_bytes()
    try:
        # PyTorch itself does not check the checksums
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            broken = archive.testzip()
        if broken is not None:
            raise ValueError(f"its {broken} is corrupt")
        stored: dict[str, Any] = torch.load(
            io.BytesIO(content), map_location="cpu", weights_only=True
        )
        return stored
    except Exception as error:  # zip, pickle and PyTorch raise many kinds of exceptions
        raise ValueError(files.one_line(error)) from None


class WholeFiles(TorchCheckpointIO):
    """Plugin with which Lightning reads and writes checkpoints."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Write a checkpoint completely or not at all."""
        write_checkpoint(checkpoint, path)

    def load_checkpoint(self, path: str | Path, *_: Any, **__: Any) -> dict[str, Any]:
        """Read a checkpoint without executing code, with every version of Lightning."""
        return read_checkpoint(path)


def unfinished_path(output: str | Path) -> Path:
    """Return the path of an unfinished training's checkpoint, next to that of its network."""
    output = Path(output)
    return output.with_name(f".{output.stem}.unfinished{output.suffix}")


def provenance(job: TrainingJob | MappingJob) -> dict[str, Any]:
    """Return parameters, seed and versions of a result, as plain data."""
    return {
        "parameters": job.plain(),
        "seed": job.seed,
        "wallnet_version": __version__,
        "torch_version": str(torch.__version__),
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
        "hyper_parameters": dict(network.hparams),
        "epoch": 0,
        "global_step": 0,
        "wallnet": dict(about),
    }
    write_checkpoint(checkpoint, path)


def load_network(path: str | Path) -> Classifier:
    """Read a network that `save_network` wrote.

    Parameters
    ----------
    path : str or Path
        The checkpoint.

    Returns
    -------
    Classifier
        The network.

    Raises
    ------
    FileError
        If the file is missing, may not be read or is damaged.
    """
    try:
        files.check_digest(path)
        checkpoint = read_checkpoint(path)
        network = Classifier(**checkpoint["hyper_parameters"])
        network.load_state_dict(checkpoint["state_dict"])
        if not all(torch.isfinite(p).all() for p in network.parameters()):
            raise ValueError("it has weights that are not finite")
    except FileError:
        raise
    except FileNotFoundError:
        raise FileError(f"{path} is not there; run snakemake to make it") from None
    except OSError as error:
        raise files.unreadable(path, error) from None
    except Exception as error:  # a foreign checkpoint may raise any exception
        raise files.damaged(path, f"is damaged ({files.one_line(error)})") from None
    return network


def write_stage(
    job: TrainingJob | MappingJob,
    place: Mapping[str, str],
    network: Classifier,
    results: Mapping[str, Any],
    outputs: Outputs,
) -> None:
    """Write the metrics and the checkpoint of a stage.

    Parameters
    ----------
    job : TrainingJob or MappingJob
        Job of the stage.
    place : Mapping
        Its `device`, `reading`, `mapping` and `stage`.
    network : Classifier
        The network.
    results : Mapping
        Measured values, as plain data.
    outputs : tuple of paths
        Paths of metrics and checkpoint.

    Raises
    ------
    FileError
        If a file cannot be written.
    """
    metrics_path, checkpoint_path = outputs
    metrics = {
        "kind": "network",
        "dataset": job.dataset,
        "recipe": job.recipe,
        **place,
        "activation": {key: network.hparams[key] for key in ("quartic", "input_range")},
        **results,
        **provenance(job),
    }
    save_network(network, checkpoint_path, {**provenance(job), **place})
    files.write_json(metrics, metrics_path)
    print(
        f"{job.dataset} {place['device']} {place['stage']}: "
        f"test accuracy {results['test_accuracy']:.2f} %",
        flush=True,
    )
