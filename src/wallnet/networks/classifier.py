"""The Lightning module that trains and measures a model."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.nn import functional

from wallnet.networks import quantization
from wallnet.networks.images import Batch
from wallnet.networks.layers import SynapticLayer, synaptic_layers
from wallnet.networks.model import MeasuredActivation, Shape, load_model

TEMPERATURE = 2.0
"""Number by which logits are divided before probabilities are taught, so that those of unlikely
classes count too."""


@dataclass(frozen=True)
class Teacher:
    """A network whose probabilities another one learns (Hinton and others, arXiv:1503.02531).

    Attributes
    ----------
    network : torch.nn.Module
        The network, in evaluation mode.
    share : float
        Share of the loss that the probabilities have; the labels have the rest.
    """

    network: nn.Module
    share: float

    def loss(self, images: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of the logits that a network in training has for some images."""
        with torch.no_grad():
            taught = (self.network(images) / TEMPERATURE).softmax(dim=1)
        # the gradient of the first falls with the square of the temperature
        soft = TEMPERATURE**2 * functional.cross_entropy(logits / TEMPERATURE, taught)
        return self.share * soft + (1 - self.share) * functional.cross_entropy(logits, labels)


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
        `wallnet.networks.layers.chosen_layers`.
    fold_batch_norm : bool
        Whether batch normalisations are folded into the layers before them.

    Attributes
    ----------
    teacher : Teacher or None
        What is learned besides labels.
    curve : list of dict
        Points of the training curve.
    best_epoch : int
        The epoch whose weights were kept, counted from 1.
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
        self.automatic_optimization = False
        self.save_hyperparameters()
        reads = Shape(*shape)  # type: ignore[arg-type]
        self.model = load_model(model)(reads, MeasuredActivation(**activation))
        if fold_batch_norm:
            self.model = quantization.fold_batch_norm(self.model)
        self.teacher: Teacher | None = None
        self.curve: list[dict[str, float]] = []
        self.best_epoch = 0

    def synapses(self) -> dict[str, SynapticLayer]:
        """Return the weights of the model that are synapses, by names in the model."""
        return synaptic_layers(self.model, self.hparams["layers"])

    def folded(self) -> "Classifier":
        """Return a copy whose batch normalisations are folded into the layers before them."""
        copy = Classifier(**{**self.hparams, "fold_batch_norm": True})
        copy.model.load_state_dict(quantization.fold_batch_norm(self.model).state_dict())
        copy.curve, copy.best_epoch = self.curve, self.best_epoch
        return copy

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (images, classes) of images (images, 1, rows, columns) in [0, 1]."""
        return self.model(images)

    def _mean(
        self, part: str, batches: Iterable[Batch], learn: Callable[[Tensor], None] | None = None
    ) -> dict[str, float]:
        """Return mean loss and accuracy of batches; `learn` is called with the loss of each.

        Metrics of torchmetrics would take a fifth of the training time.
        """
        total: Tensor | float = 0.0
        right: Tensor | int = 0
        count = 0
        for images, labels in batches:
            logits = self(images)
            if learn and self.teacher:
                loss = self.teacher.loss(images, logits, labels)
            else:
                loss = functional.cross_entropy(logits, labels)
            if learn:
                learn(loss)
            total = total + loss.detach() * len(labels)
            right = right + (logits.detach().argmax(dim=1) == labels).sum()
            count += len(labels)
        accuracy = 100.0 * float(right) / count
        return {f"{part}_loss": float(total) / count, f"{part}_accuracy": accuracy}

    def training_step(self, epoch: Iterable[Batch], index: int) -> None:
        """Train on the batches of an epoch; callbacks are called around each step.

        Lightning's own work for a batch would take a third of the time of a small network's step.
        """
        optimizer: Any = self.optimizers(use_pl_optimizer=False)
        schedule: Any = self.lr_schedulers()
        callbacks = self.trainer.callbacks  # type: ignore[attr-defined]

        def learn(loss: Tensor) -> None:
            optimizer.zero_grad()
            loss.backward()
            for callback in callbacks:
                callback.on_before_optimizer_step(self.trainer, self, optimizer)
            optimizer.step()
            if schedule:
                schedule.step()
            for callback in callbacks:
                callback.on_train_batch_end(self.trainer, self, None, None, index)

        trained = self._mean("training", epoch, learn)
        self.curve.append({"epoch": self.current_epoch + 1, **trained})

    def validation_step(self, batches: Iterable[Batch], index: int) -> None:
        """Complete the point of an epoch on the training curve."""
        self.curve[-1] |= self._mean("validation", batches)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return Adam, with the schedule of the learning rate unless it is constant."""
        rate = self.hparams["learning_rate"]
        optimizer = torch.optim.Adam(self.parameters(), lr=rate, fused=True)
        if self.hparams["schedule"] == "constant":
            return optimizer
        steps = int(self.trainer.estimated_stepping_batches)  # of Lightning: one for each epoch
        steps *= len(self.trainer.train_dataloader.dataset[0])  # type: ignore[union-attr]
        return [optimizer], [torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)]

    def predicted(self, batches: Iterable[Batch]) -> Tensor:
        """Return the predicted class of each image."""
        self.eval()
        with torch.inference_mode():
            return torch.cat([self(images).argmax(dim=1) for images, _ in batches])
