"""Arguments of networks on levels, checked by their names before any work."""

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wallnet.config.arguments import PATH, Check, checked_by, is_dataset, valid, whole
from wallnet.config.quantities import DURATION, READ_VOLTAGE, Quantity, plain
from wallnet.files.imperfections import Imperfections
from wallnet.files.step_tables import NO_LEVELS, StepTables


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

    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f" and not (np.isinf(value) | (value < 0)).any()
    if isinstance(value, pandas.DataFrame):
        columns = [name for name in ("conductance", "energy", "pulses") if name in value]
        numbers = value[columns].to_numpy()
        return (
            {"conductance", "energy"} <= {*columns}
            and numbers.dtype.kind in "fi"
            and numbers.size > 0
            and bool((np.isfinite(numbers) & (numbers >= 0)).all())
        )
    needed = ("reading", "level_conductance", "reaching_current_density", "write_energy")
    return is_dataset(value, *needed)


def _imperfections(value: Any) -> Any:
    """Return a device with levels, or its file."""
    if isinstance(value, StepTables):
        raise ValueError(NO_LEVELS)
    if not isinstance(value, str | Path | Imperfections):
        raise ValueError("are no imperfections; give a file or Imperfections.read of it")
    return value


def _model(value: Any) -> Any:
    """Return a model whose parameters have values."""
    if not isinstance(value, nn.Module):
        raise ValueError("is no model; give a torch.nn.Module")
    if any(parameter.is_meta for parameter in value.parameters()):
        raise ValueError("has parameters on the device meta, without values; load its state_dict")
    return value


def _layers(value: Any) -> list[Any]:
    """Return a list of choices; those that fit no layer are refused where they are used."""
    listed = value if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    choices = [*listed]
    if not choices or not all(isinstance(choice, str | type) for choice in choices):
        raise ValueError("names no layers; give names of layers, or classes")
    return choices


def _inputs(value: Any) -> Tensor | float:
    """Return inputs of a model, or a mean square."""
    if not isinstance(value, Tensor):
        if type(value) not in (int, float) or not 0 <= value <= 1:
            raise ValueError(
                "is no mean square from 0 to 1; give one, or a torch.Tensor of inputs of the model"
            )
        return value
    if not torch.isfinite(value).all():
        raise ValueError("has values that are not finite; leave out the inputs with them")
    if not value.dim() or not len(value):
        raise ValueError("has no inputs; give some, one after another in the first dimension")
    return value


def _are_circuits(value: Any) -> bool:
    """Return whether it is a mapping to pairs."""
    return isinstance(value, Mapping) and all(
        isinstance(pair, tuple) and len(pair) == 2 for pair in value.values()
    )


_FLAG = valid(lambda value: type(value) is bool, "is neither True nor False; give one of them")

CHECKS: dict[str, Check] = {
    "model": _model,
    "layers": _layers,
    "logits": lambda value: _FLAG(plain(value)),
    "learn_scales": lambda value: _FLAG(plain(value)),
    "noise": Quantity("1", 0.0, 1.0, fix="it is a share: 5 % is 0.05").checked,
    "circuits": valid(_are_circuits, "has no offset and scale of each layer; give such pairs"),
    "conductances": _numbers,
    "seed": whole(0, 2**63 - 1, "give another one"),
    "path": PATH,
    "causes": valid(
        lambda value: isinstance(value, Mapping), "is no mapping; give keys of causes by name"
    ),
    "draw": whole(0, 2**31 - 1, "give another one"),
    "imperfect.device": _imperfections,
    "energy.device": valid(
        _is_device,
        "has no costs of levels; give a dataset of wallnet.api.sweep, or levels of read_levels "
        "with a column energy",
    ),
    "save.device": valid(is_dataset, "is no dataset; give one as wallnet.api.sweep returns it"),
    "inputs": _inputs,
    "read_voltage": READ_VOLTAGE.checked,
    "read_time": DURATION.checked,
    "conversion_energy": Quantity("J", 1e-18, 1e-6, zero=True, fix="2 pJ are 2e-12 J").checked,
    "conversion_time": Quantity("s", 1e-15, 1e-3, zero=True).checked,
    "outputs_per_converter": whole(1, 10**9, "give the outputs that share one"),
    "start": valid(
        lambda value: hasattr(value, "levels"), "is no network; give one of ProgrammedNetwork.of"
    ),
}
"""Checks of arguments by the name of the parameter, or of the function and the parameter."""

checked_arguments = checked_by(CHECKS)
"""Decorator of the functions of this package."""
