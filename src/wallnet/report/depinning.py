"""Tables and figure of walls that leave notches, made from their file only."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet import files
from wallnet.config import Figures
from wallnet.jobs import DepinningJob
from wallnet.report import style
from wallnet.report.device_tables import write_tables
from wallnet.report.style import add_report_arguments, report_files
from wallnet.report.tables import Format, Table

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

_TRACKS = {0: "with all notches", 1: "with this notch only"}

_ENDS = {1: "one end leaves", 2: "both ends leave"}


def depinning_report(
    depinning: str | Path,
    tables: tuple[str | Path, str | Path, str | Path],
    figures: Figures,
    png_path: str | Path,
    vector_path: str | Path,
) -> None:
    """Tabulate and draw thresholds and dwell times.

    Parameters
    ----------
    depinning : str or Path
        Thresholds and dwell times of a device, kind 'depinning'.
    tables : tuple of str or Path
        CSV file to write with the thresholds only, then Markdown and HTML files with both tables.
    figures : Figures
        Style of all figures.
    png_path, vector_path : str or Path
        Figure to write.

    Raises
    ------
    wallnet.files.FileError
        If the data are missing or damaged, or a file cannot be written.
    """
    data = files.read_dataset(depinning, "depinning")
    name = str(data.attrs["device"])
    write_tables(name, [_thresholds(data, name), _dwell(data, name)], *tables)
    origin = ("parameters", "revision", "wallnet_version")
    with style.apply(figures):
        style.save(
            draw(data, figures),
            png_path,
            vector_path,
            title=f"{name}: depinning",
            **{key: str(data.attrs[key]) for key in origin},
        )


def _thresholds(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of the thresholds: for one and for both ends, the two pulses around it."""
    import pandas

    rows = []
    for index in range(data.sizes["place"]):
        at = data.isel(place=index)
        row: dict[str, Any] = {
            "notch": at["place_notch"].item(),
            "track": _TRACKS[at["place_alone"].item()],
        }
        for ends, words in _ENDS.items():
            for title, edge in (("above", "low"), ("by", "high")):
                row[f"{words}, {title} (1e12 A/m²)"] = (
                    at[f"threshold_{edge}"].sel(ends=ends).item() / 1e12
                )
        rows.append(row)
    frame = pandas.DataFrame(rows)
    formats: dict[str, Format] = {"notch": ".0f"}
    formats |= dict.fromkeys([title for title in frame.columns if "A/m²" in title], ".4f")
    return Table(f"{name}: thresholds from rest", frame, formats)


def dwell(data: "xarray.Dataset") -> tuple[np.ndarray, np.ndarray]:
    """Return how long each end is at each notch in s, and whether it is still there.

    Both have the axes (current density, notch, edge). The time is up to the end of the pulse for an
    end that does not leave; NaN for one that never arrives.
    """
    pulse = DepinningJob.from_json(str(data.attrs["parameters"])).sweep_duration
    reached, left = data["reach_time"].values, data["leave_time"].values
    stays = np.isfinite(reached) & ~np.isfinite(left)
    return np.where(stays, pulse, left) - reached, stays


def _dwell(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of the dwell times: one row a pulse and notch that an end reaches."""
    import pandas

    times, stays = dwell(data)
    edges = data["edge"].values.tolist()
    rows = []
    for column, density in enumerate(data["current_density"].values):
        for place, notch in enumerate(data["notch"].values):
            if not np.isfinite(times[column, place]).any():
                continue
            row: dict[str, Any] = {"J (1e12 A/m²)": density / 1e12, "notch": int(notch)}
            for index, edge in enumerate(edges):
                at = (column, place, index)
                row[f"{edge} end reaches it (ns)"] = data["reach_time"].values[at] / 1e-9
                row[f"{edge} end leaves it (ns)"] = data["leave_time"].values[at] / 1e-9
                row[f"{edge} end is there for (ns)"] = _shown(times[at] / 1e-9, bool(stays[at]))
            rows.append(row)
    frame = pandas.DataFrame(rows)
    formats: dict[str, Format] = {"J (1e12 A/m²)": ".4f", "notch": ".0f"}
    formats |= dict.fromkeys([t for t in frame.columns if t.endswith("it (ns)")], ".2f")
    return Table(f"{name}: dwell times in the sweep", frame, formats)


def _shown(time: float, stays: bool) -> str:
    """Return a dwell time in ns as text."""
    if not np.isfinite(time):
        return "–"
    return f"{'≥ ' * stays}{time:.2f}"


def draw(data: "xarray.Dataset", figures: Figures) -> "Figure":
    """Draw the thresholds of all notches, and the dwell times against the current density."""
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=style.size(figures, 0.45))
    index = 0
    for alone, track in _TRACKS.items():
        chosen = data["place_alone"].values == alone
        if not chosen.any():
            continue
        for ends, words in _ENDS.items():
            high = data["threshold_high"].sel(ends=ends).values[chosen] / 1e12
            low = data["threshold_low"].sel(ends=ends).values[chosen] / 1e12
            left.errorbar(
                data["place_notch"].values[chosen],
                (low + high) / 2,
                (high - low) / 2,
                label=f"{words}, {track}",
                **style.look(index, marker=True),
            )
            index += 1
    left.set_xlabel("notch")
    left.set_ylabel(r"threshold from rest, $\mathit{J}$ ($10^{12}$ A/m²)")
    left.set_xticks(data["notch"].values)
    left.legend()
    times, stays = dwell(data)
    densities = data["current_density"].values / 1e12
    for place, notch in enumerate(data["notch"].values):
        # both ends have to leave; a wall that stays has no dwell time
        longest = np.where(stays[:, place].any(axis=1), np.nan, times[:, place].max(axis=1))
        right.plot(
            densities, longest / 1e-9, label=f"notch {notch}", **style.look(place, marker=True)
        )
    right.set_xlabel(r"$\mathit{J}$ ($10^{12}$ A/m²)")
    right.set_ylabel("longest time of an end at the notch (ns)")
    right.legend()
    return figure


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `depinning-report` to a command line."""
    command = subparsers.add_parser(
        "depinning-report", help="tabulate and draw the thresholds of a device and its dwell times"
    )
    command.add_argument("--depinning", required=True, help="thresholds of the device")
    add_report_arguments(command, "table of the thresholds to write")
    command.set_defaults(
        handler=lambda given: depinning_report(given.depinning, *report_files(given))
    )
