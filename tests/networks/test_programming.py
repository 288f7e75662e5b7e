"""The levels and conductances with which a network is written into a chip, and their reading."""

import numpy as np
import pytest
import torch
import xarray
from helpers.synthetic import one_sentence
from torch import nn

from wallnet import files
from wallnet.files import FileError
from wallnet.networks import programming as programmings
from wallnet.networks.layers import synaptic_layers
from wallnet.networks.mappings import Placement, WeightMapping

MAPPINGS = ("layer", "row-fitted", "signed-2sd", "differential", "signed-row")
CONDUCTANCES = np.array([12e-6, 19e-6, 31e-6, 60e-6])


class Asymmetric(nn.Module):
    """Layers with different numbers of rows and columns, a kernel, and one without a bias."""

    def __init__(self):
        super().__init__()
        self.kernels = nn.Conv2d(2, 3, (2, 4))
        self.wide = nn.Linear(6, 2, bias=False)
        self.tall = nn.Linear(2, 5)

    def forward(self, images):
        return self.tall(torch.relu(self.wide(torch.relu(self.kernels(images)).flatten(1))))


def write(layers, placement, path, attributes=()):
    data = programmings.described(layers, placement, dict(attributes))
    files.write_dataset(data, path, "programming", {})


def programmed(name, folder):
    """Return a model on the levels, its circuits and the file of its programming."""
    torch.manual_seed(4)
    model = Asymmetric()
    mapping = WeightMapping(name, CONDUCTANCES)
    layers = synaptic_layers(model)
    placement = Placement.chosen(layers, mapping)
    placement.snap(layers)
    path = folder / "programming.nc"
    write(layers, placement, path, {"stage": "quantized"})
    return model, placement.circuits, path


@pytest.fixture(params=MAPPINGS)
def written(request, tmp_path):
    return programmed(request.param, tmp_path)


def images():
    return torch.rand(6, 2, 2, 5, generator=torch.Generator().manual_seed(1))


def other():
    torch.manual_seed(9)
    return Asymmetric()


def test_levels_give_back_the_network_bit_for_bit(written):
    model, _, path = written
    restored = other()
    programmings.restore(path, restored)
    for name, tensor in model.state_dict().items():
        assert torch.equal(restored.state_dict()[name], tensor)
    assert torch.equal(restored(images()), model(images()))


def test_conductances_give_back_the_network(written):
    model, circuits, path = written
    restored = other()
    programmings.restore(path, restored, from_conductance=True)
    for name in ("kernels", "wide", "tall"):
        layer, expected = getattr(restored, name), getattr(model, name)
        deviation = (layer.weight - expected.weight).abs()
        assert (deviation <= 1e-6 * circuits[name].scale).all()
        assert layer.bias is None or torch.equal(layer.bias, expected.bias)


def test_every_weight_follows_from_its_row_of_the_table(written):
    """As someone else computes it, from the attributes and the conductances alone."""
    model, _, path = written
    with xarray.open_dataset(path) as data:
        assert data.attrs["stage"] == "quantized"
        assert data["polarity"].values.tolist() == ["plus", "minus"]
        assert data["layer"].values.tolist() == ["kernels", "wide", "tall"]
        assert data["programmed_conductance"].attrs["units"] == "S"
        outputs = data[["output_layer", "output_row", "weight_offset", "weight_scale", "bias"]]
        outputs = outputs.to_dataframe().set_index(["output_layer", "output_row"])
        variables = ["weight_layer", "weight_row", "weight_column"]
        places = data[variables].to_dataframe()[variables].itertuples(index=False)
        conductance = data["programmed_conductance"].values
        usable = data["usable_conductance"].values
    assert usable.tolist() == CONDUCTANCES.tolist()
    seen = set()
    for (layer, row, column), (plus, minus) in zip(places, conductance, strict=True):
        module = getattr(model, ("kernels", "wide", "tall")[layer])
        about = outputs.loc[(layer, row)]
        span = 60e-6 - 12e-6
        entry = (plus - 12e-6) / span if np.isnan(minus) else (plus - minus) / span
        weight = about["weight_offset"] + about["weight_scale"] * entry
        # a kernel's column is channel, row and column in one number
        place = (
            np.unravel_index(column, module.weight.shape[1:])
            if module.weight.dim() > 2
            else (column,)
        )
        expected = float(module.weight.detach()[(row, *place)])
        assert weight == pytest.approx(expected, abs=2e-7)
        seen.add((layer, row, column))
    assert len(seen) == len(conductance) == 3 * 16 + 6 * 2 + 2 * 5
    for (layer, row), bias in outputs["bias"].items():
        module = getattr(model, ("kernels", "wide", "tall")[layer])
        if module.bias is None:
            assert np.isnan(bias)
        else:
            assert bias == np.float32(module.bias[row].item())


@pytest.mark.parametrize("name", ["layer", "signed", "differential"])
def test_each_synapse_has_the_conductance_of_its_level(tmp_path, name):
    _, _, path = programmed(name, tmp_path)
    data = files.read_dataset(path, "programming")
    level, conductance = data["programmed_level"].values, data["programmed_conductance"].values
    absent = level == -1
    assert np.isnan(conductance[absent]).all()
    np.testing.assert_array_equal(conductance[~absent], CONDUCTANCES[level[~absent]])
    assert absent[:, 0].sum() == 0
    assert absent[:, 1].all() == absent[:, 1].any() == (name == "layer")
    if name == "signed":
        # one of the two stays at its lowest level
        assert (level.min(axis=1) == 0).all()
        assert {tuple(pair > 0) for pair in level} == {(0, 0), (1, 0), (0, 1)}


def changed(path, change):
    """Write a programming anew after a change of its variables."""
    with xarray.open_dataset(path) as opened:
        data = opened.load()
    change(data)
    data.to_netcdf(path, engine="netcdf4")


# Faults


def fault(variable, index, value):
    def change(data):
        data[variable].values[index] = value

    return change


@pytest.mark.parametrize(
    ("change", "from_conductance"),
    [
        (fault("programmed_level", (3, 0), 4), False),
        (fault("programmed_level", (3, 1), -2), False),
        (fault("programmed_level", (3, 0), -1), False),
        (fault("usable_conductance", slice(None), 1e-6), True),
        (fault("usable_conductance", 1, 13e-3), False),
        (fault("weight_layer", 0, 7), False),
        (fault("programmed_conductance", (3, 0), np.nan), True),
        (fault("bias", 0, np.nan), False),
    ],
    ids=range(8),
)
def test_impossible_values_are_refused(tmp_path, change, from_conductance):
    """The model is then as it was."""
    _, _, path = programmed("signed", tmp_path)
    changed(path, change)
    model = other()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(FileError) as caught:
        programmings.restore(path, model, from_conductance)
    one_sentence(caught, str(path))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("name", "layer", "part"),
    [
        ("added", nn.Linear(2, 5), "belongs to a model with other layers"),
        ("tall", nn.Linear(5, 2), "layer tall"),
        ("kernels", nn.Conv2d(2, 3, (2, 3)), "layer kernels"),
        ("wide", nn.Linear(6, 2), "layer wide"),
        ("tall", nn.Linear(2, 5, bias=False), "layer tall"),
    ],
)
def test_the_programming_of_another_model_is_refused(tmp_path, name, layer, part):
    """The model is then as it was."""
    _, _, path = programmed("signed", tmp_path)
    foreign = other()
    setattr(foreign, name, layer)
    before = {name: tensor.clone() for name, tensor in foreign.state_dict().items()}
    with pytest.raises(FileError) as caught:
        programmings.restore(path, foreign)
    one_sentence(caught, str(path), part)
    assert all(torch.equal(before[name], value) for name, value in foreign.state_dict().items())


def test_a_synapse_may_have_hundreds_of_levels(tmp_path):
    count = 300
    values = {
        "usable_conductance": np.linspace(1e-5, 1e-4, count),
        **{f"weight_{key}": [0, 0] for key in ("layer", "row")},
        "weight_column": [0, 1],
        "programmed_level": [[count - 1, -1], [130, -1]],
        "programmed_conductance": [[1e-4, np.nan], [4e-5, np.nan]],
        **{f"output_{key}": [0] for key in ("layer", "row")},
        **{key: [0.5] for key in ("weight_offset", "weight_scale", "bias")},
        "layer": ["output"],
    }
    path = tmp_path / "programming.nc"
    files.write_dataset(files.dataset("programming", values), path, "programming", {})
    levels = files.read_dataset(path, "programming")["programmed_level"].values
    assert levels.tolist() == [[299, -1], [130, -1]]
