"""Checkpoints: of finished networks, and of trainings that were killed and are to go on."""

import io
import logging
import math
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.plugins import CheckpointIO

from wallnet import files

logger = logging.getLogger(__name__)

INTERVAL = 5.0
"""Wall time in s between two checkpoints of a training; shorter trainings write none."""


def write(checkpoint: Mapping[str, Any], path: str | Path) -> None:
    """Write a checkpoint whole or not at all; the same content gives the same bytes."""
    stream = io.BytesIO()
    torch.save(dict(checkpoint), stream)
    with files.written_whole(path) as partial:
        partial.write_bytes(stream.getvalue())


def read(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint, without executing anything that it may hold.

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
        If the file is not there or may not be read.
    ValueError
        If it is damaged; the message says how.
    """
    content = Path(path).read_bytes()
    try:
        # PyTorch itself does not look at the checksums
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            broken = archive.testzip()
        if broken is not None:
            raise ValueError(f"its {broken} is corrupt")
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # zip, pickle and PyTorch have many ways to complain
        raise ValueError(files.one_line(error)) from None


class WholeFiles(CheckpointIO):
    """How Lightning reads and writes checkpoints here."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        """Write a checkpoint whole or not at all."""
        write(checkpoint, path)

    def load_checkpoint(self, path: Any, *_: Any, **__: Any) -> dict[str, Any]:
        """Read a checkpoint without executing anything; every version of Lightning."""
        return read(path)

    def remove_checkpoint(self, path: Any) -> None:
        """Remove a checkpoint."""
        Path(path).unlink(missing_ok=True)


def path_beside(output: str | Path) -> Path:
    """Return where the checkpoint of an unfinished training lies, beside that of its network."""
    output = Path(output)
    return output.with_name(f".{output.stem}.unfinished{output.suffix}")


class Progress(Checkpoint, files.Attempt):
    """Remember a network as it was after its best epoch, and keep its training in a hidden file.

    A file of another training is not used. One that cannot be read or written costs time and
    nothing else.

    Parameters
    ----------
    output : str or Path
        Where the network's checkpoint is to go; that of the training lies beside it.
    *told : str or contiguous array
        What distinguishes the training from all others.

    Attributes
    ----------
    path : Path
        The hidden file, to be removed (`remove`) once the job has written its outputs.
    best_epoch : int
        The best epoch by validation, of equal ones the first; counted from 1.
    best_weights : dict
        The network's weights after it.
    """

    def __init__(self, output: str | Path, *told: Any) -> None:
        files.Attempt.__init__(self, *told)
        self.path = path_beside(output)
        self.best_epoch, self.best_weights = 0, {}
        self._best_accuracy = -math.inf

    def earlier(self) -> Path | None:
        """Return the checkpoint of an earlier attempt if it can be used."""
        try:
            kept = read(self.path)["wallnet"]
            if kept["identity"] != self.identity:
                return None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s cannot be used (%s); training anew", self.path, error)
            return None
        logger.warning("going on from %s, after epoch %d", self.path, len(kept["curve"]))
        return self.path

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Remember the network if it is the best; save the training if the latest file is old."""
        point = pl_module.curve[-1]
        if point["validation_accuracy"] > self._best_accuracy:
            self._best_accuracy = point["validation_accuracy"]
            self.best_epoch = point["epoch"]
            self.best_weights = {k: v.clone() for k, v in pl_module.state_dict().items()}
        if not self.is_due(INTERVAL):
            return
        try:
            trainer.save_checkpoint(self.path)
        except files.FileError as error:
            logger.warning("no checkpoint: %s", error)

    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Add what Lightning does not know of."""
        checkpoint["wallnet"] = {
            "identity": self.identity,
            "curve": pl_module.curve,
            "best": (self.best_epoch, self._best_accuracy, self.best_weights),
            "elapsed": self.total(),
        }

    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Take it back."""
        kept = checkpoint["wallnet"]
        pl_module.curve = kept["curve"]
        self.best_epoch, self._best_accuracy, self.best_weights = kept["best"]
        self.elapsed = kept["elapsed"]

    def remove(self) -> None:
        """Remove the hidden file."""
        with suppress(OSError):
            self.path.unlink()
