"""Variables of each kind of dataset, with their dimensions, units, texts and bounds.

The table `variables.csv` beside this module defines those of simulations and devices, that of a
study its own. `dataset` creates data from these definitions, and `impossible` finds values that no
such variable has. Importing the module needs neither NumPy nor xarray.
"""

import csv
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet.files.schema.states import WallState
from wallnet.files.whole import FileError

if TYPE_CHECKING:
    import xarray
    from numpy.typing import ArrayLike, NDArray

STATE = "state"
"""Type of text that names a state (`wallnet.files.WallState`)."""

TEXT = "text"
"""Type of any other text."""

_SLACK = 1e-3
"""Largest excess of a unit vector's length over 1, from single precision and averages."""


@dataclass(frozen=True)
class Variable:
    """Definition of one variable of a dataset.

    Attributes
    ----------
    dimensions : tuple of str
        Names of its axes. A variable with a single axis of its own name, or with no axis, is a
        coordinate.
    long_name : str
        Description.
    units : str
        SI unit; "1" for a number without a unit, empty if the variable is not a number.
    type : str
        NumPy type, `TEXT` or `STATE`; empty if values keep the type that they have.
    bounds : tuple of float, optional
        Least and greatest possible value in the unit; NaN is accepted.
    attributes : mapping
        Further attributes.
    values : tuple of str
        Fixed values, if any.
    """

    dimensions: tuple[str, ...]
    long_name: str
    units: str = "1"
    type: str = "float64"
    bounds: tuple[float, float] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    values: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether it contains text, including names of states."""
        return self.type in (TEXT, STATE)

    @property
    def missing(self) -> float | str:
        """Value of a missing entry: NaN; 0 for a count, -1 or 0 for a flag, empty for text."""
        if self.is_text:
            return ""
        whole = self.type.startswith("int")
        return min(0, int(self.bounds[0] if self.bounds else 0)) if whole else math.nan


_QUANTITIES: dict[str, dict[str, Any]] = {
    "position": {"units": "m", "bounds": (0.0, 1e-3)},
    "current density": {"units": "A/m2", "bounds": (-1e14, 1e14)},
    "time": {"units": "s", "bounds": (0.0, 1e-2)},
    "conductance": {"units": "S", "bounds": (0.0, 1e3)},
    "energy": {"units": "J", "bounds": (-1e-9, 1e-9)},
    "field": {"units": "A/m", "bounds": (0.0, 1e12)},
    "temperature": {"units": "K", "bounds": (0.0, 1e5)},
    "temperature rise": {"units": "K", "bounds": (0.0, 1e40)},
    "probability": {"units": "1", "bounds": (0.0, 1.0)},
    "accuracy": {"units": "%", "bounds": (0.0, 100.0)},
    "spread": {"units": "1", "bounds": (0.0, 10.0)},
    "barrier": {"units": "J", "bounds": (0.0, 1e-9)},
    "nonlinearity": {"units": "1", "bounds": (-10.2, 10.2)},
    "misfit": {"units": "1", "bounds": (0.0, 1e6)},
}
"""Units and bounds of the quantities in the table; other entries there are units."""

_ATTRIBUTES = {
    "quartic": {
        "lowest_input": 0.0,
        "highest_input": 1.0,
        "below_lowest_input": "0: the wall does not reach the detector",
        "above_highest_input": "the value at the highest input: saturated",
    }
}
"""Attributes beside a comment."""

VARIABLES: dict[str, Variable] = {}
"""All variables of all kinds of dataset. A name has the same meaning in every kind."""

KINDS: dict[str, tuple[str, ...]] = {}
"""Names of the variables of each kind of file, coordinates last."""

SAMPLE = "sample"
"""First dimension of the variables of a study of samples, and its coordinate."""

RUN = "run"
"""First dimension of the variables of a block of runs, and its coordinate."""

OF_BLOCK = (RUN, "run_sample", "run_replica", "run_attributes")
"""Variables that a block of runs has beside those of a run."""

OPTIONAL: dict[str, dict[str, tuple[str, ...]]] = {}
"""Groups of optional variables of a kind of file, which has all of a group or none."""


def add(kind: str, **variables: Variable) -> None:
    """Add a kind of file with its variables, coordinates last."""
    VARIABLES.update(variables)
    KINDS[kind] = tuple(variables)


def variables_of(path: Path) -> dict[str, dict[str, Variable]]:
    """Return the variables of a table, by kind of file if it has this column, and by name.

    `values` are fixed values of a text, and `comment` says what other values of a text mean.
    `missing` says where an entry is missing: NaN, or -1 of a flag or another integer. A row with a
    name only is a variable of several kinds; those of `run?maps` are an optional group of the kind
    `run`.
    """
    variables, by_kind = dict(VARIABLES), dict[str, dict[str, Variable]]()
    with open(path, encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            name, quantity, kind = row["name"], row["quantity"], row["type"]
            missing, comment = row["missing"], row["comment"]
            if quantity == "flag":
                more: dict[str, Any] = {"type": "int8", "bounds": (-1.0 if missing else 0.0, 1.0)}
                comment = "0 no, 1 yes" + (f", -1 {missing}" if missing else "")
            else:
                more = {"units": quantity, **_QUANTITIES.get(quantity, {}), "type": kind}
                more["values"] = tuple(row["values"].split())
                marker = "-1" if kind.startswith("int") else "NaN"
                comment = "; ".join(filter(None, (comment, missing and f"{marker} {missing}")))
            key = "values_mean" if quantity == "flag" or kind == TEXT else "comment"
            more["attributes"] = {key: comment} if comment else _ATTRIBUTES.get(name, {})
            if row["long_name"]:
                axes = tuple(row["dimensions"].split())
                variables[name] = Variable(axes, row["long_name"], **more)
            by_kind.setdefault(row.get("kind", ""), {})[name] = variables[name]
    return by_kind


for _kind, _variables in variables_of(Path(__file__).with_name("variables.csv")).items():
    if "?" in _kind:
        _whole, _, _group = _kind.partition("?")
        OPTIONAL.setdefault(_whole, {})[_group] = tuple(_variables)
        VARIABLES |= _variables
    elif _kind:
        add(_kind, **_variables)
    else:
        VARIABLES |= _variables
for _kind in ("synapse", "neuron"):
    KINDS[_kind] = (*KINDS["track"], "normalized_final_conductance", *KINDS[_kind])

COMPONENTS, READINGS = VARIABLES["component"].values, VARIABLES["reading"].values


def names_of(kind: str, present: Iterable[str]) -> tuple[str, ...]:
    """Return the variables that a file of a kind has to have; `present` are those that it has."""
    names, groups = [*KINDS[kind]], OPTIONAL.get(kind, {}).values()
    shared = Counter(itertools.chain(*groups))
    for group in groups:
        if any(shared[name] == 1 and name in present for name in group):
            names += group
    names += [SAMPLE] if SAMPLE in present else OF_BLOCK if RUN in present else ()
    return tuple(dict.fromkeys(names))


def dimensions_of(name: str, present: Iterable[str]) -> tuple[str, ...]:
    """Return the dimensions of a variable in a file with the variables `present`.

    Where there are samples, or runs of a block, it has one value for each, unless it is a
    coordinate.
    """
    dimensions = VARIABLES[name].dimensions
    first = next((axis for axis in (SAMPLE, RUN) if axis in present), None)
    return dimensions if first is None or dimensions == (name,) else (first, *dimensions)


def dataset(
    kind: str, values: Mapping[str, "ArrayLike"], attrs: Mapping[str, Any] | None = None
) -> "xarray.Dataset":
    """Return a dataset of a kind, with dimensions, types and attributes of the schema.

    Parameters
    ----------
    kind : str
        Key of `KINDS`.
    values : Mapping
        Values of each variable of the kind by its name, in its unit. Variables whose values the
        schema fixes, such as the names of components, are left out.
    attrs : Mapping, optional
        Attributes of the file.

    Returns
    -------
    xarray.Dataset
        All variables of the kind, and no others.

    Raises
    ------
    FileError
        If a variable is missing, is not of the kind, or has a wrong number of dimensions or size.
    """
    import numpy as np

    names = names_of(kind, values)
    fixed = {name: VARIABLES[name].values for name in names if VARIABLES[name].values}
    arrays = {**fixed, **values}
    faults = [f"has {name}, which its schema lacks" for name in values if name not in names]
    faults += [f"lacks {name}" for name in names if name not in arrays]
    types = {
        name: "str" if VARIABLES[name].is_text else VARIABLES[name].type or None for name in names
    }
    try:
        if not faults:
            return assembled({name: np.asarray(arrays[name], types[name]) for name in names}, attrs)
    except ValueError as error:  # of xarray: other numbers or sizes of dimensions
        faults.append(f"is not consistent ({error})")
    raise FileError(f"a dataset of kind {kind!r} {'; it '.join(faults)}; report this as a bug")


def assembled(
    values: "Mapping[str, NDArray[Any]]", attrs: Mapping[str, Any] | None
) -> "xarray.Dataset":
    """Return arrays as a dataset, with the dimensions and attributes of the schema."""
    import xarray

    described = {}
    for name, array in values.items():
        variable = VARIABLES[name]
        units = {"units": variable.units} if variable.units else {}
        about = {**units, "long_name": variable.long_name, **variable.attributes}
        described[name] = (dimensions_of(name, values), array, about)
    data = xarray.Dataset(described, attrs=attrs)
    return data.set_coords([name for name in values if not VARIABLES[name].dimensions])


def blank(kind: str, **sizes: int) -> "dict[str, NDArray[Any]]":
    """Return the variables of a kind, with NaN and empty texts for values, of given sizes."""
    import numpy as np

    arrays: dict[str, NDArray[Any]] = {}
    for name in itertools.chain(KINDS[kind], *OPTIONAL.get(kind, {}).values()):
        variable = VARIABLES[name]
        if not variable.values:
            shape = [sizes[dimension] for dimension in variable.dimensions]
            dtype, fill = (object, "") if variable.is_text else (float, math.nan)
            arrays[name] = np.full(shape, fill, dtype)
    return arrays


def impossible(values: "Mapping[str, NDArray[Any]]", attrs: Mapping[str, Any]) -> str | None:
    """Return the first variable or attribute with a value that no device can have, and the value.

    Foreign and changed files can have such values. None is returned if there are none.
    """
    for name, variable in VARIABLES.items():
        if name in values and (fault := _fault(variable, values[name], SAMPLE in values)):
            return f"has {name} {fault}"
    device = str(attrs.get("device", "none"))
    if not re.fullmatch("[a-z0-9][a-z0-9_-]{0,63}", device):
        return f"has the device {device[:40]!r}, which is not a name of a device"
    return None


def _fault(variable: Variable, values: "NDArray[Any]", samples: bool) -> str | None:
    """Return the fault of a variable's values, as text to follow its name.

    Where there are samples, one may lack a state that another has.
    """
    import numpy as np

    if variable.bounds:
        low, high = variable.bounds
        if values.dtype.kind not in "fiu":
            return f"of type {values.dtype}, not numbers"
        outside = values[(values < low - 1e-9 * high) | (values > high * (1 + 1e-9))]
        if outside.size:
            return f"= {outside.flat[0]:.6g}, which is not between {low:g} and {high:g}"
    if variable.dimensions[1:] and variable.dimensions[-1] == "component":  # unit vectors
        length = np.sqrt((values.astype(np.float64) ** 2).sum(axis=-1))
        if np.any(length > 1 + _SLACK):
            return f"of length {np.nanmax(length):.6g}, which is more than 1"
    if variable.type == STATE:
        names = values[values != ""] if samples else values
        return next(filter(None, map(_no_state, names.flat)), None)
    return None


def _no_state(text: Any) -> str | None:
    """Return a fault if a text does not name a state of a wall."""
    try:
        WallState(str(text))
    except ValueError:
        return f"= {str(text)[:40]!r}, which is not a state of a wall"
    return None
