"""Readable tables of a device, made from its device file only."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet import files
from wallnet.devices.write_energy import job_of, write_energy_of_sweep
from wallnet.files import WallState
from wallnet.files.schema.states import EXPELLED, FREE, REVERSED, WIDER
from wallnet.report import write_energies
from wallnet.report.faults import caveats
from wallnet.report.tables import Format, Table, of_columns, texts

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


def tabulate(sources: Mapping[str, Sequence[str | Path]], _: str = "") -> dict[str, str]:
    """Tabulate a device file: the state after each pulse, and the levels or the activation.

    Parameters
    ----------
    sources : mapping
        The device file as `device`.

    Returns
    -------
    dict
        Texts of the CSV file, which has only the sweep, and of the Markdown and HTML files.
    """
    (path,) = sources["device"]
    data = files.read_dataset(path, "track")
    name = str(data.attrs.get("device", Path(path).stem))
    found = write_energy_of_sweep(data, data["current_density"].values)
    sweep = write_energies.joined(_sweep(data, name), write_energies.columns(found))
    more = [made(data, name) for made in MORE_TABLES.get(data.attrs["kind"], [])]
    tables = [sweep, *more, write_energies.conditions(job_of(data), name)]
    return texts(name, tables, caveats({name: data}))


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
        "mean wall position (nm)": (data["final_wall_position"].values / 1e-9, ".1f"),
        "G, parallel (µS)": (conductance[0], ".3f"),
        "G, series (µS)": (conductance[1], ".3f"),
    }
    return of_columns(f"{name}: after each pulse", columns)


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


def levels_table(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of all levels, with numbered whole levels, and of other final states."""
    import pandas

    numbers = np.cumsum(data["half"].values == 0) - 1
    rows = []
    for index, number in enumerate(numbers.tolist()):
        level = data.isel(level=index)
        reached = _YES[int(level["reachable"])]
        lost = "no minimum of the energy, " if int(level["level_minimum"]) == 0 else ""
        no_wall = f"none: {lost}went to {level['level_resting_state'].item()}"
        row = {
            "level": "half" if level["half"] else number,
            "state": str(level["level_state"].item()),
            "measured from": level["level_source"].item() or no_wall,
            **_place(level["level_position"], level["normalized_level_conductance"]),
            "reached by the sweep": BEYOND if level["level_beyond_model"] else reached,
            SMALLEST: level["reaching_current_density"].item() / 1e12,
            "minimum of the energy": int(level["level_minimum"]),
            "energy (J)": level["level_energy"].item(),
            "residual field (A/m)": level["level_residual_field"].item(),
            "moved on by (nm)": level["level_shift"].item() / 1e-9,
        }
        rows.append(row)
    rows += _other_states(data)
    smallest = smallest_density(data["current_density"].values / 1e12)
    return Table(f"{name}: levels", pandas.DataFrame(rows), {**_LEVEL_FORMATS, SMALLEST: smallest})


def _place(position: "xarray.DataArray", normalized: "xarray.DataArray") -> dict[str, float]:
    """Return the columns of a position in m and of its normalised conductances."""
    found = {"mean wall position (nm)": position.item() / 1e-9}
    values = {f"G normalised, {each}": normalized.sel(reading=each) for each in files.READINGS}
    return found | {title: value.item() for title, value in values.items()}


def _other_states(data: "xarray.Dataset") -> list[dict[str, Any]]:
    """Return rows for final states of the sweep that are not levels, with the reason."""
    listed = set(map(str, data["level_state"].values))
    first: dict[str, int] = {}
    for index in np.argsort(np.abs(data["current_density"].values), kind="stable"):
        state = str(data["state"].values[index])
        if state not in listed and data["settled"].values[index] != 0:
            first.setdefault(state, int(index))
    rows = []
    position = data["final_wall_position"].values
    for state, index in sorted(first.items(), key=lambda item: position[item[1]]):
        pulse = data.isel(current_density=index)
        why = f"no level: {_why_none(WallState(state))}"
        row: dict[str, Any] = {"level": "none", "state": state, "measured from": why}
        row |= _place(pulse["final_wall_position"], pulse["normalized_final_conductance"])
        smallest = pulse["current_density"].item() / 1e12
        rows.append(row | {"reached by the sweep": "yes", SMALLEST: smallest})
    return rows


def _why_none(state: WallState) -> str:
    if state.half and not state.upper_leads:
        return "its lower end is ahead, and a level has the upper one ahead"
    return _NO_LEVEL.get(state, "the track's end cuts the notch, so no wall is initialised there")


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
    "synapse": [levels_table],
}
"""Tables of a kind of device in addition to its sweep."""
