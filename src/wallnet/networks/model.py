"""The network of the paper in Lightning, with one hidden layer of measured neurons."""

from collections.abc import Sequence

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.nn import functional
from torchmetrics.classification import MulticlassConfusionMatrix, MulticlassStatScores

from wallnet.networks.batches import Batch

COUNTED_AT_ONCE = 100
"""Number of images; torchmetrics' deterministic counting needs images × classes² × 8 bytes."""


class MeasuredActivation(nn.Module):
    """Activation that follows the transfer curve of the neuron instead of ReLU.

    A pre-activation `z` drives the neuron with J_norm = z / input_range. Below 0 the output is
    0. Above 1 it saturates. In between it follows the fitted quartic (paper, Fig. 1b). The
    output is G_norm · input_range, so that a straight curve has unit slope, like ReLU.

    Parameters
    ----------
    quartic : sequence of float
        Coefficients of G_norm(J_norm), ascending powers.
    input_range : float
        Pre-activation at which the neuron receives its full current density, J_norm = 1.
    """

    def __init__(self, quartic: Sequence[float], input_range: float) -> None:
        super().__init__()
        self.quartic = tuple(quartic)
        self.input_range = input_range

    def forward(self, pre_activation: Tensor) -> Tensor:
        """Return the output for pre-activations of any shape, in the same shape."""
        current = (pre_activation / self.input_range).clamp(0.0, 1.0)
        conductance = torch.full_like(current, self.quartic[-1])
        for coefficient in self.quartic[-2::-1]:
            conductance = conductance * current + coefficient
        return torch.where(pre_activation > 0, conductance * self.input_range, 0.0)


class Classifier(LightningModule):
    """Fully connected network with one hidden layer (paper, Sec. IV).

    Parameters
    ----------
    inputs, hidden_neurons, classes : int
        Numbers of nodes; 784, 128 and 10 in the paper.
    quartic : sequence of float
        Coefficients of the neuron's curve, see `MeasuredActivation`.
    input_range : float
        Pre-activation at which the neuron receives its full current density.
    learning_rate : float
        Learning rate of Adam.
    schedule : str
        `constant`, or `cosine`, which decays to 0 over the whole training.
    """

    def __init__(
        self,
        inputs: int,
        hidden_neurons: int,
        classes: int,
        quartic: Sequence[float],
        input_range: float,
        learning_rate: float = 1e-3,
        schedule: str = "constant",
    ) -> None:
        super().__init__()
        quartic = [float(c) for c in quartic]
        self.save_hyperparameters()
        self.hidden = nn.Linear(inputs, hidden_neurons)
        self.activation = MeasuredActivation(quartic, input_range)
        self.output = nn.Linear(hidden_neurons, classes)
        self.curve: list[dict[str, float]] = []
        self.confusion = MulticlassConfusionMatrix(classes, validate_args=False)
        self.predictions: list[Tensor] = []
        self._scores = MulticlassStatScores(classes, average="micro", validate_args=False)
        self._right: Tensor | int = 0
        self._losses: dict[str, tuple[Tensor | float, int]] = {}

    @property
    def layers(self) -> dict[str, nn.Linear]:
        """The layers whose weights are synapses, from the input on."""
        return {"hidden": self.hidden, "output": self.output}

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (images, classes) of images (images, pixels) with values in [0, 1]."""
        logits: Tensor = self.output(self.activation(self.hidden(images)))
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
        optimizer = torch.optim.Adam(self.parameters(), lr=self.hparams["learning_rate"])
        if self.hparams["schedule"] == "constant":
            return optimizer
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }
