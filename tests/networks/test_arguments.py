"""Bad arguments of networks on levels are refused in one sentence that begins with their name."""

import numpy as np
import pandas as pd
import pytest
import torch
import xarray
from helpers.made import imperfections
from torch import nn

from wallnet.files.step_tables import INCREASING, StepTables
from wallnet.networks import (
    ProgrammedNetwork,
    TrainOnLevels,
    convert,
    digital_layers,
    imperfect,
    prepare_qat,
    quantize,
    read_levels,
)
from wallnet.networks.mappings import WeightMapping

LEVELS = [10e-6, 14e-6, 30e-6]
COSTS = np.zeros((3, 4, 3))


def measured(energy, pulses=1, levels=LEVELS):
    return pd.DataFrame({"conductance": levels, "energy": energy, "pulses": pulses})


NO_DEVICES = (
    *(pd.DataFrame({"conductance": LEVELS}), 3, None, "a.nc", xarray.Dataset(), [1.0]),
    *(measured([1e-12, np.nan, 1e-12]), measured(-1e-12), measured("a"), measured(1e-12, -1)),
    *(measured(1e-12, 1, ["a"] * 3), measured([], [], []), COSTS - 1, COSTS + np.inf),
)


def programmed():
    return ProgrammedNetwork.of(quantize(nn.Linear(3, 2), LEVELS))


def load(path):
    return ProgrammedNetwork.load(path, nn.Linear(3, 2))


CALLS = {
    "model": [(ProgrammedNetwork.of, value) for value in (3, None, "model")]
    + [(convert, 3)]
    + [
        (lambda value, put=put: put(value, LEVELS), value)
        for put in (quantize, prepare_qat)
        for value in (3, nn.Linear(3, 2, device="meta"))
    ],
    "logits": [
        (lambda value: quantize(nn.Linear(3, 2), LEVELS, logits=value), value)
        for value in ("x", None, 2)
    ],
    "learn_scales": [
        (lambda value, make=make: make(value), value)
        for make in (
            lambda value: prepare_qat(nn.Linear(3, 2), LEVELS, learn_scales=value),
            lambda value: TrainOnLevels(LEVELS, learn_scales=value),
        )
        for value in ("yes", None, 1)
    ],
    "layers": [
        (lambda value, make=make: make(value), value)
        for make in (
            lambda value: TrainOnLevels(LEVELS, layers=value),
            lambda value: quantize(nn.Linear(3, 2), LEVELS, layers=value),
            lambda value: prepare_qat(nn.Linear(3, 2), LEVELS, layers=value),
            lambda value: digital_layers(nn.Linear(3, 2), value),
        )
        for value in (3, [3], ["0", None], [])
    ],
    "circuits": [
        (lambda value: TrainOnLevels(LEVELS, circuits=value), value)
        for value in (3, {"0": 1}, {"0": (1, 2, 3)})
    ],
    "conductances": [
        (lambda value: programmed().with_conductances(value), value)
        for value in ({}, "a", [[1], [1, 2]])
    ],
    "seed": [
        (lambda value: imperfect(programmed().model(), imperfections(), seed=value), value)
        for value in ("a", 1.5, float("nan"), -1, None)
    ],
    "device": [(lambda value: programmed().energy(value), value) for value in NO_DEVICES]
    + [(lambda value: programmed().save("/nowhere/a.nc", value), 3)],
    "start": [(lambda value: programmed().energy(COSTS, value), 3)],
    "path": [
        *((lambda value: programmed().save(value), 3), (load, 3), (load, "\0")),
        *((read_levels, value) for value in (3, None, ["a"])),
    ],
}


@pytest.mark.parametrize("name", CALLS)
def test_a_bad_argument_is_refused_in_one_sentence(name):
    for call, value in CALLS[name]:
        with pytest.raises(ValueError, match=rf"^{name} = .*; ") as caught:
            call(value)
        assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_was_not_saved():
    """No run of a campaign makes it."""
    with pytest.raises(RuntimeError, match=r"^zzz\.nc is not there; name a file that save wrote$"):
        load("zzz.nc")


def test_arrays_of_torch_are_numbers():
    whole = programmed()
    other = whole.with_conductances(torch.from_numpy(whole.conductances * 1.1))
    assert np.isfinite(other.conductances).all()


def test_a_start_has_the_levels_of_the_network():
    """Level 1 of two is another conductance than level 1 of three."""
    other = ProgrammedNetwork.of(quantize(nn.Linear(3, 2), LEVELS[::2]))
    with pytest.raises(ValueError, match=r"^start has other synapses or levels; give a network"):
        programmed().energy(COSTS, other)


def test_a_tensor_that_is_trained_has_no_levels():
    with pytest.raises(ValueError, match=r"^the levels are not numbers; give "):
        quantize(nn.Linear(3, 2), torch.tensor(LEVELS, requires_grad=True))


ON_LEVELS = {
    "quantize": lambda device: quantize(nn.Linear(3, 2), device),
    "prepare_qat": lambda device: prepare_qat(nn.Linear(3, 2), device),
    "TrainOnLevels": TrainOnLevels,
    "WeightMapping": lambda device: WeightMapping("signed", device),
    "imperfect": lambda device: imperfect(quantize(nn.Linear(3, 2), LEVELS), device, seed=1),
}


@pytest.mark.parametrize("call", ON_LEVELS.values(), ids=ON_LEVELS)
def test_a_continuous_conductance_is_refused(call):
    changes = np.full((2, 3), 5e-6)
    with pytest.raises(ValueError, match=r"and no levels .*; .* StepTables\.sampled") as caught:
        call(StepTables(np.array(LEVELS), np.array([0.0, 1.0]), changes, -changes))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("read", [read_levels, ON_LEVELS["imperfect"]])
def test_a_file_of_a_continuous_conductance_is_refused(tmp_path, read):
    changes = np.full((2, 3), 5e-6)
    StepTables(np.array(LEVELS), np.array([0.0, 1.0]), changes, -changes).write(tmp_path)
    with pytest.raises(RuntimeError, match=r"increasing.txt has .* StepTables\.sampled"):
        read(tmp_path / INCREASING)


def test_layers_are_read_once():
    """A generator is empty when it is read again."""
    model = nn.Sequential(nn.Linear(3, 3), nn.PReLU(), nn.Linear(3, 2))
    chosen = quantize(model, LEVELS, layers=(name for name in ["0"]))
    assert chosen.digital_layers == {"1": "PReLU", "2": "Linear"}


def test_circuits_are_those_of_all_layers():
    """One is missing, or one is that of no layer."""
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
    model.trainer = None
    whole = {name: (torch.zeros(()), torch.ones(())) for name in ("0", "1", "2")}
    for names in (("0",), ("0", "1", "2")):
        callback = TrainOnLevels(LEVELS, circuits={name: whole[name] for name in names})
        with pytest.raises(
            ValueError, match=r"^circuits are those of 0.*, but the layers are 0, 1"
        ):
            callback.on_fit_start(None, model)
