"""Imperfections of a device as a table: one number a row, in and out.

The quantities are the variables of the kind `imperfections` of `files.schema`, and the columns
before the value are their axes; both follow the schema.
"""

import csv
import io
import itertools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wallnet.files.imperfections import KIND, Imperfections
from wallnet.files.measurements import SHOWN, Units, read_cells, refuse
from wallnet.files.schema import KINDS, VARIABLES, Variable, dataset
from wallnet.files.step_tables import levels_expected
from wallnet.files.whole import LARGEST_JSON, one_line

if TYPE_CHECKING:
    import xarray

_NAMES = KINDS[KIND]

AXES = {name: VARIABLES[name] for name in _NAMES if VARIABLES[name].dimensions == (name,)}
"""Axes of the quantities by name, each a column of the table."""

QUANTITIES = {name: VARIABLES[name] for name in _NAMES if name not in AXES}
"""Quantities by name; a row of the table has the name of one."""

COLUMNS: Units = dict.fromkeys(("quantity", *AXES, "value", "unit", "source"), ("",))

REQUIRED = ("quantity", "value", "unit")
"""Columns that every table has."""

MOST_ROWS = 1_000_000

Place = tuple[Any, ...]
"""Coordinates of a number, in the order of the dimensions of its quantity."""

Entries = dict[str, dict[Place, float]]
"""Known numbers, in their units, by quantity and place."""


class Table(NamedTuple):
    """The numbers of a table, the source of each quantity, and the line of each number."""

    entries: Entries
    sources: dict[str, str]
    lines: dict[tuple[str, Place], int]


def dataset_of(
    entries: Entries, sources: Mapping[str, str], attributes: Mapping[str, Any] | None = None
) -> "xarray.Dataset":
    """Return numbers as a dataset of the kind `imperfections`.

    States are in the order of `is_level`, those before a pulse or an escape too; other coordinates
    are in the order in which they appear, numbers ascend.
    """
    seen: dict[str, dict[Any, None]] = {name: {} for name in AXES}
    for name, numbers in entries.items():
        for place in numbers:
            for axis, coordinate in zip(QUANTITIES[name].dimensions, place, strict=True):
                seen[axis][coordinate] = None
    states = list(dict.fromkeys(p[0] for p in entries.get("is_level", {})) | seen["device_state"])
    coordinates: dict[str, list[Any]] = {}
    for name, variable in AXES.items():
        own = list(variable.values or seen[name])
        coordinates[name] = own if variable.is_text else sorted(own)
    coordinates["device_state"] = states
    coordinates["start_state"] = [state for state in states if state in seen["start_state"]]
    places = {name: {value: i for i, value in enumerate(own)} for name, own in coordinates.items()}
    values: dict[str, Any] = {
        name: own for name, own in coordinates.items() if not AXES[name].values
    }
    for name, variable in QUANTITIES.items():
        shape = [len(coordinates[axis]) for axis in variable.dimensions]
        values[name] = np.full(shape, variable.missing, variable.type)
        for place, number in entries.get(name, {}).items():
            axes = zip(variable.dimensions, place, strict=True)
            values[name][tuple(places[axis][coordinate] for axis, coordinate in axes)] = number
    about = {"kind": KIND, "sources": json.dumps(dict(sources)), **(attributes or {})}
    return dataset(KIND, values, about)


def entries_of(data: "xarray.Dataset") -> Entries:
    """Return the numbers of a dataset; unknown ones and counts of 0 are left out."""
    entries: Entries = {}
    for name, variable in QUANTITIES.items():
        array = data[name].values
        axes = [data[axis].values.tolist() for axis in variable.dimensions]
        present = array != 0 if variable.type == "int64" else np.isfinite(array)
        places = zip(itertools.product(*axes), array.ravel().tolist(), present.ravel(), strict=True)
        entries[name] = {place: number for place, number, there in places if there}
    return entries


def text_of(data: "xarray.Dataset") -> str:
    """Return a dataset of the kind `imperfections` as a CSV table."""
    sources = Imperfections(data).sources
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(COLUMNS), restval="", lineterminator="\n")
    writer.writeheader()
    for name, numbers in entries_of(data).items():
        about = {"quantity": name, "unit": QUANTITIES[name].units, "source": sources.get(name, "")}
        for place, number in numbers.items():
            own = dict(zip(QUANTITIES[name].dimensions, place, strict=True))
            writer.writerow({**about, **own, "value": repr(number)})
    return stream.getvalue()


def read_entries(path: str | Path) -> Table:
    """Read a table of imperfections.

    It may have some of the quantities only. The source of a quantity without one is empty.

    Raises
    ------
    wallnet.files.FileError
        If a row has an unknown quantity, coordinates that its quantity does not have or lacks, a
        wrong unit, a number that is not possible, or the place of an earlier one. The message names
        line, column and fix.
    """
    with levels_expected(path):
        cells = read_cells(path, COLUMNS, REQUIRED, MOST_ROWS, LARGEST_JSON)
    table = Table({}, {}, {})
    for line, row in zip(cells.index, cells.to_dict("records"), strict=True):
        name = row["quantity"]
        if name not in QUANTITIES:
            names = ", ".join(QUANTITIES)
            refuse(path, f"has {_shown(path, name)}; use one of {names}", line, "quantity")
        variable = QUANTITIES[name]
        for axis in AXES:
            if bool(row.get(axis)) != (axis in variable.dimensions):
                fix = "needs one; write it" if axis in variable.dimensions else "has none; clear it"
                refuse(path, f"{name} {fix}", line, axis)
        place = tuple(_coordinate(path, row[axis], line, axis) for axis in variable.dimensions)
        if row["unit"].replace("²", "2") not in {variable.units, variable.units.replace("1", "")}:
            fault = f"is {_shown(path, row['unit'])}; write {name} in {variable.units}"
            refuse(path, fault, line, "unit")
        number = _number(path, row["value"], line, "value", variable)
        if (earlier := table.lines.setdefault((name, place), line)) != line:
            refuse(path, f"has the number of line {earlier} again; remove one of both", line)
        table.entries.setdefault(name, {})[place] = number
        texts = table.sources.get(name, "").split("; ")
        table.sources[name] = "; ".join(dict.fromkeys(filter(None, [*texts, row.get("source")])))
    return table


def _coordinate(path: str | Path, cell: str, line: int, axis: str) -> Any:
    """Return a coordinate of a row."""
    variable = AXES[axis]
    if variable.values and cell not in variable.values:
        fault = f"has {_shown(path, cell)}; use {' or '.join(variable.values)}"
        refuse(path, fault, line, axis)
    return cell if variable.is_text else _number(path, cell, line, axis, variable)


def _number(path: str | Path, cell: str, line: int, column: str, variable: Variable) -> float:
    """Return a number of a row: whole if the variable is, and within its bounds."""
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    whole = variable.type.startswith("int")
    low, high = variable.bounds or ((0.0, 2.0**53) if whole else (-math.inf, math.inf))
    if not math.isfinite(number):
        fix = "which is not a finite number; write it with a decimal point, or remove the row"
        refuse(path, f"has {_shown(path, cell)}, {fix}", line, column)
    if whole and not number.is_integer():
        refuse(path, f"has {cell}, which is no whole number; write one", line, column)
    if not low <= number <= high:
        unit = "" if variable.units in ("", "1") else f" {variable.units}"
        fix = f"write a number from {low:g} to {high:g}{unit}"
        refuse(path, f"has {cell}, which is not possible; {fix}", line, column)
    return int(number) if whole else number


def _shown(path: str | Path, cell: str) -> str:
    """Return a cell for a message; nobody should read another file of the system in a log."""
    if not cell:
        return "nothing"
    return one_line(repr(cell)) if Path(path).suffix in SHOWN else "another text"
