"""Readable tables of a device, made from its device file only."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet import files
from wallnet.devices.write_energy import swept_pulse, write_energy_of
from wallnet.files import WallState
from wallnet.files.schema.states import EXPELLED, FREE, REVERSED, WIDER
from wallnet.jobs.write_energy import WriteEnergyJob
from wallnet.report import write_energies
from wallnet.report.faults import caveats
from wallnet.report.tables import Format, Table, markdown_text, page

if TYPE_CHECKING:
    import xarray

_YES = {1: "yes", 0: "no"}
SETTLED = {**_YES, -1: "not asked"}

BEYOND = "only beyond the Curie temperature"
"""Mark of levels that only pulses beyond the model reach."""

SIGNS = {REVERSED: "R", EXPELLED: "E", FREE: "f", WIDER: "w"}
"""Signs of states without notches."""

_NO_LEVEL = {
    WIDER: "its ends are at notches further apart",
    FREE: "no notch pins it",
    EXPELLED: "it left the track on the left",
}


def device_tables(
    device: str | Path,
    csv_path: str | Path,
    markdown_path: str | Path,
    html_path: str | Path,
    write_energy: WriteEnergyJob | None = None,
) -> None:
    """Tabulate a device file: the state after each pulse, and the levels or the activation.

    Parameters
    ----------
    device : str or Path
        Device file.
    csv_path : str or Path
        File to write with the sweep only, one row per current density.
    markdown_path, html_path : str or Path
        Files to write with all tables.
    write_energy : WriteEnergyJob, optional
        What the write energy depends on; without it, the tables have no energies.

    Raises
    ------
    wallnet.files.FileError
        If the device file is missing or damaged, or a table cannot be written.
    """
    data = files.read_dataset(device, "track")
    name = str(data.attrs.get("device", Path(device).stem))
    more = MORE_TABLES.get(data.attrs["kind"], [])
    tables = [made(data, name) for made in (_sweep, *more)]
    if write_energy:
        found = write_energy_of(write_energy, data["current_density"].values, *swept_pulse(data))
        tables[0] = write_energies.joined(tables[0], write_energies.columns(found))
        tables.append(write_energies.conditions(write_energy, name))
    write_tables(name, tables, csv_path, markdown_path, html_path, caveats({name: data}))


def write_tables(
    name: str,
    tables: Sequence[Table],
    csv_path: str | Path,
    markdown_path: str | Path,
    html_path: str | Path,
    first: Sequence[str] = (),
) -> None:
    """Write the first table of a device as CSV, and all of them as Markdown and HTML.

    Sentences that come first are in the latter two.
    """
    files.write_text(tables[0].as_csv(), csv_path)
    parts = [*(f"{markdown_text(text)}\n" for text in first)]
    parts += [table.as_markdown("##") for table in tables]
    files.write_text("\n".join(parts), markdown_path)
    files.write_text(page(name, tables, first=first), html_path)


def _sweep(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of the states after each pulse."""
    import pandas

    conductance = data["final_conductance"].sel(reading=list(files.READINGS)).values / 1e-6
    columns: dict[str, tuple[Any, Format]] = {
        "J (1e12 A/m²)": (data["current_density"].values / 1e12, ".4f"),
        "state": (data["state"].values, ""),
        "beyond_model": (data["beyond_model"].values, _YES),
        "settled": (data["settled"].values, SETTLED),
        "pinned against the current": (data["held"].values, _YES),
        "read at (ns)": (data["read_time"].values / 1e-9, ".2f"),
        "wall, lower edge (nm)": (data["final_wall_bottom"].values / 1e-9, ".1f"),
        "wall, upper edge (nm)": (data["final_wall_top"].values / 1e-9, ".1f"),
        "mean wall position (nm)": (data["final_wall_position"].values / 1e-9, ".1f"),
        "G, parallel (µS)": (conductance[0], ".3f"),
        "G, series (µS)": (conductance[1], ".3f"),
    }
    return Table(
        f"{name}: after each pulse",
        pandas.DataFrame({title: values for title, (values, _) in columns.items()}),
        {title: form for title, (_, form) in columns.items() if form},
    )


def sign_of(state: str) -> str:
    """Return the sign of a state, as in the map of transitions.

    Examples
    --------
    >>> sign_of("notch 2"), sign_of("between 3 and 2"), sign_of("reversed")
    ('2', '3-2', 'R')
    """
    named = WallState(state)
    return named.file_name if named.ends else SIGNS.get(named, "i")


def smallest_density(
    swept: "np.ndarray", shown: Callable[[float], str] = "{:.4f}".format
) -> Callable[[float], str]:
    """Return a format for the smallest J of a sweep that leads to a state.

    If the sweep begins there, a smaller J may do as well, which ≤ says.

    Parameters
    ----------
    swept : ndarray
        Current densities of the sweep, in the unit of the number to be shown.
    shown : callable
        Returns the text of a current density.

    Examples
    --------
    >>> import numpy as np
    >>> text = smallest_density(np.array([0.3, 0.35]))
    >>> text(0.3), text(0.35), text(0.0)
    ('≤ 0.3000', '0.3500', '0.0000')
    """
    least = abs(swept).min() * (1 + 1e-9)

    def text(density: float) -> str:
        sign = ("≤ " if density > 0 else "≥ ") if 0 < abs(density) <= least else ""
        return sign + shown(density)

    return text


SMALLEST = "smallest J that reaches it (1e12 A/m²)"
"""Column of the table of levels."""

_LEVEL_FORMATS: dict[str, Format] = {
    "mean wall position (nm)": ".1f",
    "G normalised, parallel": ".4f",
    "G normalised, series": ".4f",
    "minimum of the energy": {**_YES, -1: "not examined"},
    "energy (J)": ".6e",
    "residual field (A/m)": ".2g",
    "moved on by (nm)": ".1f",
}


def _level_row(
    number: int | str,
    state: str,
    source: str,
    position: float,
    normalized: "np.ndarray",
    reached: str,
    current_density: float,
    minimum: tuple[int | None, float, float, float] = (None, np.nan, np.nan, np.nan),
) -> dict[str, Any]:
    """Return a row of the table of levels, from a position in m and a current density in A/m².

    `minimum` tells whether the energy has a minimum there, its energy in J, the residual field in
    A/m and the distance to it in m.
    """
    held, energy, residual, shift = minimum
    return {
        "level": number,
        "state": state,
        "measured from": source,
        "mean wall position (nm)": position / 1e-9,
        "G normalised, parallel": normalized[0],
        "G normalised, series": normalized[1],
        "reached by the sweep": reached,
        SMALLEST: current_density / 1e12,
        "minimum of the energy": held,
        "energy (J)": energy,
        "residual field (A/m)": residual,
        "moved on by (nm)": shift / 1e-9,
    }


def levels_table(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of all levels, with numbered whole levels, and of other final states."""
    import pandas

    numbers = np.cumsum(data["half"].values == 0) - 1
    rows = []
    for index in range(data.sizes["level"]):
        level = data.isel(level=index)
        rows.append(
            _level_row(
                "half" if level["half"] else int(numbers[index]),
                str(level["level_state"].item()),
                level["level_source"].item() or _why_no_wall(level),
                level["level_position"].item(),
                level["normalized_level_conductance"].sel(reading=list(files.READINGS)).values,
                _reached(level),
                level["reaching_current_density"].item(),
                (
                    int(level["level_minimum"]),
                    level["level_energy"].item(),
                    level["level_residual_field"].item(),
                    level["level_shift"].item(),
                ),
            )
        )
    rows += _other_states(data)
    smallest = smallest_density(data["current_density"].values / 1e12)
    return Table(f"{name}: levels", pandas.DataFrame(rows), {**_LEVEL_FORMATS, SMALLEST: smallest})


def _reached(level: "xarray.Dataset") -> str:
    """Return whether pulses of the sweep reach a level, and whether all of these are too hot."""
    if level["level_beyond_model"]:
        return BEYOND
    return "yes" if level["reachable"] else "no"


def _why_no_wall(level: "xarray.Dataset") -> str:
    """Return why a level has no wall."""
    went = level["level_resting_state"].item()
    if int(level["level_minimum"]) == 0:
        return f"none: no minimum of the energy, went to {went}"
    return f"none: went to {went}"


def _other_states(data: "xarray.Dataset") -> list[dict[str, Any]]:
    """Return rows for final states of the sweep that are not levels, with the reason."""
    listed = set(map(str, data["level_state"].values))
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
        rows.append(
            _level_row(
                "none",
                state,
                f"no level: {_why_none(WallState(state))}",
                pulse["final_wall_position"].item(),
                pulse["normalized_final_conductance"].sel(reading=list(files.READINGS)).values,
                "yes",
                pulse["current_density"].item(),
            )
        )
    return rows


def _why_none(state: WallState) -> str:
    if state.half and not state.upper_leads:
        return "its lower end is ahead, and a level has the upper one ahead"
    return _NO_LEVEL.get(state, "the track's end cuts the notch, so no wall is initialised there")


def _activation(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of each reading's quartic, its errors and its faults."""
    import pandas

    data = data.sel(reading=list(files.READINGS)).sortby("power")
    columns: dict[str, Any] = {"reading": data["reading"].values}
    columns |= {
        f"coefficient of power {power}": data["quartic"].sel(power=power).values
        for power in data["power"].values
    }
    formats = dict.fromkeys(list(columns)[1:], ".5f")
    errors = {
        "largest error": data["fit_error"].values,
        "rms error": data["fit_rms"].values,
        "largest deviation from ReLU": data["relu_deviation"].values,
    }
    faults = {"an activation": [str(fault) or "yes" for fault in data["fault"].values]}
    return Table(
        f"{name}: quartic of the normalised transfer curve, valid for 0 ≤ J ≤ 1; 0 below, "
        "saturated above",
        pandas.DataFrame(columns | errors | faults),
        formats | dict.fromkeys(errors, ".4f"),
    )


MORE_TABLES: dict[str, list[Callable[["xarray.Dataset", str], Table]]] = {
    "neuron": [_activation],
    "synapse": [levels_table],
}
"""Tables of a kind of device in addition to its sweep."""


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `device-table` to a command line."""
    table = subparsers.add_parser(
        "device-table", help="tabulate a device file", description="Tabulate a device file."
    )
    table.add_argument("--device", required=True, help="device file")
    table.add_argument("--csv", required=True, help="table of the sweep to write")
    table.add_argument("--markdown", required=True, help="sweep and levels, to read as text")
    table.add_argument("--html", required=True, help="sweep and levels, for the report")
    write_energies.add_argument(table)
    table.set_defaults(
        handler=lambda given: device_tables(
            given.device, given.csv, given.markdown, given.html, write_energies.job_given(given)
        )
    )
