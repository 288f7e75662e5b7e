"""Tables and figure of the intervals of a device, made from their file only."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wallnet import files
from wallnet.config import Figures
from wallnet.report import style
from wallnet.report.device_tables import SETTLED, write_tables
from wallnet.report.style import add_report_arguments, report_files
from wallnet.report.tables import Format, Table

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

_YES = {1: "yes", 0: "no"}


def interval_report(
    intervals: str | Path,
    tables: tuple[str | Path, str | Path, str | Path],
    figures: Figures,
    png_path: str | Path,
    vector_path: str | Path,
) -> None:
    """Tabulate and draw the intervals of a device.

    Parameters
    ----------
    intervals : str or Path
        Intervals of the device, kind 'intervals'.
    tables : tuple of str or Path
        CSV file to write with the intervals only, then Markdown and HTML files with both tables.
    figures : Figures
        Style of all figures.
    png_path, vector_path : str or Path
        Figure to write.

    Raises
    ------
    wallnet.files.FileError
        If the file is missing or damaged, or a figure or table cannot be written.
    """
    data = files.read_dataset(intervals, "intervals")
    name = str(data.attrs["device"])
    made = [_intervals(data, name), _pulses(data, name)]
    write_tables(f"{name}: intervals", made, *tables)
    origin = ("parameters", "simulation", "revision", "wallnet_version")
    with style.apply(figures):
        style.save(
            draw(data, figures),
            png_path,
            vector_path,
            title=f"{name}: intervals",
            **{key: str(data.attrs[key]) for key in origin},
        )


def _intervals(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of the intervals.

    A sweep whose step is at most the width of an interval always has a pulse in it; a wider step
    can miss it.
    """
    import pandas

    low, high = (data[f"interval_{edge}"].values / 1e12 for edge in ("low", "high"))
    columns = {
        "state after the pulse": data["interval_state"].values,
        "at rest": data["interval_settled"].values,
        "from (1e12 A/m²)": low,
        "to (1e12 A/m²)": high,
        "edges, ± (1e12 A/m²)": data["interval_error"].values / 1e12,
        "width (1e12 A/m²)": high - low,
        "half width (%)": 100 * (high - low) / np.abs(high + low),
        "pulses of the sweep in it": data["interval_swept"].values,
    }
    formats: dict[str, Format] = {
        "at rest": _YES,
        "from (1e12 A/m²)": ".4f",
        "to (1e12 A/m²)": ".4f",
        "edges, ± (1e12 A/m²)": ".4f",
        "width (1e12 A/m²)": ".4f",
        "half width (%)": ".1f",
        "pulses of the sweep in it": ".0f",
    }
    return Table(f"{name}: intervals of current density", pandas.DataFrame(columns), formats)


def _pulses(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of all pulses, of the sweep and of the bisection."""
    import pandas

    columns = {
        "J (1e12 A/m²)": data["current_density"].values / 1e12,
        "state": data["state"].values,
        "settled": data["settled"].values,
        "pulse of the sweep": data["swept"].values,
    }
    formats: dict[str, Format] = {
        "J (1e12 A/m²)": ".4f",
        "settled": SETTLED,
        "pulse of the sweep": _YES,
    }
    return Table(f"{name}: all pulses", pandas.DataFrame(columns), formats)


def draw(data: "xarray.Dataset", figures: Figures) -> "Figure":
    """Draw the interval of each state over the current density."""
    from matplotlib import pyplot

    states = list(dict.fromkeys(map(str, data["interval_state"].values)))
    densities = data["current_density"].values / 1e12
    low = np.nan_to_num(data["interval_low"].values / 1e12, nan=float(densities[0]))
    high = np.nan_to_num(data["interval_high"].values / 1e12, nan=float(densities[-1]))
    figure, axes = pyplot.subplots(figsize=style.size(figures, 0.15 + 0.05 * len(states)))
    for index, state in enumerate(map(str, data["interval_state"].values)):
        rests = bool(data["interval_settled"].values[index])
        axes.barh(
            states.index(state),
            high[index] - low[index],
            left=low[index],
            height=0.6,
            facecolor=style.COLOURS[5] if rests else "white",
            edgecolor="0.3",
        )
    swept = data["swept"].values == 1
    rows = np.array([states.index(str(each)) for each in data["state"].values])
    axes.plot(densities[swept], rows[swept], linestyle="none", marker="o", color="black")
    axes.plot(densities[~swept], rows[~swept], linestyle="none", marker="|", color="black")
    axes.set_yticks(range(len(states)), states)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(r"$\mathit{J}$ ($10^{12}$ A/m²)")
    return figure


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `interval-report` to a command line."""
    command = subparsers.add_parser(
        "interval-report", help="tabulate and draw the intervals of current density of a device"
    )
    command.add_argument("--intervals", required=True, help="intervals of the device")
    add_report_arguments(command, "table of the intervals to write")
    command.set_defaults(
        handler=lambda given: interval_report(given.intervals, *report_files(given))
    )
