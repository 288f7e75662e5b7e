"""The compact model of a measured device: levels and activation from CSV files of a user.

The files are read with the csv module and checked line by line. The transfer curve is normalised
(paper, Eq. 3) and interpolated by cubic polynomials that are monotonic wherever the points are
(PCHIP).
"""

import argparse
import csv
import hashlib
import io
import itertools
import logging
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from wallnet import __version__, files, revisions
from wallnet.config.measured import MEASURED
from wallnet.devices.conductance import normalize
from wallnet.files import FileError
from wallnet.files.whole import one_line
from wallnet.studies.devices.neuron import LARGEST_FALL

logger = logging.getLogger(__name__)

LARGEST_CSV = 1_000_000
"""Size in bytes above which a CSV file is refused without being read."""

MOST_LEVELS = 1024
"""Largest number of levels; pairs of synapses have its square of differences."""

MOST_POINTS = 4096
"""Largest number of points of a transfer curve; every network contains the curve."""

FEWEST_POINTS = 5
"""Smallest number of points of a transfer curve, as of a simulated one."""

SMALLEST_STEP = 1e-5
"""Smallest distance of two inputs as a share of their range; networks compute in float32."""

PLAUSIBLE = (1e-12, 0.1)
"""Bounds in S of the largest conductance of a device: 1 TΩ and 10 Ω."""

Units = Mapping[str, Sequence[str] | None]
"""Columns of a file, each with its possible units: "" if none has to be named, None for any."""

LEVEL_COLUMNS: Units = {"conductance": ("", "S"), "spread": ("", "S"), "current": ("A", "A/m2")}
"""Columns of the file of levels; only the first is required."""

CURVE_COLUMNS: Units = {"input": None, "output": None}
"""Columns of the file of the activation."""

_HEADER = re.compile(r"(\w+)\s*(?:[(\[]([^()\[\]]*)[)\]])?")


def _refuse(path: str | Path, fault: str, line: int | None = None, column: str = "") -> NoReturn:
    """Raise an error that names the file, the line, the column, the fault and the fix."""
    places = [str(path), f"line {line}" * bool(line), f"column {column}" * bool(column)]
    raise FileError(f"{', '.join(filter(None, places))}: {fault}")


@dataclass(frozen=True)
class Columns:
    """Columns of a CSV file.

    Attributes
    ----------
    values : dict
        Numbers by the name of the column.
    lines : list of int
        Line in the file of each row.
    units : dict
        Unit in the header by the name of the column; empty if there is none.
    sha256 : str
        SHA-256 of the file.
    """

    values: dict[str, list[float]]
    lines: list[int]
    units: dict[str, str]
    sha256: str


def read_columns(path: str | Path, known: Units, required: Sequence[str], most: int) -> Columns:
    """Read a CSV file with a header and numbers.

    Parameters
    ----------
    path : str or Path
        The file, in UTF-8, with commas between columns and decimal points.
    known : Mapping
        Possible columns and units.
    required : sequence of str
        Names of the columns that the file must have.
    most : int
        Largest number of rows.

    Raises
    ------
    wallnet.files.FileError
        If the file is missing, too large, not such a table or contains something else than finite
        numbers. The message names line, column and fix.
    """
    content = _content(path)
    try:
        text = content.decode("utf-8-sig")
        if "\0" in text:
            raise ValueError
    except ValueError:
        _refuse(path, "is not text in UTF-8; save it as CSV (comma-separated, UTF-8)")
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((reader.line_num, [cell.strip() for cell in cells]))
            if len(rows) > most + 1:
                _refuse(path, f"has more than {most} rows; leave some out")
    except csv.Error as error:
        _refuse(path, f"is not CSV ({error}); remove quotes", reader.line_num)
    if not rows:
        _refuse(path, f"is empty; begin it with the line {','.join(required)}")
    units = _header(path, *rows[0], known, required)
    values: dict[str, list[float]] = {name: [] for name in units}
    for line, cells in rows[1:]:
        if len(cells) != len(units):
            fault = f"has {len(cells)} cells, the header has {len(units)}; write one number a"
            fix = "column, with a decimal point, and commas only between columns"
            _refuse(path, f"{fault} {fix}", line)
        for name, cell in zip(units, cells, strict=True):
            values[name].append(_number(path, line, name, cell))
    lines = [line for line, _ in rows[1:]]
    return Columns(values, lines, units, hashlib.sha256(content).hexdigest())


def _content(path: str | Path) -> bytes:
    try:
        if Path(path).exists() and not Path(path).is_file():
            _refuse(path, "is not a file; name a CSV file")
        with open(path, "rb") as stream:
            content = stream.read(LARGEST_CSV + 1)
    except OSError as error:
        _refuse(path, f"cannot be read ({error.strerror}); check the path")
    if len(content) > LARGEST_CSV:
        _refuse(path, f"is larger than {LARGEST_CSV} bytes; leave out points")
    return content


def _header(
    path: str | Path, line: int, cells: Sequence[str], known: Units, required: Sequence[str]
) -> dict[str, str]:
    """Return the unit of each column by its name, from the first line of a file."""
    for mark, what in {";": "semicolons", "\t": "tabs"}.items():
        if any(mark in cell for cell in cells):
            fix = "save it with commas there, and with decimal points"
            _refuse(path, f"has {what} between columns; {fix}", line)
    units: dict[str, str] = {}
    for cell in cells:
        found = _HEADER.fullmatch(cell)
        name, unit = (found[1].lower(), (found[2] or "").strip()) if found else (cell, "")
        if name not in known:
            fault = f"is unknown; the first line names the columns, {' and '.join(known)}"
            _refuse(path, f"{fault}: rename or remove it", line, one_line(repr(cell)))
        if name in units:
            _refuse(path, "is there twice; remove one", line, name)
        units[name] = unit.replace("²", "2")
        allowed = known[name]
        if allowed is not None and units[name] not in allowed:
            written = " or ".join(f"{name} ({each})" for each in allowed if each)
            given = f"is in {unit}" if unit else "has no unit"
            _refuse(path, f"{given}; write {written}, and the numbers in this unit", line, name)
    for name in required:
        if name not in units:
            _refuse(path, f"is missing; write the name {name} above its numbers", line, name)
    return units


def _number(path: str | Path, line: int, name: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        shown = one_line(repr(cell)) if cell else "nothing"
        fix = "write it with a decimal point" if "," in cell else "write it like 5.0e-5"
        _refuse(path, f"has {shown}, which is not a number; {fix}", line, name)
    if not math.isfinite(value):
        _refuse(path, f"is {cell}; write a finite number or remove the line", line, name)
    return value


def read_levels(path: str | Path) -> Columns:
    """Read the levels of a measured synapse.

    Parameters
    ----------
    path : str or Path
        CSV file with the columns of `LEVEL_COLUMNS`: conductance in S, and if known its spread in S
        and the current that sets the level.

    Raises
    ------
    wallnet.files.FileError
        If the file cannot be read, or if it does not contain two different, plausible conductances.
    """
    read = read_columns(path, LEVEL_COLUMNS, ["conductance"], MOST_LEVELS)
    for name in ("conductance", "spread"):
        for line, value in zip(read.lines, read.values.get(name, []), strict=False):
            if value < 0:
                _refuse(path, f"is negative ({value:g} S); write its magnitude", line, name)
    conductances = read.values["conductance"]
    if len(set(conductances)) < 2:
        fault = "has fewer than two different values; a synapse needs two levels"
        _refuse(path, fault, column="conductance")
    largest, (low, high) = max(conductances), PLAUSIBLE
    if not low <= largest <= high:
        fault = f"is the largest value, outside the plausible range {low:g} to {high:g} S"
        fix = "write conductances in siemens: 50 µS is 5.0e-5"
        line = read.lines[conductances.index(largest)]
        _refuse(path, f"{largest:g} S {fault}; {fix}", line, "conductance")
    return read


def read_activation(path: str | Path) -> Columns:
    """Read the transfer curve of a measured neuron.

    Parameters
    ----------
    path : str or Path
        CSV file with the columns `input`, ascending, and `output`, in any units.

    Raises
    ------
    wallnet.files.FileError
        If the file cannot be read, or if its points make no curve.
    """
    read = read_columns(path, CURVE_COLUMNS, list(CURVE_COLUMNS), MOST_POINTS)
    inputs, outputs = read.values["input"], read.values["output"]
    if len(inputs) < FEWEST_POINTS:
        _refuse(path, f"has {len(inputs)} points; a curve needs {FEWEST_POINTS} or more")
    pairs = itertools.pairwise(inputs)
    for line, (before, value) in zip(read.lines[1:], pairs, strict=True):
        if value == before:
            _refuse(path, f"{value:g} is there twice; average the two lines", line, "input")
        if value < before:
            _refuse(path, f"{value:g} is below {before:g}; sort the lines by input", line, "input")
        if not value - before >= SMALLEST_STEP * (inputs[-1] - inputs[0]):
            fault = f"{value:g} is closer to {before:g} than {SMALLEST_STEP:g} of the range of all"
            _refuse(path, f"{fault} inputs; remove one of the lines", line, "input")
    if not 0 < max(outputs) - min(outputs) < math.inf:
        _refuse(path, "is the same in all lines; a neuron needs a response", column="output")
    return read


def measured_curve(inputs: Sequence[float], outputs: Sequence[float]) -> dict[str, Any]:
    """Return a transfer curve as the activation of a compact model.

    Parameters
    ----------
    inputs, outputs : sequence of float
        Points, by ascending input, in any unit.

    Returns
    -------
    dict
        `breaks` and `coefficients` of the normalised curve, see `wallnet.files.compact.Curve`, and
        its `fault` as an activation, empty if there is none.
    """
    from scipy.interpolate import PchipInterpolator

    x = normalize(np.array(inputs), inputs[0], inputs[-1])
    y = normalize(np.array(outputs), min(outputs), max(outputs))
    # rows of c are coefficients of falling powers of the distance from the lower end of a piece
    powers = PchipInterpolator(x, y).c[::-1].T
    fault = _fault(inputs, y)
    return {"breaks": x.tolist(), "coefficients": powers.tolist(), "fault": fault}


def _fault(inputs: Sequence[float], outputs: NDArray[np.float64]) -> str:
    """Return where a normalised curve falls most below an earlier point, if that is too much."""
    below = np.maximum.accumulate(outputs) - outputs
    lowest = int(np.argmax(below))
    if below[lowest] <= LARGEST_FALL:
        return ""
    highest = int(np.argmax(outputs[: lowest + 1]))
    return (
        f"it is not monotonic (the output falls by {below[lowest]:.3f} of full scale from input "
        f"{inputs[highest]:.4g} to {inputs[lowest]:.4g})"
    )


def measured_model(
    levels: str | Path | None, activation: str | Path | None, out: str | Path
) -> None:
    """Write the compact model of a measured device.

    Parameters
    ----------
    levels, activation : str or Path, optional
        CSV files, see `read_levels` and `read_activation`. Without one of them, the device cannot
        be a synapse or a neuron.
    out : str or Path
        JSON file to write. In addition to what networks read, it contains the measured numbers.

    Raises
    ------
    wallnet.files.FileError
        If a file cannot be used, with its line, its column and the fix.
    """
    model: dict[str, Any] = {"kind": MEASURED, "units": {}}
    sources = {}
    if levels:
        read = read_levels(levels)
        sources["levels"] = {"file": str(levels), "sha256": read.sha256}
        model["levels"] = _levels(read)
        model["units"] |= read.units
    if activation:
        read = read_activation(activation)
        sources["activation"] = {"file": str(activation), "sha256": read.sha256}
        curve = measured_curve(read.values["input"], read.values["output"])
        model |= {"points": read.values, "activation": {MEASURED: curve}}
        model["units"] |= read.units
        if fault := curve["fault"]:
            logger.warning("%s is no activation: %s", activation, fault)
    model["made_by"] = {
        "device": Path(out).stem,
        "sources": sources,
        "revision": revisions.of("devices"),
        "wallnet_version": __version__,
    }
    files.write_json(model, out)


def _levels(read: Columns) -> list[dict[str, Any]]:
    """Return levels by ascending conductance; networks regard all as usable."""
    columns = zip(*read.values.values(), strict=True)
    rows = [dict(zip(read.values, row, strict=True)) for row in columns]
    usable = dict.fromkeys(("stable", "reachable", "kept", "mutually_reachable"), True)
    return [
        {"state": f"level {index}", "half": False, **usable, **row}
        | {"conductance": {MEASURED: row["conductance"]}}
        for index, row in enumerate(sorted(rows, key=lambda row: row["conductance"]))
    ]


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `measured` to a command line."""
    command = subparsers.add_parser(
        "measured", help="write the compact model of a measured device from its CSV files"
    )
    command.add_argument("--levels", help="CSV file with the column conductance")
    command.add_argument("--activation", help="CSV file with the columns input and output")
    command.add_argument("--out", required=True, help="JSON file to write")
    command.set_defaults(
        handler=lambda given: measured_model(given.levels, given.activation, given.out)
    )
