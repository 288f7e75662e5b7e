"""Tables and map of the transitions of a device, made from their file only."""

import argparse
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wallnet import files
from wallnet.config import Figures
from wallnet.devices.write_energy import WriteEnergy, write_energy_of
from wallnet.files import WallState
from wallnet.files.schema.states import EXPELLED, FREE, REVERSED, WIDER
from wallnet.jobs import WriteEnergyJob
from wallnet.report import style, write_energies
from wallnet.report.device_tables import SETTLED, write_tables
from wallnet.report.style import add_report_arguments, report_files
from wallnet.report.tables import Format, Table

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

_YES = {1: "yes", 0: "no"}
SIGNS = {REVERSED: "R", EXPELLED: "E", FREE: "f", WIDER: "w"}
"""Signs of states without notches in the map."""


def transition_report(
    transitions: str | Path,
    tables: tuple[str | Path, str | Path, str | Path],
    figures: Figures,
    png_path: str | Path,
    vector_path: str | Path,
    write_energy: WriteEnergyJob | None = None,
) -> None:
    """Tabulate and draw where pulses lead from every state of a device.

    Parameters
    ----------
    transitions : str or Path
        Gathered transitions, kind 'transitions'.
    tables : tuple of str or Path
        CSV file to write with the pulses only, then Markdown and HTML files with all tables.
    figures : Figures
        Style of all figures.
    png_path, vector_path : str or Path
        Map to write.
    write_energy : WriteEnergyJob, optional
        What the write energy depends on; without it, the tables have no energies.

    Raises
    ------
    wallnet.files.FileError
        If the file is missing or damaged, or a file cannot be written.
    """
    import pandas

    data = files.read_dataset(transitions, "transitions")
    name = str(data.attrs["device"])
    made = [each(data, name) for each in (_pulses, _sequences, _states)]
    if write_energy:
        found = _write_energy(data, write_energy)
        columns = pandas.concat(
            [write_energies.columns(found)] * data.sizes["start"], ignore_index=True
        )
        made[0] = write_energies.joined(made[0], columns)
        made[1] = _with_write_energies(made[1], data, found)
        made.append(write_energies.conditions(write_energy, name))
    write_tables(f"{name}: transitions", made, *tables)
    origin = ("parameters", "simulation", "revision", "wallnet_version")
    with style.apply(figures):
        style.save(
            draw(data, figures),
            png_path,
            vector_path,
            title=f"{name}: transitions",
            **{key: str(data.attrs[key]) for key in origin},
        )


def _pulses(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of all pulses."""
    import pandas

    targets = data["target"].values
    rows = []
    for place in np.ndindex(data["end_state"].shape):
        point = data.isel(dict(zip(data["end_state"].dims, place, strict=True)))
        target = point["end_target"].item()
        rows.append(
            {
                "from": point["start"].item(),
                "duration (ns)": point["duration"].item() / 1e-9,
                "J (1e12 A/m²)": point["current_density"].item() / 1e12,
                "state after the pulse": point["end_state"].item(),
                "settled": point["end_settled"].item(),
                "wall, lower edge (nm)": point["end_bottom"].item() / 1e-9,
                "wall, upper edge (nm)": point["end_top"].item() / 1e-9,
                "target": targets[target] if target >= 0 else None,
            }
        )
    formats: dict[str, Format] = {
        "duration (ns)": ".3f",
        "J (1e12 A/m²)": "+.4f",
        "settled": SETTLED,
        "wall, lower edge (nm)": ".1f",
        "wall, upper edge (nm)": ".1f",
    }
    return Table(f"{name}: where each pulse leads", pandas.DataFrame(rows), formats)


def sequence(data: "xarray.Dataset", start: str, target: str) -> list[tuple[float, float, str]]:
    """Return the shortest sequence of pulses from a state to another.

    Returns
    -------
    list of tuple
        Current density in A/m², duration in s and the state after it, of each pulse; empty if
        there is no sequence.
    """
    found: list[tuple[float, float, str]] = []
    while start != target:
        pair = data.sel(start=start, target=target)
        if pair["sequence_length"].item() < 0:
            return []
        density = pair["sequence_current_density"].item()
        duration = pair["sequence_duration"].item()
        pulse = data.sel(start=start, duration=duration, current_density=density)
        start = str(data["target"].values[pulse["end_target"].item()])
        found.append((density, duration, start))
    return found


def _sequences(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of the shortest sequences."""
    import pandas

    rows = []
    for start in map(str, data["start"].values):
        for target in map(str, data["target"].values):
            if start == target:
                continue
            pulses = sequence(data, start, target)
            shown = [f"{j / 1e12:+.4f} for {t / 1e-9:g} ns to {to}" for j, t, to in pulses]
            rows.append(
                {
                    "from": start,
                    "to": target,
                    "pulses": len(pulses) or None,
                    "J (1e12 A/m²), duration, state after it": "; ".join(shown) or None,
                }
            )
    columns = ["from", "to", "pulses", "J (1e12 A/m²), duration, state after it"]
    return Table(
        f"{name}: shortest sequences of pulses",
        pandas.DataFrame(rows, columns=columns),
        {"pulses": ".0f"},
    )


def _write_energy(data: "xarray.Dataset", write_energy: WriteEnergyJob) -> WriteEnergy:
    """Return energy and temperature of all pulses from one state, in the order of the table."""
    durations, densities = data["duration"].values, data["current_density"].values
    return write_energy_of(
        write_energy, np.tile(densities, len(durations)), np.repeat(durations, len(densities))
    )


def _with_write_energies(table: Table, data: "xarray.Dataset", write_energy: WriteEnergy) -> Table:
    """Return the table of sequences with energy and largest rise, each pulse from a cold track."""
    each = list(itertools.product(data["duration"].values, data["current_density"].values))
    energy = dict(zip(each, write_energy.energy, strict=True))
    rise = dict(zip(each, write_energy.rise.peak, strict=True))
    rows = []
    for start, target in zip(table.frame["from"], table.frame["to"], strict=True):
        pulses = [(duration, density) for density, duration, _ in sequence(data, start, target)]
        rows.append(
            {
                "energy (pJ)": sum(energy[pulse] for pulse in pulses) / 1e-12 or None,
                "largest rise, middle (K)": max((rise[pulse] for pulse in pulses), default=None),
            }
        )
    frame = table.frame.assign(**{key: [row[key] for row in rows] for key in rows[0]})
    formats = {"energy (pJ)": ".3f", "largest rise, middle (K)": ".1f"}
    return Table(table.title, frame, {**table.formats, **formats})


def _states(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of what rests, and of what nothing reaches or leaves."""
    import pandas

    rows = []
    starts = data["start"].values.tolist()
    for index, state in enumerate(map(str, data["target"].values)):
        of_start = data.sel(start=state) if state in starts else None
        rows.append(
            {
                "state": state,
                "a wall initialised there rests": None
                if of_start is None
                else of_start["start_kept"].item(),
                "a pulse reaches it": data["reached"].values[index],
                "a pulse leaves it": 0 if of_start is None else of_start["left"].item(),
            }
        )
    columns = list(rows[0])
    formats: dict[str, Format] = dict.fromkeys(columns[1:], _YES)
    return Table(f"{name}: states", pandas.DataFrame(rows, dtype=object), formats)


def sign_of(state: str) -> str:
    """Return the sign of a state in the map.

    Examples
    --------
    >>> sign_of("notch 2"), sign_of("between 3 and 2"), sign_of("reversed")
    ('2', '3-2', 'R')
    """
    named = WallState(state)
    return named.file_name if named.ends else SIGNS.get(named, "i")


def draw(data: "xarray.Dataset", figures: Figures) -> "Figure":
    """Draw the state after each pulse over current density and start, one panel a duration."""
    from matplotlib import colormaps, pyplot
    from matplotlib.colors import Normalize
    from matplotlib.patches import Rectangle

    starts, durations = data["start"].values, data["duration"].values
    densities = data["current_density"].values
    middle = (data["end_bottom"].values + data["end_top"].values) / 2 / 1e-9
    scale = Normalize(0.0, max(float(middle.max()), 1.0))
    # the light part, on which black text can be read
    colours = colormaps["viridis"]
    height = 0.1 + len(durations) * (0.08 + 0.045 * len(starts))
    figure, panels = pyplot.subplots(
        len(durations), 1, figsize=style.size(figures, height), sharex=True, squeeze=False
    )
    for column, axes in enumerate(panels[:, 0]):
        for row, index in np.ndindex(len(starts), len(densities)):
            place = row, column, index
            colour = colours(0.35 + 0.65 * scale(middle[place]))
            axes.add_patch(
                Rectangle((index - 0.5, row - 0.5), 1, 1, facecolor=colour, edgecolor="white")
            )
            sign = sign_of(str(data["end_state"].values[place]))
            text = sign if data["end_target"].values[place] >= 0 else f"({sign})"
            axes.text(index, row, text, ha="center", va="center", size=6)
        axes.set_xlim(-0.5, len(densities) - 0.5)
        axes.set_ylim(-0.5, len(starts) - 0.5)
        axes.set_xticks(range(len(densities)), [f"{each / 1e12:+g}" for each in densities])
        axes.set_yticks(range(len(starts)), [sign_of(str(each)) for each in starts])
        axes.tick_params(length=0)
        axes.set_ylabel("from")
        axes.set_title(f"pulses of {durations[column] / 1e-9:g} ns", loc="left")
    panels[-1, 0].set_xlabel(r"$\mathit{J}$ ($10^{12}$ A/m²)")
    return figure


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `transition-report` to a command line."""
    command = subparsers.add_parser(
        "transition-report", help="tabulate and draw where pulses lead from every state"
    )
    command.add_argument("--transitions", required=True, help="gathered transitions")
    add_report_arguments(command, "table of the pulses to write")
    write_energies.add_argument(command)
    command.set_defaults(handler=_report)


def _report(arguments: argparse.Namespace) -> None:
    transition_report(
        arguments.transitions,
        *report_files(arguments),
        write_energies.job_given(arguments),
    )
