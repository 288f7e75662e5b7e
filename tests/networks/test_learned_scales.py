"""Quantisation-aware training in which the scale of the levels is learned."""

import math

import pytest
import pytorch_lightning as lightning
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from wallnet.networks.callbacks import FACTORS, TrainOnLevels
from wallnet.networks.layers import synaptic_layers
from wallnet.networks.mappings import Circuit, Placement

LEVELS = [1e-6, 2e-6, 3e-6]


class Regression(lightning.LightningModule):
    """A linear network that learns the sums of its inputs with given weights."""

    def __init__(self, weight: Tensor, learning_rate: float) -> None:
        super().__init__()
        self.layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
        self.layer.weight.data = weight.clone()
        self.learning_rate = learning_rate

    def training_step(self, batch: list[Tensor], index: int) -> Tensor:
        inputs, targets = batch
        return nn.functional.mse_loss(self.layer(inputs), targets)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self.learning_rate)


def fitted(
    network: Regression, inputs: Tensor, targets: Tensor, epochs: int, **circuits: Circuit
) -> TrainOnLevels:
    callback = TrainOnLevels(LEVELS, "signed", learn_scales=True, circuits=circuits)
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        callbacks=[callback],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(network, DataLoader(TensorDataset(inputs, targets), batch_size=len(inputs)))
    return callback


def test_a_step_is_that_of_lsq():
    # entries of `signed` with three levels: -1, -0.5, 0, 0.5, 1
    scale, rate = 0.8, 0.01
    hidden = torch.tensor([[0.31, -0.66, 1.7]])
    placed = torch.tensor([[0.4, -0.8, 0.8]])
    inputs, targets = torch.tensor([[1.0, 2.0, -3.0]]), torch.tensor([[0.5]])
    gradient = 2 * ((placed * inputs).sum() - 0.5) * inputs
    # the third weight is beyond the outermost level: it is clipped to it, which is not inside
    slope = gradient * torch.tensor([[0.4 - 0.31, -0.8 + 0.66, 0.8]])
    expected = 1 - rate * slope.sum().item() / math.sqrt(3 * 5 / 2)
    network = Regression(hidden, rate)
    callback = fitted(
        network, inputs, targets, 1, layer=Circuit(torch.tensor(0.0), torch.tensor(scale))
    )
    factor = getattr(network, FACTORS)[0].item()
    assert factor == pytest.approx(expected, abs=1e-6)
    assert abs(factor - 1) > 0.01
    circuits = callback.released(network)
    assert circuits["layer"].scale.item() == pytest.approx(scale * factor, abs=1e-6)
    assert not [name for name, _ in network.named_parameters() if "layer." not in name]
    layers = synaptic_layers(network)
    Placement(callback.mapping, circuits).entries(layers)  # raises if a weight is on no level


def test_a_wrong_scale_is_corrected():
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(200, 6, generator=generator)
    true = 0.6 * torch.tensor([[1.0, -0.5, 0.5, 1.0, 0.0, -1.0]])
    network = Regression(true + 0.05, 0.05)
    wrong = Circuit(torch.tensor(0.0), torch.tensor(0.75))
    callback = fitted(network, inputs, inputs @ true.T, 200, layer=wrong)
    assert callback.released(network)["layer"].scale.item() == pytest.approx(0.6, abs=0.01)
    torch.testing.assert_close(network.layer.weight.detach(), true, atol=0.01, rtol=0)
