"""CSV files of measurements of users: levels of a synapse, the transfer curve of a neuron."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from wallnet.files.step_tables import levels_expected
from wallnet.files.whole import LARGEST_TEXT, FileError, one_line, sha256_of

if TYPE_CHECKING:
    import pandas

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

SHOWN = (".csv", ".dat", ".tsv", ".txt")
"""Endings of files of measurements, of which messages show unknown names of columns."""

Units = Mapping[str, Sequence[str] | None]
"""Columns of a file, each with its possible units: "" if none has to be named, None for any."""

LEVEL_COLUMNS: Units = {
    "conductance": ("", "S"),
    "spread": ("", "S"),
    "current": ("A", "A/m2"),
    "pulses": ("",),
    "energy": ("J",),
}
"""Columns of the file of levels; only the first is required. The last two are what it takes to
write a level, from any other."""

CURVE_COLUMNS: Units = {"input": None, "output": None}
"""Columns of the file of the activation."""

_HEADER = re.compile(r"(\w+)\s*(?:[(\[]([^()\[\]]*)[)\]])?")


def refuse(path: str | Path, fault: str, line: object = None, column: str = "") -> NoReturn:
    """Raise an error that names the file, the line, the column, the fault and the fix."""
    places = [str(path), f"line {line}" * bool(line), f"column {column}" * bool(column)]
    raise FileError(f"{', '.join(filter(None, places))}: {fault}")


def refuse_first(
    path: str | Path, table: "pandas.DataFrame", wrong: "pandas.DataFrame", fault: str
) -> None:
    """Raise an error on the first wrong cell of a table, if any; its value replaces `{}`."""
    places = wrong.stack()
    if places.any():
        line, column = places.idxmax()
        refuse(path, fault.format(table.loc[line, column]), line, column)


def read_cells(
    path: str | Path, columns: Units, required: Sequence[str], most: int, largest: int
) -> "pandas.DataFrame":
    """Read the cells of a CSV file in UTF-8, with a header and commas between columns.

    It may have the columns and units `columns`, must have those `required` and has at most `most`
    rows and `largest` bytes. The frame has texts by line in the file and name of the column. Its
    attribute `units` has the unit in the header by the name of the column, empty if there is none;
    `sha256` is that of the file.

    Raises
    ------
    wallnet.files.FileError
        If the file is missing, too large or not such a table. The message names line, column and
        fix.
    """
    import pandas

    if not Path(path).is_file():
        fault = "is no regular file" if Path(path).exists() else "is not there"
        raise FileError(f"{path} {fault}; put it there, or name another file")
    if Path(path).stat().st_size > largest:
        refuse(path, f"is larger than {largest} bytes; leave out points")
    whole: dict[str, Any] = {"header": None, "dtype": str, "encoding": "utf-8-sig"}
    whole |= {"keep_default_na": False, "skip_blank_lines": False, "skipinitialspace": True}
    try:
        cells = pandas.read_csv(path, **whole).fillna("").map(str.strip)
        # an entry a line of the file
        cells.index += 1
        cells = cells[(cells != "").any(axis=1)]
        if cells.empty:
            raise ValueError("it is empty")
    except OSError as error:
        refuse(path, f"cannot be read ({error.strerror}); check the path")
    except ValueError as error:
        fix = f"begin it with the line {','.join(required)}, and write decimal points and no quotes"
        refuse(path, f"is no table in UTF-8 with commas ({one_line(error)}); {fix}")
    if len(cells) > most + 1:
        refuse(path, f"has more than {most} rows; leave some out")
    units = _header(path, cells.index[0], cells.iloc[0], columns, required)
    cells = cells.iloc[1:].set_axis(list(units), axis=1)
    cells.attrs = {"units": units, "sha256": sha256_of(path)}
    return cells


def read_table(
    path: str | Path, columns: Units, required: Sequence[str], most: int, largest: int
) -> "pandas.DataFrame":
    """Read a CSV file of numbers; see `read_cells`. The frame has numbers in place of texts.

    Raises
    ------
    wallnet.files.FileError
        Also if it contains something else than finite numbers with decimal points.
    """
    import pandas

    with levels_expected(path):
        cells = read_cells(path, columns, required, most, largest)
    numbers = cells.apply(pandas.to_numeric, errors="coerce").astype(float)
    shown = cells.map(lambda cell: one_line(repr(cell)) if cell else "nothing")
    fault = "has {}, which is not a finite number; write it with a decimal point, like 5.0e-5"
    refuse_first(path, shown, ~np.isfinite(numbers), fault)
    numbers.attrs = cells.attrs
    return numbers


def _header(
    path: str | Path, line: int, cells: Sequence[str], columns: Units, required: Sequence[str]
) -> dict[str, str]:
    """Return the unit of each column by its name, from the first line of a file."""
    units: dict[str, str] = {}
    for number, cell in enumerate(cells, start=1):
        match = _HEADER.fullmatch(cell)
        name, unit = (match[1].lower(), (match[2] or "").strip()) if match else (cell, "")
        if name not in columns or name in units:
            fault = "is unknown or there twice; name the columns in the first line, with commas"
            # nobody should read another file of the system in a log
            shown = one_line(repr(cell)) if Path(path).suffix in SHOWN else str(number)
            refuse(path, f"{fault} between them: {' and '.join(columns)}", line, shown)
        units[name] = unit.replace("²", "2")
        allowed = columns[name]
        if allowed is not None and units[name] not in allowed:
            written = " or ".join(f"{name} ({unit})" for unit in allowed if unit)
            fault = f"is in {unit}" if unit else "has no unit"
            refuse(path, f"{fault}; write {written}, and the numbers in this unit", line, name)
    for name in (column for column in required if column not in units):
        refuse(path, f"is missing; write the name {name} above its numbers", line, name)
    return units


def read_levels(path: str | Path) -> "pandas.DataFrame":
    """Read the levels of a measured synapse.

    Parameters
    ----------
    path : str or Path
        CSV file with the columns of `LEVEL_COLUMNS`: conductance in S, and if known its spread in
        S, the current that sets the level, and the number of pulses and the energy in J that this
        takes from any other level.

    Returns
    -------
    pandas.DataFrame
        A row a level, in the order of the file, by its line there; `attrs` as of `read_table`.

    Raises
    ------
    wallnet.files.FileError
        If the file cannot be read, or if it does not contain two different, plausible conductances.
    """
    read = read_table(path, LEVEL_COLUMNS, ["conductance"], MOST_LEVELS, LARGEST_TEXT)
    positive = read.drop(columns="current", errors="ignore")
    refuse_first(path, read, positive < 0, "is negative ({:g} S); write its magnitude")
    conductance = read["conductance"]
    if conductance.nunique() < 2:
        fault = "has fewer than two different values; a synapse needs two levels"
        refuse(path, fault, column="conductance")
    largest, (low, high) = conductance.max(), PLAUSIBLE
    if not low <= largest <= high:
        fault = f"is the largest value, outside the plausible range {low:g} to {high:g} S"
        fix = "write conductances in siemens: 50 µS is 5.0e-5"
        refuse(path, f"{largest:g} S {fault}; {fix}", conductance.idxmax(), "conductance")
    return read


def read_activation(path: str | Path) -> "pandas.DataFrame":
    """Read the transfer curve of a measured neuron.

    Parameters
    ----------
    path : str or Path
        CSV file with the columns `input`, ascending, and `output`, in any units.

    Returns
    -------
    pandas.DataFrame
        A row a point, by its line in the file; `attrs` as of `read_table`.

    Raises
    ------
    wallnet.files.FileError
        If the file cannot be read, or if its points make no curve.
    """
    read = read_table(path, CURVE_COLUMNS, list(CURVE_COLUMNS), MOST_POINTS, LARGEST_TEXT)
    if len(read) < FEWEST_POINTS:
        refuse(path, f"has {len(read)} points; a curve needs {FEWEST_POINTS} or more")
    steps = read[["input"]].diff().iloc[1:]
    least = SMALLEST_STEP * (read["input"].iloc[-1] - read["input"].iloc[0])
    fault = f"is not above the input before it by {SMALLEST_STEP:g} of the range of all inputs"
    fix = "sort the lines by input, and average those with one input"
    refuse_first(path, read, ~(steps >= least), f"{{:g}} {fault}; {fix}")
    if not 0 < np.ptp(read["output"]) < np.inf:
        refuse(path, "is the same in all lines; a neuron needs a response", column="output")
    return read
