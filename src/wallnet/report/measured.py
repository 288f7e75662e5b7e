"""Readable tables of a measured device, made from its compact model only."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import files
from wallnet.config.measured import MEASURED
from wallnet.report.device_tables import write_tables
from wallnet.report.tables import Table

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


def measured_tables(
    model: str | Path, csv_path: str | Path, markdown_path: str | Path, html_path: str | Path
) -> None:
    """Tabulate a measured device: its levels and the points of its transfer curve.

    Parameters
    ----------
    model : str or Path
        Compact model of the device.
    csv_path : str or Path
        File to write with the levels; with the points if there are no levels.
    markdown_path, html_path : str or Path
        Files to write with all tables.

    Raises
    ------
    wallnet.files.FileError
        If the compact model is missing or damaged, or a table cannot be written.
    """
    data = read(model)
    name = str(data["made_by"]["device"])
    parts = {"levels": _levels, "points": _points}
    tables = [made(data, name) for key, made in parts.items() if key in data]
    write_tables(name, tables, csv_path, markdown_path, html_path)


def _normalized(values: Sequence[float]) -> "NDArray[Any]":
    from wallnet.devices import normalize

    return normalize(values, min(values), max(values))


def _levels(model: Mapping[str, Any], name: str) -> Table:
    """Return the table of the levels, with spread and current if they are known."""
    import pandas

    levels, found = model["levels"], conductances(model)
    columns: dict[str, Any] = {
        "level": range(len(levels)),
        "G (µS)": [value / 1e-6 for value in found],
        "G normalised": _normalized(found),
    }
    if "spread" in levels[0]:
        columns["spread of G (µS)"] = [level["spread"] / 1e-6 for level in levels]
    if "current" in levels[0]:
        columns[column(model, "current")] = [level["current"] for level in levels]
    formats = dict.fromkeys(list(columns)[1:], ".6g") | {"level": "d", "G normalised": ".4f"}
    return Table(f"{name}: levels", pandas.DataFrame(columns), formats)


def _points(model: Mapping[str, Any], name: str) -> Table:
    """Return the table of the points of the transfer curve, and its fault in the title."""
    import pandas

    columns: dict[str, Any] = {}
    for part, values in sorted(model["points"].items()):
        columns[column(model, part)] = values
        columns[f"{part} normalised"] = _normalized(values)
    fault = model["activation"][MEASURED]["fault"]
    return Table(
        f"{name}: transfer curve" + f"; no activation: {fault}" * bool(fault),
        pandas.DataFrame(columns),
        {title: ".4f" if title.endswith("normalised") else ".6g" for title in columns},
    )


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `measured-table` to a command line."""
    table = subparsers.add_parser("measured-table", help="tabulate a measured device")
    table.add_argument("--model", required=True, help="compact model of the device")
    table.add_argument("--csv", required=True, help="table of the levels to write")
    table.add_argument("--markdown", required=True, help="levels and curve, to read as text")
    table.add_argument("--html", required=True, help="levels and curve, for the report")
    table.set_defaults(
        handler=lambda given: measured_tables(given.model, given.csv, given.markdown, given.html)
    )
