"""Noise of conductances in quantisation-aware training: moments, gradient, and where it ends."""

import math

import numpy as np
import pytest
import torch
from helpers.training import on_levels, with_recipe
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import nn
from torch.utils.data import DataLoader

from wallnet import files
from wallnet.jobs.networks import mapping_job
from wallnet.networks import ProgrammedNetwork, TrainOnLevels, convert, prepare_qat

LEVELS = [10e-6, 13e-6, 18e-6, 30e-6]
NOISE = 0.05


def prepared(mapping="signed", noise=NOISE, size=300, **more):
    torch.manual_seed(7)
    return prepare_qat(nn.Linear(size, size), LEVELS, mapping, noise=noise, **more)


def circuit_of(model):
    return model.parametrizations.weight[0].circuit


@pytest.mark.parametrize(
    ("mapping", "pairs"),
    [
        # both synapses have noise, also the one that idles at 10 µS
        ("signed", {0.0: (10, 10), 0.15: (13, 10), 0.4: (18, 10), -1.0: (10, 30)}),
        ("differential", {0.25: (18, 13), 1.0: (30, 10), -0.6: (18, 30)}),
        ("layer", {0.0: (10, 0), 0.4: (18, 0), 1.0: (30, 0)}),
    ],
)
def test_the_noise_of_a_weight_is_that_of_its_conductances(mapping, pairs):
    """A weight is offset + scale · (G⁺ - G⁻)/20 µS, each G with 5 % of its own."""
    model = prepared(mapping)
    model.eval()
    clean = model.weight.detach()
    offset, scale = circuit_of(model)
    entries = ((clean - offset) / scale).round(decimals=5)
    model.train()
    for entry, (plus, minus) in pairs.items():
        # the outermost entries are rare
        near = (entries - entry).abs() < 1e-4
        repeated = 1 + 30_000 // int(near.sum())
        moved = torch.cat([(model.weight.detach() - clean)[near] for _ in range(repeated)]) / scale
        expected = NOISE * math.hypot(plus, minus) / 20
        # four standard errors of the mean and of the standard deviation
        assert len(moved) >= 30_000
        assert abs(moved.mean()) < 4 * expected / len(moved) ** 0.5
        error = 4 / (2 * len(moved)) ** 0.5
        assert moved.std() == pytest.approx(expected, rel=error, abs=0)


def test_each_weight_and_each_pass_has_its_own_noise():
    model = prepared()
    first, second = (model.weight.detach() - prepared(noise=0).weight.detach() for _ in range(2))
    for other in (second, first.T, first.roll(1, 0), first.roll(1, 1)):
        correlation = np.corrcoef(first.flatten().numpy(), other.flatten().numpy())[0, 1]
        assert abs(correlation) < 4 / first.numel() ** 0.5
    scaled = prepared(noise=2 * NOISE).weight.detach() - prepared(noise=0).weight.detach()
    assert scaled.std() == pytest.approx(2 * float(first.std()), rel=0.02, abs=0)


def test_the_gradient_passes_through_the_noise():
    model = prepared(size=20)
    factors = torch.randn(20, 20)
    (model.weight * factors).sum().backward()
    assert torch.equal(model.parametrizations.weight.original.grad, factors)


def test_a_transposed_convolution_in_half_precision_has_noise_too():
    """Both groups have other scales; rows are outputs."""
    torch.manual_seed(3)
    layer = nn.ConvTranspose1d(4, 200, 50, groups=2)
    layer.weight.data[2:] *= 8  # inputs of the second group
    prepare_qat(layer.to(torch.bfloat16), LEVELS, "signed-row", noise=NOISE)
    clean = layer.eval().weight.detach()
    noise = layer.train().weight.detach() - clean
    assert noise.dtype == torch.bfloat16
    ratio = float(noise[2:].std() / noise[:2].std())
    assert ratio == pytest.approx(8, rel=0.1, abs=0)


def test_without_noise_no_random_number_is_drawn():
    model = prepared(noise=0.0)
    before = torch.get_rng_state()
    model(torch.ones(1, 300)).sum().backward()
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(model.weight, prepare_qat(prepared_again(), LEVELS, "signed").weight)


def prepared_again():
    torch.manual_seed(7)
    return nn.Linear(300, 300)


@pytest.mark.parametrize("way", ["evaluation", "no gradient"])
def test_a_network_that_is_not_trained_has_no_noise(way):
    model, clean = prepared(), prepared(noise=0)
    model.train(way != "evaluation")
    with torch.set_grad_enabled(way != "no gradient"):
        assert torch.equal(model.weight, clean.weight)


@pytest.mark.parametrize("learned", [False, True])
def test_the_trained_network_is_on_its_levels(learned):
    model = prepared(size=20, learn_scales=learned)
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(8, 20)).square().sum().backward()
        optimizer.step()
    programmed = ProgrammedNetwork.of(convert(model))
    assert torch.equal(programmed.model().weight, model.weight)


class Regression(LightningModule):
    def __init__(self):
        super().__init__()
        torch.manual_seed(4)
        self.layer = nn.Linear(6, 5)

    def training_step(self, batch, index):
        return self.layer(batch).square().sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.01)


class Kept(Callback):
    """The weights of the state of the network in its training."""

    def on_train_epoch_end(self, trainer, pl_module):
        assert pl_module.training
        self.weight = pl_module.state_dict()["layer.weight"]


@pytest.mark.filterwarnings("ignore")
def test_the_state_of_a_network_in_training_has_no_noise():
    """It is kept as the best epoch, and in checkpoints."""
    network, keeping, kept = Regression(), TrainOnLevels(LEVELS, "signed", noise=0.4), Kept()
    silent = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    Trainer(
        accelerator="cpu",
        max_epochs=1,
        callbacks=[keeping, kept],
        enable_checkpointing=False,
        **silent,
    ).fit(network, DataLoader(torch.randn(20, 6), batch_size=5))
    assert torch.equal(kept.weight, network.layer.weight)


def test_a_stage_is_trained_with_the_noise_of_its_recipe(
    results, networks, images, place, tmp_path
):
    """Its networks are on the levels, its other stages are the same, and so is a job without."""
    noisy = with_recipe(networks, on_levels={"noise": 0.2})
    outputs = on_levels(noisy, images, place, results["fp32"][1], tmp_path)
    weights = {}
    for stage, before in results.items():
        if stage in outputs:
            weights[stage] = [
                torch.load(path, weights_only=True)["state_dict"]["model.hidden.weight"]
                for path in (outputs[stage][1], before[1])
            ]
    assert torch.equal(*weights.pop("quantized"))
    assert not torch.equal(*weights["on_levels"])
    record = files.read_json(outputs["on_levels"][0])
    values = torch.tensor(record["weight_values"]["hidden"])
    distance = (weights["on_levels"][0][..., None] - values).abs().amin(dim=-1)
    assert distance.max() < 1e-7


def test_a_job_without_noise_has_the_text_of_before(networks):
    texts = [
        mapping_job(
            with_recipe(networks, on_levels=change), "blots", "synapse", "series", 3
        ).to_json()
        for change in ({}, {"noise": 0.0}, {"noise": 0.1})
    ]
    assert texts[0] == texts[1] != texts[2]
    assert "noise" not in texts[0]


@pytest.mark.parametrize("noise", [-0.1, 1.5, math.nan, "a", None])
def test_a_noise_is_a_share(noise):
    with pytest.raises(ValueError, match=r"^noise = .*; ") as caught:
        prepared(noise=noise)
    assert "\n" not in str(caught.value)
