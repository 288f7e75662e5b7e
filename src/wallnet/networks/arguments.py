"""Arguments of networks on levels, checked by their names before any work."""

import warnings
from typing import Any

import numpy as np
from torch import nn

from wallnet.config.arguments import PATH, Check, checked_by, valid, whole


def _numbers(value: Any) -> Any:
    """Return an array of numbers; its shape is checked where it is used."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return np.asarray(value, dtype=float)
    except (TypeError, ValueError, Warning):
        raise ValueError("are no numbers; give an array in S") from None


def _is_device(value: Any) -> bool:
    """Return whether it is a swept synapse, measured levels with energies, or a cost of steps."""
    import pandas
    import xarray

    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f"
    if isinstance(value, pandas.DataFrame):
        return {"conductance", "energy"} <= {*value.columns}
    needed = {"reading", "level_conductance", "reaching_current_density", "write_energy"}
    return isinstance(value, xarray.Dataset) and needed <= {*value.variables}


def _is_dataset(value: Any) -> bool:
    import xarray

    return isinstance(value, xarray.Dataset)


CHECKS: dict[str, Check] = {
    "model": valid(lambda value: isinstance(value, nn.Module), "is no model; give a torch module"),
    "conductances": _numbers,
    "spread": _numbers,
    "varied.levels": _numbers,
    "seed": whole(0, 2**63 - 1, "give another one"),
    "path": PATH,
    "energy.device": valid(
        _is_device,
        "has no costs of levels; give a dataset of wallnet.api.sweep, or levels of read_levels "
        "with a column energy",
    ),
    "save.device": valid(_is_dataset, "is no dataset; give one as wallnet.api.sweep returns it"),
    "start": valid(
        lambda value: hasattr(value, "levels"), "is no network; give one of ProgrammedNetwork.of"
    ),
}
"""Checks of arguments by the name of the parameter, or of the function and the parameter."""

checked_arguments = checked_by(CHECKS)
"""Decorator of the functions of this package."""
