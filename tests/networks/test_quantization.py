"""Models that the package does not know, on the levels of a synapse."""

import pytest
import torch
from helpers.synthetic import one_sentence
from torch import nn

from wallnet.networks.layers import synaptic_layers
from wallnet.networks.mappings import Placement, WeightMapping
from wallnet.networks.quantization import quantize

CONDUCTANCES = [31e-6, 12e-6, 19e-6, 60e-6]


class Branched(nn.Module):
    """Layers in a list and in a branch, one without a bias."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Conv2d(2, 3, 3), nn.Conv2d(3, 4, 2, bias=False)])
        self.branch = nn.Sequential(nn.Dropout(0.1), nn.Linear(4, 6))
        self.norm = nn.BatchNorm2d(4, affine=False)
        self.last = nn.Linear(6, 5)


def sequential():
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 6 * 6, 4))


@pytest.fixture
def model():
    torch.manual_seed(5)
    return Branched().eval()


def test_layers_have_the_names_of_the_model():
    assert list(synaptic_layers(sequential())) == ["0", "3"]
    assert list(synaptic_layers(Branched())) == ["blocks.0", "blocks.1", "branch.1", "last"]
    assert list(synaptic_layers(nn.Linear(2, 3))) == [""]


class Subclass(nn.Linear):
    pass


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
    broken = sequential()
    with torch.no_grad():
        broken[3].weight[0, 1] = float("inf")
    with pytest.raises(ValueError, match="layer 3 has weights that are not finite; train it a"):
        quantize(broken, CONDUCTANCES)


def test_a_weight_beside_the_levels_is_noticed(model):
    mapping = WeightMapping("signed", CONDUCTANCES)
    placement = Placement.chosen(synaptic_layers(model), mapping)
    placement.snap(synaptic_layers(model))
    name, layer = list(synaptic_layers(model).items())[-1]
    with torch.no_grad():
        # the next number in single precision
        moved = layer.weight.flatten()[:2].nextafter(torch.full((2,), 9.0))
        layer.weight.view(-1)[:2] = moved
    with pytest.raises(ValueError, match=f"layer {name} has 2 weights that are not on the levels"):
        placement.entries(synaptic_layers(model))
