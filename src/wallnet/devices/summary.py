"""A device as a table that a person can read."""

import csv
import html
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wallnet import files

if TYPE_CHECKING:
    import xarray

_YES = {1: "yes", 0: "no"}
_SETTLED = {**_YES, -1: "not asked"}


_MARKUP = str.maketrans({"<": "&lt;", ">": "&gt;", "|": r"\|", "`": r"\`", "[": r"\[", "]": r"\]"})


def markdown_text(text: str) -> str:
    r"""Return text from outside as Markdown that shows it in one line and does nothing else.

    Examples
    --------
    >>> print(markdown_text("<b> | [a](b)"))
    &lt;b&gt; \| \[a\](b)
    """
    return " ".join(text.split()).translate(_MARKUP)


@dataclass(frozen=True)
class Table:
    """A title, the names of the columns with their units, and the rows as text."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def as_csv(self) -> str:
        """Return comma-separated values with a header."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return stream.getvalue()

    def as_markdown(self) -> str:
        """Return a Markdown table below its title."""
        rows = [tuple(map(markdown_text, row)) for row in self.rows]
        lines = [self.columns, tuple("---" for _ in self.columns), *rows]
        body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        return f"## {markdown_text(self.title)}\n\n{body}\n"

    def as_html(self) -> str:
        """Return an HTML table with its title as caption."""

        def row(cells: Sequence[str], tag: str) -> str:
            inner = "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)
            return f"<tr>{inner}</tr>"

        body = "\n".join(row(cells, "td") for cells in self.rows)
        return (
            f"<table>\n<caption>{html.escape(self.title)}</caption>\n"
            f"<thead>{row(self.columns, 'th')}</thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"
        )


PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; font-size: 10pt; margin: 1.5em; }}
table {{ border-collapse: collapse; margin-bottom: 2em; }}
caption {{ text-align: left; font-weight: bold; padding-bottom: 0.5em; }}
th, td {{ padding: 0.2em 0.8em; text-align: right; border-bottom: 1px solid #ddd; }}
thead th {{ border-bottom: 1px solid #000; }}
</style>
</head>
<body>
{body}</body>
</html>
"""
"""A page of the report around a table: format with `title` and `body`."""


def summary(
    device: str | Path, csv_path: str | Path, markdown_path: str | Path, html_path: str | Path
) -> None:
    """Tabulate a device file: what each pulse left, and the levels or the activation.

    Parameters
    ----------
    device : str or Path
        Device file.
    csv_path : str or Path
        Gets the sweep alone, one row a current density.
    markdown_path, html_path : str or Path
        Get all tables.

    Raises
    ------
    wallnet.files.FileError
        If the device file is missing or damaged, or a table cannot be written.
    """
    data = files.read_dataset(device, "track")
    name = str(data.attrs.get("device", Path(device).stem))
    tables = [_sweep(data, name)]
    if data.attrs["kind"] == "synapse":
        tables.append(_levels(data, name))
    if data.attrs["kind"] == "neuron":
        tables.append(_activation(data, name))
    files.write_text(tables[0].as_csv(), csv_path)
    files.write_text("\n".join(table.as_markdown() for table in tables), markdown_path)
    body = "".join(table.as_html() for table in tables)
    files.write_text(PAGE.format(title=html.escape(name), body=body), html_path)


def _number(value: float, scale: float, decimals: int) -> str:
    """Write a number in the unit that `scale` stands for; a missing one as a dash."""
    return f"{value / scale:.{decimals}f}" if math.isfinite(value) else "–"


def _sweep(data: "xarray.Dataset", name: str) -> Table:
    conductance = data["final_conductance"]
    return Table(
        f"{name}: after each pulse",
        (
            "J (1e12 A/m²)",
            "state",
            "settled",
            "held against the current",
            "read at (ns)",
            "wall, lower edge (nm)",
            "wall, upper edge (nm)",
            "mean wall position (nm)",
            "G, parallel (µS)",
            "G, series (µS)",
        ),
        [
            (
                _number(pulse["current_density"].item(), 1e12, 4),
                str(pulse["state"].item()),
                _SETTLED[int(pulse["settled"])],
                _YES[int(pulse["held"])],
                _number(pulse["read_time"].item(), 1e-9, 2),
                *(
                    _number(pulse[f"final_wall_{end}"].item(), 1e-9, 1)
                    for end in ("bottom", "top", "position")
                ),
                *(
                    _number(conductance.sel(reading=reading)[index].item(), 1e-6, 3)
                    for reading in files.READINGS
                ),
            )
            for index, pulse in (
                (index, data.isel(current_density=index))
                for index in range(data.sizes["current_density"])
            )
        ],
    )


def _levels(data: "xarray.Dataset", name: str) -> Table:
    numbers = {str(data["level_state"][k].item()): str(k) for k in range(data.sizes["level"])}
    rows = []
    for index in range(data.sizes["extended_level"]):
        level = data.isel(extended_level=index)
        state = str(level["extended_state"].item())
        normalized = level["extended_normalized_conductance"]
        rows.append(
            (
                numbers.get(state, "half"),
                state,
                level["extended_source"].item()
                or f"none: went to {level['extended_resting_state'].item()}",
                _number(level["extended_position"].item(), 1e-9, 1),
                *(_number(normalized.sel(reading=r).item(), 1, 4) for r in files.READINGS),
                "yes" if level["extended_reachable"] else "no",
                _number(level["extended_reaching_current_density"].item(), 1e12, 4),
            )
        )
    rows += _other_states(data)
    return Table(
        f"{name}: levels",
        (
            "level",
            "state",
            "measured from",
            "mean wall position (nm)",
            "G normalised, parallel",
            "G normalised, series",
            "reached by the sweep",
            "smallest J that reaches it (1e12 A/m²)",
        ),
        rows,
    )


_NO_LEVEL = {
    "wider": "its ends are at notches further apart",
    "free": "no notch holds it",
    "expelled": "it left the track on the left",
}


def _other_states(data: "xarray.Dataset") -> list[tuple[str, ...]]:
    """Return rows for final states of the sweep that are no level, and why they are none."""
    listed = {str(state) for state in data["extended_state"].values}
    start, stop = (
        data["level_conductance"].isel(level=end).values for end in (0, data.sizes["level"] - 1)
    )
    first: dict[str, int] = {}
    for index in np.argsort(np.abs(data["current_density"].values), kind="stable"):
        state = str(data["state"].values[index])
        if state not in listed and data["settled"].values[index] != 0:
            first.setdefault(state, int(index))
    rows = []
    for state, index in sorted(
        first.items(), key=lambda item: data["final_wall_position"].values[item[1]]
    ):
        pulse = data.isel(current_density=index)
        normalized = (pulse["final_conductance"].values - start) / (stop - start)
        why = _NO_LEVEL.get(state, "the track's end cuts the notch, so no wall is placed there")
        rows.append(
            (
                "none",
                state,
                f"no level: {why}",
                _number(pulse["final_wall_position"].item(), 1e-9, 1),
                *(_number(value, 1, 4) for value in normalized),
                "yes",
                _number(pulse["current_density"].item(), 1e12, 4),
            )
        )
    return rows


def _activation(data: "xarray.Dataset", name: str) -> Table:
    rows = [
        (
            str(reading),
            *(_number(value, 1, 5) for value in data["quartic"].sel(reading=reading).values),
            *(
                _number(data[key].sel(reading=reading).item(), 1, 4)
                for key in ("fit_error", "fit_rms", "relu_deviation")
            ),
            str(data["fault"].sel(reading=reading).item()) or "yes",
        )
        for reading in files.READINGS
    ]
    return Table(
        f"{name}: quartic of the normalised transfer curve, valid for 0 ≤ J ≤ 1; 0 below, "
        "saturated above",
        (
            "reading",
            *(f"coefficient of power {power}" for power in range(5)),
            "largest error",
            "rms error",
            "largest deviation from ReLU",
            "an activation",
        ),
        rows,
    )
