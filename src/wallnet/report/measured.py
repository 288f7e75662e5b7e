"""Readable tables of a measured device, made from its compact model only."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import files
from wallnet.config.measured import MEASURED
from wallnet.report.tables import Format, Table, of_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read(path: str | Path) -> dict[str, Any]:
    """Read the compact model of a measured device.

    Raises
    ------
    wallnet.files.FileError
        If the file is missing, damaged or of a simulated device.
    """
    model = files.read_json(path, ["kind", "units", "made_by"])
    if model["kind"] != MEASURED:
        raise files.FileError(f"{path} is of no measured device; delete it and run snakemake")
    return model


def column(model: Mapping[str, Any], name: str) -> str:
    """Return the title of a column of a user's file, with its unit."""
    unit = model["units"].get(name, "").replace("m2", "m²")
    return f"{name} ({unit})" if unit else name


def conductances(model: Mapping[str, Any]) -> list[float]:
    """Return the conductances of all levels in S, ascending."""
    return [level["conductance"][MEASURED] for level in model["levels"]]


def tables(model: Mapping[str, Any], name: str) -> list[Table]:
    """Return the tables of a measured device: its levels and the points of its transfer curve."""
    parts = {"levels": _levels, "points": _points}
    return [made(model, name) for key, made in parts.items() if key in model]


def _normalized(values: Sequence[float]) -> "NDArray[Any]":
    from wallnet.devices.conductance import normalize

    return normalize(values, min(values), max(values))


def _levels(model: Mapping[str, Any], name: str) -> Table:
    """Return the table of the levels, with spread and current if they are known."""
    levels, found = model["levels"], conductances(model)
    columns: dict[str, tuple[Any, Format]] = {
        "level": (range(len(levels)), "d"),
        "G (µS)": ([value / 1e-6 for value in found], ".6g"),
        "G normalised": (_normalized(found), ".4f"),
    }
    if "spread" in levels[0]:
        columns["spread of G (µS)"] = ([level["spread"] / 1e-6 for level in levels], ".6g")
    if "current" in levels[0]:
        columns[column(model, "current")] = ([level["current"] for level in levels], ".6g")
    return of_columns(f"{name}: levels", columns)


def _points(model: Mapping[str, Any], name: str) -> Table:
    """Return the table of the points of the transfer curve, and its fault in the title."""
    columns: dict[str, tuple[Any, Format]] = {}
    for part, values in sorted(model["points"].items()):
        columns[column(model, part)] = (values, ".6g")
        columns[f"{part} normalised"] = (_normalized(values), ".4f")
    fault = model["activation"][MEASURED]["fault"]
    title = f"{name}: transfer curve" + f"; no activation: {fault}" * bool(fault)
    return of_columns(title, columns)
