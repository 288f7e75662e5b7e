"""Bad arguments of networks on levels are refused in one sentence that begins with their name."""

import numpy as np
import pandas as pd
import pytest
import torch
import xarray
from torch import nn

from wallnet.networks import ProgrammedNetwork, convert, quantize

LEVELS = [10e-6, 14e-6, 30e-6]
NO_DEVICES = (pd.DataFrame({"conductance": LEVELS}), 3, None, "a.nc", xarray.Dataset(), [1.0])


def programmed():
    return ProgrammedNetwork.of(quantize(nn.Linear(3, 2), LEVELS))


def load(path):
    return ProgrammedNetwork.load(path, nn.Linear(3, 2))


CALLS = {
    "model": [(ProgrammedNetwork.of, value) for value in (3, None, "model")] + [(convert, 3)],
    "conductances": [
        (lambda value: programmed().with_conductances(value), value)
        for value in ({}, "a", [[1], [1, 2]])
    ],
    "spread": [(lambda value: programmed().varied(value, 1), value) for value in ("a", {})],
    "seed": [
        (lambda value: programmed().varied(1e-7, value), value)
        for value in ("a", 1.5, float("nan"), -1, None)
    ],
    "levels": [(lambda value: programmed().varied([1e-7] * 3, 1, value), "abc")],
    "device": [(lambda value: programmed().energy(value), value) for value in NO_DEVICES]
    + [(lambda value: programmed().save("/nowhere/a.nc", value), 3)],
    "start": [(lambda value: programmed().energy(np.zeros((3, 4, 3)), value), 3)],
    "path": [(lambda value: programmed().save(value), 3), (load, 3), (load, "\0")],
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
    spread = torch.tensor([1e-6, 2e-6, 3e-6], dtype=torch.float64)
    varied = programmed().varied(spread, 1, levels=torch.tensor(LEVELS, dtype=torch.float64))
    assert np.isfinite(varied.conductances).all()
