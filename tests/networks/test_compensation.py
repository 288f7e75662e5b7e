"""Rounding that compensates, against all roundings of small layers and against plain rounding."""

import copy
import itertools

import pytest
import torch
from torch import nn

from wallnet.networks import compensation
from wallnet.networks.layers import synaptic_layers
from wallnet.networks.mappings import Circuit, WeightMapping
from wallnet.networks.quantization import quantize

LEVELS = [1e-6, 1.4e-6, 2.9e-6]


def correlated(count: int, features: int, seed: int) -> torch.Tensor:
    """Return inputs with a mean and correlations, one of them constant."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(features, features, generator=generator)
    inputs = torch.randn(count, features, generator=generator) @ mixing + 0.7
    inputs[:, 1] = 0.3
    return inputs


def error(weight: torch.Tensor, rounding: torch.Tensor, products: torch.Tensor) -> torch.Tensor:
    lost = (weight - rounding).double()
    return torch.einsum("oi,ij,oj->o", lost, products, lost)


def test_the_error_is_near_the_least_of_all_roundings():
    mapping, circuit = (
        WeightMapping("layer", LEVELS),
        Circuit(torch.tensor(-1.0), torch.tensor(2.0)),
    )
    allowed = mapping.weights_at(torch.arange(3), circuit)
    every = torch.tensor(list(itertools.product(allowed.tolist(), repeat=6)))
    inputs = [correlated(300, 6, seed) for seed in range(40)]
    products = torch.stack([torch.cov(batch.T, correction=0).double() for batch in inputs])
    drawn = [torch.rand(1, 6, generator=torch.Generator().manual_seed(seed)) for seed in range(40)]
    weight = 1.6 * torch.stack(drawn) - 0.8
    half = circuit.scaled(torch.tensor(0.5))
    small, roundings = compensation.rounded(weight, products, [half, circuit], mapping)
    assert set(small.flatten().tolist()) <= set((allowed / 2).tolist())
    assert set(roundings.flatten().tolist()) <= set(allowed.tolist())
    excess, plain = [], []
    for row, ours, about in zip(weight, roundings, products, strict=True):
        least = error(row, every, about).min()
        excess.append(error(row, ours, about)[0] / least)
        plain.append(error(row, mapping.snap(row, circuit), about)[0] / least)
    assert torch.stack(excess).median() < 1.5
    assert torch.stack(plain).median() > 1.7


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Linear(5, 4), (7, 2, 5)),
        (nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2), (3, 4, 11)),
        (nn.Conv2d(2, 4, (3, 2), stride=(2, 1), padding=(1, 2)), (3, 2, 9, 7)),
        (nn.Conv2d(4, 8, 3, padding="same", dilation=2, groups=4, bias=False), (2, 4, 8, 8)),
        (nn.Conv2d(2, 4, 3, padding=1, padding_mode="circular"), (2, 2, 6, 5)),
    ],
    ids=str,
)
def test_mean_outputs_follow_from_mean_inputs(layer: nn.Module, shape: tuple[int, ...]):
    inputs = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    rows = compensation._rows(layer, inputs)
    weights = layer.weight.flatten(1).chunk(len(rows))
    sums = torch.cat([w @ group.mean(dim=0) for w, group in zip(weights, rows, strict=True)])
    outputs = layer(inputs)
    outputs = outputs.flatten(0, -2) if isinstance(layer, nn.Linear) else outputs.transpose(0, 1)
    mean = outputs.mean(dim=0) if isinstance(layer, nn.Linear) else outputs.flatten(1).mean(dim=1)
    if layer.bias is not None:
        mean = mean - layer.bias
    torch.testing.assert_close(sums, mean, atol=1e-5, rtol=1e-4)


class Branching(nn.Module):
    """Layers that are called in another order than they are named, and one that is not called."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(12, 3)
        self.unused = nn.Linear(2, 2)
        self.first = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.up = nn.ConvTranspose2d(4, 2, 2)
        self.norm = nn.BatchNorm2d(2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.norm(self.up(torch.relu(self.first(images))))
        return self.last(maps[:, :, :2, :3].flatten(1))


@pytest.mark.parametrize("mapping", ["signed-fitted", "layer", "signed-row-fitted"])
def test_any_model_is_put_on_levels(mapping: str):
    torch.manual_seed(4)
    model = Branching().eval()
    images = torch.rand(400, 1, 5, 6)
    before = copy.deepcopy(model.state_dict())
    placed = copy.deepcopy(model).train()
    layers = synaptic_layers(placed)
    placement = compensation.compensated(placed, layers, WeightMapping(mapping, LEVELS), images)
    placement.entries(layers)  # raises for a weight that is not on a level
    assert placed.training
    assert set(placement.circuits) == {"last", "unused", "first", "up"}
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
        if "norm" in name or name in ("up.bias", "unused.bias"):
            assert torch.equal(placed.state_dict()[name], value)
    # the mean of the outputs is kept by the last bias, in spite of all roundings before
    torch.testing.assert_close(placed.eval()(images).mean(0), model(images).mean(0))
    plain = quantize(model, LEVELS, mapping)
    lost = [(network(images) - model(images)).square().mean() for network in (placed, plain)]
    assert lost[0] < 0.8 * lost[1]


def test_layers_compensate_each_other():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(40, 30), nn.ReLU(), nn.Linear(30, 8)).eval()
    data = correlated(2000, 40, 3)
    fresh = correlated(6000, 40, 3)[2000:]
    with_data = quantize(model, LEVELS, "signed-fitted", data=data, logits=False)
    without = quantize(model, LEVELS, "signed-fitted")
    lost = [
        (network(fresh) - model(fresh)).square().mean().item() for network in (with_data, without)
    ]
    assert lost[0] < 0.6 * lost[1]


def test_logits_count_where_they_change_probabilities():
    """The divergence is computed again, from probabilities."""
    torch.manual_seed(6)
    model = nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 5)).eval()
    model[2].weight.data *= 4
    data = 2 * correlated(3000, 20, 8)
    fresh = 2 * correlated(6000, 20, 8)[3000:]
    expected = model(fresh).softmax(1)
    divergences = {}
    for logits in (True, False):
        share = quantize(model, LEVELS, "signed-fitted", data=data, logits=logits)(fresh).softmax(1)
        divergences[logits] = (expected * (expected / share).log()).sum(1).mean().item()
    assert divergences[True] < 0.9 * divergences[False]


def test_the_shares_are_the_diagonal_of_the_fisher_matrix():
    logits = torch.tensor([[0.0, 1.2, -0.4], [3.0, 0.1, 0.2], [0.5, 0.5, -2.0]])
    samples = torch.func.vmap(torch.func.hessian(lambda z: torch.logsumexp(z, 0)))(logits)
    fisher = samples.diagonal(dim1=1, dim2=2).T.double()
    expected = fisher + compensation.LEAST_SHARE * fisher.mean(dim=1, keepdim=True)
    torch.testing.assert_close(compensation._shares(logits), expected, atol=1e-6, rtol=1e-5)


def test_a_layer_before_the_last_is_not_weighted_by_probabilities():
    """Its outputs, here five, are no classes."""
    torch.manual_seed(4)
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    inputs, before = torch.rand(40, 6), copy.deepcopy(model)
    layers = {"0": synaptic_layers(model)["0"]}
    mapping = WeightMapping("signed-fitted", [1e-6, 2e-6, 3e-6])
    placement = compensation.compensated(model, layers, mapping, inputs, logits=True)
    placement.entries(layers)  # raises if a weight is on no level
    assert torch.equal(model[2].weight, before[2].weight)
    assert not torch.equal(model[0].weight, before[0].weight)
