"""What happens beside the training steps: limits, levels, the best epoch, checkpoints."""

import logging
import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import Callback, Checkpoint
from torch import Tensor
from torch.optim import Optimizer

from wallnet import files
from wallnet.config import ConfigError
from wallnet.networks import storage
from wallnet.networks.mappings import Circuit, WeightMapping
from wallnet.networks.model import Classifier

logger = logging.getLogger(__name__)

INTERVAL = 5.0
"""Wall time in s between two checkpoints of a training; shorter trainings write none."""


class LimitWeights(Callback):
    """Clip every weight after each step to ± limit/√(inputs of its layer)."""

    def __init__(self, limit: float) -> None:
        self.limit = limit

    @torch.no_grad()
    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        """Clip the weights; biases are free."""
        for layer in pl_module.layers.values():
            bound = self.limit / math.sqrt(layer.in_features)
            layer.weight.clamp_(-bound, bound)


class KeepOnLevels(Callback):
    """Train weights that are on the levels whenever the network is used.

    The optimiser moves hidden continuous weights; the network sees them snapped, and its gradient
    there is applied to the hidden ones (straight-through estimator; Courbariaux et al., 2015).
    Offset and scale stay, and hidden weights are clipped to the outermost levels.
    """

    def __init__(self, mapping: WeightMapping, circuits: Mapping[str, Circuit]) -> None:
        self.mapping, self.circuits = mapping, circuits
        self.hidden: dict[str, Tensor] = {}

    @torch.no_grad()
    def on_fit_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Remember the weights and put the network on the levels, unless a training goes on."""
        if not self.hidden:
            self._snap(pl_module)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the hidden weights, for a training that goes on."""
        return self.hidden

    def load_state_dict(self, state_dict: dict[str, Tensor]) -> None:
        """Take the hidden weights back."""
        self.hidden = state_dict

    @torch.no_grad()
    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: Any, optimizer: Optimizer
    ) -> None:
        """Let the optimiser see the hidden weights."""
        for name, layer in pl_module.layers.items():
            layer.weight.copy_(self.hidden[name])

    @torch.no_grad()
    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        """Take the moved weights and put the network on the levels again."""
        self._snap(pl_module)

    def _snap(self, network: Classifier) -> None:
        for name, layer in network.layers.items():
            offset, scale = self.circuits[name]
            table = self.mapping.table
            moved = torch.maximum(layer.weight, offset + scale * table[0])
            self.hidden[name] = torch.minimum(moved, offset + scale * table[-1])
            layer.weight.copy_(self.mapping.snap(self.hidden[name], self.circuits[name]))


class FollowEpochs(Callback):
    """Print a line an epoch, and stop where the loss is no number any more.

    Parameters
    ----------
    key : str
        Of the configuration, to name in the message.
    """

    def __init__(self, key: str) -> None:
        self.key = key

    def on_train_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Print the epoch's point of the training curve."""
        point = pl_module.curve[-1]
        if not math.isfinite(point["training_loss"]):
            raise ConfigError(
                f"{self.key}.learning_rate makes the loss diverge in epoch {point['epoch']}; "
                "lower it"
            )
        print(
            f"{self.key} epoch {point['epoch']}: training {point['training_accuracy']:.2f} %, "
            f"validation {point['validation_accuracy']:.2f} %",
            flush=True,
        )


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
        self.path = storage.unfinished_path(output)
        self.best_epoch = 0
        self.best_weights: dict[str, Tensor] = {}
        self._best_accuracy = -math.inf

    def earlier(self) -> Path | None:
        """Return the checkpoint of an earlier attempt if it can be used."""
        try:
            kept = storage.read_checkpoint(self.path)["wallnet"]
            if kept["identity"] != self.identity:
                return None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s cannot be used (%s); training anew", self.path, error)
            return None
        logger.warning("going on from %s, after epoch %d", self.path, len(kept["curve"]))
        return self.path

    def on_train_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
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

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: Any, checkpoint: dict[str, Any]
    ) -> None:
        """Add what Lightning does not know of."""
        checkpoint["wallnet"] = {
            "identity": self.identity,
            "curve": pl_module.curve,
            "best": (self.best_epoch, self._best_accuracy, self.best_weights),
            "elapsed": self.total(),
        }

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: Any, checkpoint: dict[str, Any]
    ) -> None:
        """Take it back."""
        kept = checkpoint["wallnet"]
        pl_module.curve = kept["curve"]
        self.best_epoch, self._best_accuracy, self.best_weights = kept["best"]
        self.elapsed = kept["elapsed"]

    def remove(self) -> None:
        """Remove the hidden file."""
        with suppress(OSError):
            self.path.unlink()
