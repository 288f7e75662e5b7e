"""Models that the package does not know, on the levels of a synapse."""

import copy
import warnings

import pytest
import torch
from helpers.synthetic import one_sentence
from torch import nn

from wallnet.networks import prepare_qat, quantize
from wallnet.networks.compensation import rounded
from wallnet.networks.layers import synaptic_layers
from wallnet.networks.mappings import Placement, WeightMapping

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


class Answering(nn.Linear):
    def forward(self, inputs):
        return {"logits": super().forward(inputs)}


def rows(count=30):
    return torch.randn(count, 2, 8, 8, generator=torch.Generator().manual_seed(2))


def with_weight(value):
    model = sequential()
    with torch.no_grad():
        model[3].weight[0, 1] = value
    return model


OF_DATA = "data is a {}; give one torch.Tensor of inputs, such as torch.from_numpy(array), or "


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"model": {"0.weight": 1}}, "model = {'0.weight': 1} is no model; give a torch.nn.Module"),
        ({"model": with_weight(torch.inf)}, "layer 3 has weights that are not finite; train it a"),
        ({"model": nn.ReLU()}, "ReLU has no layer whose weights are synapses; name some in layers"),
        ({"mapping": 3}, "mapping is 3; give a name"),
        ({"levels": [3e-6, -1e-6]}, "level 2 of 2 is negative (-1e-06); give conductances"),
        ({"levels": 3e-6}, "the levels have 0 dimensions; give one list of conductances"),
        ({"layers": 3}, "layers = 3 names no layers; give names of layers, or classes"),
        ({"layers": [nn.Linear(2, 2)]}, "layers = [Linear(in_features=2, out_features=2, bias=Tr"),
        ({"layers": ["1"]}, "layer 1 is a ReLU without a matrix of weights of its own; leave it"),
        ({"data": rows()[:1]}, "data of shape (1, 2, 8, 8) has no inputs that differ; give some"),
        ({"data": torch.zeros(9, 2, 8, 8)}, "data of shape (9, 2, 8, 8) has no inputs that differ"),
        ({"data": rows().sqrt()}, "data has values that are not finite; leave out the inputs with"),
        ({"data": rows()[:, :1]}, "data cannot be read by the model ("),
        ({"data": rows().numpy()}, OF_DATA.format("ndarray")),
        ({"data": (rows(),)}, OF_DATA.format("tuple")),
        (
            {"model": Answering(8, 2), "layers": "Linear", "data": rows()},
            "the model returns a dict; wrap it in one that returns the tensor whose error counts",
        ),
    ],
)  # fmt: skip
def test_bad_arguments_are_one_sentence(changes, part):
    arguments = {"model": sequential(), "levels": CONDUCTANCES} | changes
    with pytest.raises(ValueError, match="; ") as caught:
        quantize(**arguments)
    assert one_sentence(caught).startswith(part)


def test_the_model_itself_has_a_name_in_messages():
    broken = nn.Linear(2, 3)
    with torch.no_grad():
        broken.weight[0, 1] = torch.nan
    with pytest.raises(ValueError, match="^the model itself has weights that are not finite; trai"):
        quantize(broken, CONDUCTANCES)


@pytest.mark.filterwarnings("ignore:.*is deprecated")
def test_layers_that_stay_digital_like_no_other_of_their_kind_are_named():
    model = nn.Sequential(Subclass(3, 4), nn.Linear(4, 4), nn.MultiheadAttention(4, 2))
    with pytest.warns(UserWarning, match=r"^layer 0 \(Subclass\) stays digital, since a subclass"):
        quantize(model, CONDUCTANCES)
    nn.utils.parametrizations.weight_norm(model[1])
    with pytest.warns(UserWarning, match=r"^layer 0 \(Subclass\), layer 1 \(Linear\) stay digit"):
        prepare_qat(nn.Sequential(*model[:2], nn.Linear(2, 2)), CONDUCTANCES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chosen = quantize(model, CONDUCTANCES, layers=["0"])
    assert chosen.digital_layers.keys() == {"1", "2", "2.out_proj"}
    with pytest.raises(ValueError, match="^layer 1 is a Linear without .* such as weight_norm$"):
        quantize(model, CONDUCTANCES, layers=["1"])
    with pytest.raises(
        ValueError, match=r"^model cannot be copied \(.*remove its torch.nn.utils.w"
    ):
        quantize(nn.utils.weight_norm(nn.Linear(2, 2)), CONDUCTANCES)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_a_model_of_any_dtype_is_quantised(dtype):
    torch.manual_seed(5)
    model = sequential().to(dtype)
    single = copy.deepcopy(model).float()
    placed = quantize(model, CONDUCTANCES, "signed")
    assert placed[3].weight.dtype == dtype
    expected = quantize(single, CONDUCTANCES, "signed")[3].weight.to(dtype)
    assert torch.equal(placed[3].weight, expected)
    data = rows().to(dtype)
    plain, better = (
        quantize(model, CONDUCTANCES, data=calibration)(data) for calibration in (None, data)
    )
    outputs = model(data).float()
    assert (better - outputs).square().mean() < 0.7 * (plain - outputs).square().mean()


@pytest.mark.parametrize("levels", [CONDUCTANCES, [1e-6 * (k**1.5 + 1) for k in range(60)]])
def test_rounding_is_computed_on_the_device_of_the_weights(levels):
    """A tensor of `meta` fails as one of a GPU does beside one of the CPU."""
    mapping = WeightMapping("signed-row", levels)
    weight = torch.empty(1, 5, 7, device="meta")
    circuit = mapping.circuit_for(weight[0])
    products = torch.empty(1, 7, 7, dtype=torch.float64, device="meta")
    placed = rounded(weight, products, [circuit, circuit.scaled(2.0)], mapping)
    assert (placed.device.type, placed.shape) == ("meta", (2, 1, 5, 7))
    assert mapping.snap(weight[0], circuit).device.type == "meta"


def test_inputs_that_never_vary_leave_nothing_to_compensate():
    """As those of a layer after neurons that never fire."""
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    with torch.no_grad():
        model[0].bias.fill_(-100.0)
    data = rows()[:, 0, 0, :2]
    placed = quantize(model, CONDUCTANCES, data=data)
    assert torch.isfinite(placed(data)).all()


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
