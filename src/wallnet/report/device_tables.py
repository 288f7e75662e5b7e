"""Readable tables of a device, made from its device file only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet import files
from wallnet.config.measured import MEASURED
from wallnet.files import WallState
from wallnet.files.schema.states import EXPELLED, FREE, REVERSED, WIDER
from wallnet.report import measured, write_energies
from wallnet.report.faults import caveats
from wallnet.report.tables import Format, Table, of_columns, texts

if TYPE_CHECKING:
    import xarray

_YES = {1: "yes", 0: "no"}
SETTLED = {**_YES, -1: "not asked"}

BEYOND = "only beyond the Curie temperature"
"""Mark of levels that only pulses beyond the model reach."""

POSITION = "mean wall position (nm)"
"""Column of the tables of pulses and levels."""

SIGNS = {REVERSED: "R", EXPELLED: "E", FREE: "f", WIDER: "w"}
"""Signs of states without notches."""


def tabulate(sources: Mapping[str, Sequence[str | Path]], _: str = "") -> dict[str, str]:
    """Tabulate a device: the state after each pulse, and the levels or the activation.

    Parameters
    ----------
    sources : mapping
        The device file by the kind of the device, or the compact model of a measured device.

    Returns
    -------
    dict
        Texts of the CSV file, which has only the sweep, and of the Markdown and HTML files. Of a
        measured device, which has no sweep, it has the levels, or else the transfer curve.
    """
    ((kind, (path,)),) = sources.items()
    if kind == MEASURED:
        model = measured.read(path)
        name = str(model["made_by"]["device"])
        return texts(name, measured.tables(model, name))
    data = files.read_dataset(path, kind)
    name = str(data.attrs.get("device", Path(path).stem))
    sweep = write_energies.joined(_sweep(data, name), write_energies.columns(data))
    more = [made(data, name) for made in MORE_TABLES.get(kind, [])]
    return texts(name, [sweep, *more], caveats({name: data}))


def _sweep(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of the states after each pulse."""
    conductance = data["final_conductance"].sel(reading=list(files.READINGS)).values / 1e-6
    columns: dict[str, tuple[Any, Format]] = {
        "J (1e12 A/m²)": (data["current_density"].values / 1e12, ".4f"),
        "state": (data["state"].values, ""),
        "beyond_model": (data["beyond_model"].values, _YES),
        "settled": (data["settled"].values, SETTLED),
        "pinned against the current": (data["held"].values, {**_YES, -1: "–"}),
        "read at (ns)": (data["read_time"].values / 1e-9, ".2f"),
        "wall, lower edge (nm)": (data["final_wall_bottom"].values / 1e-9, ".1f"),
        "wall, upper edge (nm)": (data["final_wall_top"].values / 1e-9, ".1f"),
        POSITION: (data["final_wall_position"].values / 1e-9, ".1f"),
        "G, parallel (µS)": (conductance[0], ".3f"),
        "G, series (µS)": (conductance[1], ".3f"),
    }
    return of_columns(f"{name}: after each pulse", columns)


def sign_of(state: str) -> str:
    """Return the sign of a state, as in the map of where pulses lead.

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


def levels_table(data: "xarray.Dataset", title: str) -> Table:
    """Return the table of all levels, with numbered whole levels."""
    half = data["half"].values != 0
    numbers = np.cumsum(~half) - 1
    level = {
        each: data[f"level_{each}"].values
        for each in ("state", "source", "resting_state", "minimum", "position", "shift")
    }
    lost = np.where(level["minimum"] == 0, "no minimum of the energy, ", "")
    sources = zip(level["source"], lost, level["resting_state"], strict=True)
    normalized = data["normalized_level_conductance"].sel(reading=list(files.READINGS)).values
    reached = np.where(data["reachable"].values != 0, _YES[1], _YES[0])
    columns: dict[str, tuple[Any, Format]] = {
        "level": (np.where(half, "half", numbers.astype(str)), ""),
        "state": (level["state"], ""),
        "measured from": (
            [source or f"none: {why}went to {to}" for source, why, to in sources],
            "",
        ),
        POSITION: (level["position"] / 1e-9, ".1f"),
        "G normalised, parallel": (normalized[0], ".4f"),
        "G normalised, series": (normalized[1], ".4f"),
        "reached by the sweep": (np.where(data["level_beyond_model"] != 0, BEYOND, reached), ""),
        SMALLEST: (
            data["reaching_current_density"].values / 1e12,
            smallest_density(data["current_density"].values / 1e12),
        ),
        "minimum of the energy": (level["minimum"], {**_YES, -1: "not examined"}),
        "energy (J)": (data["level_energy"].values, ".6e"),
        "residual field (A/m)": (data["level_residual_field"].values, ".2g"),
        "moved on by (nm)": (level["shift"] / 1e-9, ".1f"),
    }
    return of_columns(title, columns)


SHORT = {
    **{f"G normalised, {reading}": f"G norm., {reading}" for reading in files.READINGS},
    **{"reached by the sweep": "reached", SMALLEST: "smallest J (1e12 A/m²)"},
    "minimum of the energy": "minimum",
}
"""Titles of columns that are longer in the table of all levels."""


def short_levels_table(data: "xarray.Dataset", title: str, names: Sequence[str]) -> Table:
    """Return some columns of the table of levels."""
    table = levels_table(data, title)
    frame = table.frame[list(names)].rename(columns=SHORT)
    formats = {SHORT.get(name, name): form for name, form in table.formats.items()}
    return replace(table, frame=frame, formats=formats)


def _activation(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of each reading's quartic, its errors and its faults."""
    data = data.sel(reading=list(files.READINGS)).sortby("power")
    columns: dict[str, tuple[Any, Format]] = {"reading": (data["reading"].values, "")}
    for power in data["power"].values:
        columns[f"coefficient of power {power}"] = (data["quartic"].sel(power=power).values, ".5f")
    columns |= {
        "largest error": (data["fit_error"].values, ".4f"),
        "rms error": (data["fit_rms"].values, ".4f"),
        "largest deviation from ReLU": (data["relu_deviation"].values, ".4f"),
        "an activation": ([str(fault) or "yes" for fault in data["fault"].values], ""),
    }
    what = "quartic of the normalised transfer curve, valid for 0 ≤ J ≤ 1"
    return of_columns(f"{name}: {what}; 0 below, saturated above", columns)


MORE_TABLES: dict[str, list[Callable[["xarray.Dataset", str], Table]]] = {
    "neuron": [_activation],
    "synapse": [lambda data, name: levels_table(data, f"{name}: levels")],
}
"""Tables of a kind of device in addition to its sweep."""
