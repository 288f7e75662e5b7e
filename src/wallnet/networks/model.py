"""The network of the paper: one hidden layer of measured neurons, in Lightning."""

from collections.abc import Sequence
from typing import Any

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torch.nn import functional


class MeasuredActivation(nn.Module):
    """The neuron's own transfer curve in place of ReLU.

    A pre-activation `z` drives the neuron with J_norm = z / input_range. Below 0 the device gives
    0, above 1 it saturates, in between it follows the fitted quartic (paper, Fig. 1b). The
    output is G_norm · input_range, so that a straight curve has unit slope, like ReLU.

    Parameters
    ----------
    quartic : sequence of float
        Coefficients of G_norm(J_norm), ascending powers.
    input_range : float
        Pre-activation at which the neuron sees its full current density, J_norm = 1.
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
    """A fully connected network with one hidden layer (paper, Sec. IV).

    Parameters
    ----------
    inputs, hidden_neurons, classes : int
        Numbers of nodes; 784, 128 and 10 in the paper.
    quartic : sequence of float
        Coefficients of the neuron's curve, see `MeasuredActivation`.
    input_range : float
        Pre-activation at which the neuron sees its full current density.
    learning_rate : float
        Of Adam.
    schedule : str
        `constant`, or `cosine`: down to 0 over the whole training.
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
        self.confusion = torch.zeros(classes, classes, dtype=torch.int64)
        self.predictions: list[Tensor] = []
        self._sums = dict.fromkeys(("training", "validation"), (0.0, 0.0, 0))

    @property
    def layers(self) -> dict[str, nn.Linear]:
        """The layers whose weights are synapses, from the input on."""
        return {"hidden": self.hidden, "output": self.output}

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits, shape (images, classes), of images in [0, 1], (images, pixels)."""
        return self.output(self.activation(self.hidden(images)))

    def _count(self, part: str, batch: tuple[Tensor, Tensor]) -> Tensor:
        """Return the loss of a batch and add it up; nothing is logged step by step."""
        images, labels = batch
        logits = self(images)
        loss = functional.cross_entropy(logits, labels)
        with torch.no_grad():
            correct = (logits.argmax(dim=1) == labels).sum()
            total, right, count = self._sums[part]
            size = len(labels)
            self._sums[part] = (total + loss.detach() * size, right + correct, count + size)
        return loss

    def _mean(self, part: str) -> dict[str, float]:
        total, right, count = self._sums[part]
        self._sums[part] = (0.0, 0.0, 0)
        if not count:
            return {}
        return {
            f"{part}_loss": float(total) / count,
            f"{part}_accuracy": 100.0 * float(right) / count,
        }

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
        """Return the loss of a batch."""
        return self._count("training", batch)

    def validation_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        """Count what is right in a batch."""
        self._count("validation", batch)

    def on_validation_epoch_end(self) -> None:
        """Hand the accuracy to whoever chooses the best epoch; add a point to the training curve.

        In training this comes after the last batch of an epoch.
        """
        trained, validated = self._mean("training"), self._mean("validation")
        self.log_dict(validated)
        if trained:
            self.curve.append({"epoch": self.current_epoch + 1, **trained, **validated})

    def test_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        """Fill the confusion matrix, rows the labels, columns the predictions."""
        images, labels = batch
        predicted = self(images).argmax(dim=1)
        classes = len(self.confusion)
        pairs = torch.bincount(labels * classes + predicted, minlength=classes**2)
        self.confusion += pairs.reshape(classes, classes)
        self.predictions.append(predicted)

    def configure_optimizers(self) -> Any:
        """Return Adam, with the learning rate's schedule where there is one."""
        optimizer = torch.optim.Adam(self.parameters(), lr=self.hparams["learning_rate"])
        if self.hparams["schedule"] == "constant":
            return optimizer
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }
