"""Models that the package does not know, on the levels of a synapse."""

import copy

import numpy as np
import pytest
import torch
from helpers.synthetic import one_sentence
from torch import nn
from torch.nn.utils import parametrizations

from wallnet.networks.mappings import create
from wallnet.networks.quantization import (
    choose_circuits,
    entries_of,
    quantize,
    snap,
    synaptic_layers,
)

CONDUCTANCES = [31e-6, 12e-6, 19e-6, 60e-6]
NORMALIZED = [0.0, 7 / 48, 19 / 48, 1.0]


class Branched(nn.Module):
    """A model as a user writes one: layers in a list and in a branch, one without a bias."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Conv2d(2, 3, 3), nn.Conv2d(3, 4, 2, bias=False)])
        self.branch = nn.Sequential(nn.Dropout(0.1), nn.Linear(4, 6))
        self.norm = nn.BatchNorm2d(4, affine=False)
        self.last = nn.Linear(6, 5)

    def forward(self, images):
        for block in self.blocks:
            images = torch.relu(block(images))
        return self.last(torch.relu(self.branch(self.norm(images).mean(dim=(2, 3)))))


def sequential():
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 6 * 6, 4))


MODELS = {"sequential": sequential, "own class": Branched}


@pytest.fixture(params=MODELS)
def model(request):
    torch.manual_seed(5)
    return MODELS[request.param]().eval()


def test_layers_have_the_names_of_the_model():
    assert list(synaptic_layers(sequential())) == ["0", "3"]
    assert list(synaptic_layers(Branched())) == ["blocks.0", "blocks.1", "branch.1", "last"]
    assert list(synaptic_layers(nn.Linear(2, 3))) == [""]


@pytest.mark.parametrize("mapping", ["layer", "signed", "row"])
def test_any_model_goes_on_the_levels(model, mapping):
    """The weights are compared with plain NumPy."""
    before = copy.deepcopy(model.state_dict())
    placed = quantize(model, CONDUCTANCES, mapping)
    assert type(placed) is type(model)
    levels = np.array(NORMALIZED)
    entries = np.concatenate([-levels[:0:-1], levels]) if mapping == "signed" else levels
    for name, tensor in placed.state_dict().items():
        if not name.endswith("weight"):
            assert torch.equal(tensor, before[name])
            continue
        weight = before[name].numpy().astype(float)
        flat = weight.reshape(len(weight) if mapping == "row" else 1, -1)
        if mapping == "signed":
            offset, scale = np.zeros((1, 1)), np.abs(flat).max(axis=1, keepdims=True)
        else:
            offset, scale = flat.min(axis=1, keepdims=True), np.ptp(flat, axis=1, keepdims=True)
        values = offset + scale * entries
        nearest = np.abs(flat[..., None] - values[:, None, :]).argmin(axis=-1)
        expected = np.take_along_axis(values, nearest, axis=1).reshape(weight.shape)
        # single precision deviates by 1e-8
        np.testing.assert_allclose(tensor.numpy(), expected, rtol=0, atol=1e-7)
    # the model that was given is as it was
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert not any(a is b for a, b in zip(model.modules(), placed.modules(), strict=True))
    assert not placed.training
    images = torch.rand(3, 2, 8, 8)
    assert placed(images).shape == model(images).shape
    assert not torch.equal(placed(images), model(images))


def test_levels_in_any_unit_and_order_give_the_same_weights(model):
    """Microsiemens, unsorted, with the offset of another synapse."""
    exact = [0.0, 0.25, 0.5, 1.0]
    expected = quantize(model, exact, "signed-2sd").state_dict()
    for levels in ([0.5, 0.0, 1.0, 0.25], [60e-6, 40e-6, 80e-6, 50e-6], [-1.0, -2.0, 0.0, -1.5]):
        found = quantize(model, levels, "signed-2sd").state_dict()
        assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_the_default_mapping_has_less_squared_error_than_any_other_of_one_scale(model):
    def error(*mapping):
        placed = quantize(model, CONDUCTANCES, *mapping).state_dict()
        weights = [name for name in placed if name.endswith("weight")]
        return [float((placed[n] - model.state_dict()[n]).square().sum()) for n in weights]

    for mapping in ("layer", "signed", "signed-3sd", "signed-1sd"):
        pairs = zip(error(), error(mapping), strict=True)
        # the scale is searched on a grid
        assert all(fitted <= 1.01 * other for fitted, other in pairs)


class Subclass(nn.Linear):
    pass


@pytest.mark.parametrize(
    ("model", "part"),
    [
        (nn.Sequential(nn.LSTM(2, 2)), "Sequential has no layer whose weights are synapses"),
        (nn.Sequential(Subclass(2, 2)), "name some in layers"),
        (nn.Sequential(parametrizations.weight_norm(nn.Linear(2, 2))), "Sequential has no layer"),
        (nn.ReLU(), "ReLU has no layer whose weights are synapses"),
        (nn.Sequential(), "Sequential has no layer whose weights are synapses"),
    ],
)
def test_a_model_without_synapses_is_refused(model, part):
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(ValueError, match="layer") as caught:
        quantize(model, CONDUCTANCES)
    one_sentence(caught, part)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_a_subclass_is_a_synapse_if_it_is_chosen():
    """It may use its weights in another way."""
    torch.manual_seed(5)
    model = nn.Sequential(Subclass(3, 4), nn.Linear(4, 2))
    assert list(synaptic_layers(model)) == ["1"]
    for chosen in ([nn.Linear], ["Linear"]):
        assert list(synaptic_layers(model, chosen)) == ["0", "1"]
    assert list(synaptic_layers(model, [Subclass])) == ["0"]


def test_bad_arguments_are_one_sentence():
    with pytest.raises(ValueError, match="not a mapping") as caught:
        quantize(sequential(), CONDUCTANCES, "signd")
    one_sentence(caught, "'signd'")
    with pytest.raises(ValueError, match="fewer than two levels differ"):
        quantize(sequential(), [1e-6, 1e-6])
    broken = sequential()
    for value in (float("nan"), float("inf"), -float("inf")):
        with torch.no_grad():
            broken[3].weight[0, 1] = value
        with pytest.raises(ValueError, match="layer 3 has weights that are not finite; train it a"):
            quantize(broken, CONDUCTANCES)


@pytest.mark.parametrize("name", ["layer", "row-fitted", "signed-3sd", "differential-row"])
def test_the_entry_of_each_weight_is_found(model, name):
    mapping = create(name, CONDUCTANCES)
    circuits = choose_circuits(synaptic_layers(model), mapping)
    snap(synaptic_layers(model), mapping, circuits)
    entries = entries_of(synaptic_layers(model), mapping, circuits)
    for layer, module in synaptic_layers(model).items():
        offset, scale = circuits[layer]
        assert entries[layer].shape == module.weight.shape
        assert torch.equal(offset + scale * mapping.table[entries[layer]], module.weight)


def test_a_weight_beside_the_levels_is_noticed(model):
    mapping = create("signed", CONDUCTANCES)
    circuits = choose_circuits(synaptic_layers(model), mapping)
    snap(synaptic_layers(model), mapping, circuits)
    name, layer = list(synaptic_layers(model).items())[-1]
    with torch.no_grad():
        # the next number in single precision
        moved = layer.weight.flatten()[:2].nextafter(torch.full((2,), 9.0))
        layer.weight.view(-1)[:2] = moved
    with pytest.raises(ValueError, match=f"layer {name} has 2 weights that are not on the levels"):
        entries_of(synaptic_layers(model), mapping, circuits)
