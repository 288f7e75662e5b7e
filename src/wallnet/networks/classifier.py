"""The Lightning module that trains and measures a model."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.nn import functional
from torchmetrics.classification import MulticlassConfusionMatrix, MulticlassStatScores

from wallnet.networks import quantization
from wallnet.networks.batches import Batch
from wallnet.networks.model import MeasuredActivation, Shape, load_model

COUNTED_AT_ONCE = 100
"""Number of images; torchmetrics' deterministic counting needs images × classes² × 8 bytes."""


class Classifier(LightningModule):
    """A model that classifies images, with the measured activation of a neuron.

    Parameters
    ----------
    shape : sequence of numbers
        What the model reads and returns, in the order of `Shape`.
    activation : Mapping
        Parameters of `MeasuredActivation`: `breaks` and `coefficients` of its curve, and
        `input_range`.
    model : str
        Name of the model, see `load_model`.
    learning_rate : float
        Learning rate of Adam.
    schedule : str
        `constant`, or `cosine`, which decays to 0 over the whole training.
    layers : sequence of str, optional
        Layers of the model whose weights are synapses; see
        `wallnet.networks.quantization.chosen_layers`.
    fold_batch_norm : bool
        Whether batch normalisations are folded into the layers before them.

    Attributes
    ----------
    model : torch.nn.Module
        The model.
    layers : list of str or None
        Names in this module of the layers that are synapses.
    curve : list of dict
        Points of the training curve.
    """

    def __init__(
        self,
        shape: Sequence[float],
        activation: Mapping[str, Any],
        model: str = "dense",
        learning_rate: float = 1e-3,
        schedule: str = "constant",
        layers: Sequence[str] | None = None,
        fold_batch_norm: bool = False,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        reads = Shape(*shape)  # type: ignore[arg-type]
        self.model = load_model(model)(reads, MeasuredActivation(**activation))
        if fold_batch_norm:
            self.model = quantization.fold_batch_norm(self.model)
        chosen = layers and quantization.chosen_layers(self.model, layers)
        self.layers = chosen and [f"model.{name}" for name in chosen]
        self.curve: list[dict[str, float]] = []
        self.confusion = MulticlassConfusionMatrix(reads.classes, validate_args=False)
        self.predictions: list[Tensor] = []
        self._scores = MulticlassStatScores(reads.classes, average="micro", validate_args=False)
        self._right: Tensor | int = 0
        self._losses: dict[str, tuple[Tensor | float, int]] = {}

    def synapses(self) -> dict[str, quantization.SynapticLayer]:
        """Return the weights of the model that are synapses, by names in the model."""
        return quantization.synaptic_layers(self.model, self.hparams["layers"])

    def folded(self) -> "Classifier":
        """Return a copy whose batch normalisations are folded into the layers before them."""
        copy = Classifier(**{**self.hparams, "fold_batch_norm": True})
        copy.model.load_state_dict(quantization.fold_batch_norm(self.model).state_dict())
        copy.curve = self.curve
        return copy

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (images, classes) of images (images, 1, rows, columns) in [0, 1]."""
        logits: Tensor = self.model(images)
        return logits

    def _read(self, part: str, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the loss and the predictions of a batch, and add the loss to the sum."""
        images, labels = batch
        logits = self(images)
        loss = functional.cross_entropy(logits, labels)
        total, count = self._losses.get(part, (0.0, 0))
        self._losses[part] = (total + loss.detach() * len(labels), count + len(labels))
        return loss, logits.detach().argmax(dim=1)

    def _mean(self, part: str, right: Tensor | int) -> dict[str, float]:
        """Return mean loss and accuracy of the batches since the last call, if there are any."""
        total, count = self._losses.pop(part, (0.0, 0))
        if not count:
            return {}
        return {
            f"{part}_loss": float(total) / count,
            f"{part}_accuracy": 100.0 * float(right) / count,
        }

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """Return the loss of a batch without logging it."""
        loss, predicted = self._read("training", batch)
        # a metric of torchmetrics would take a fifth of the training time
        self._right = self._right + (predicted == batch[1]).sum()
        return loss

    def validation_step(self, batch: Batch, index: int) -> None:
        """Count the correct predictions of a batch."""
        _, predicted = self._read("validation", batch)
        self._scores.update(predicted, batch[1])

    def on_validation_epoch_end(self) -> None:
        """Log the accuracy and, during training, add a point to the training curve.

        During training Lightning calls this after the last batch of an epoch.
        """
        validated = self._mean("validation", self._scores.compute()[0])
        trained = self._mean("training", self._right)
        self._scores.reset()
        self._right = 0
        self.log_dict(validated)
        if trained:
            self.curve.append({"epoch": self.current_epoch + 1, **trained, **validated})

    def on_test_epoch_start(self) -> None:
        """Discard the results of an earlier test."""
        self.confusion.reset()
        self.predictions.clear()

    def test_step(self, batch: Batch, index: int) -> None:
        """Fill the confusion matrix; rows are labels, columns are predictions."""
        images, labels = batch
        predicted = self(images).argmax(dim=1)
        for first in range(0, len(labels), COUNTED_AT_ONCE):
            counted = slice(first, first + COUNTED_AT_ONCE)
            self.confusion.update(predicted[counted], labels[counted])
        self.predictions.append(predicted)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return Adam, with the schedule of the learning rate unless it is constant."""
        optimizer = torch.optim.Adam(
            self.parameters(), lr=self.hparams["learning_rate"], fused=True
        )
        if self.hparams["schedule"] == "constant":
            return optimizer
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }
