"""Readable tables of a device, made from its device file or its compact model only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet import files
from wallnet.config.measured import MEASURED
from wallnet.devices.conductance import normalize
from wallnet.files import WallState
from wallnet.files.schema.states import EXPELLED, FREE, INITIAL, MOVING, REVERSED, SEVERAL, WIDER
from wallnet.questions.presentation import SETTLED, YES, with_temperature
from wallnet.report.faults import caveats
from wallnet.report.tables import Columns, Format, Table, of_columns, significant, texts

if TYPE_CHECKING:
    import xarray

BEYOND = "only beyond the model"
"""Mark of levels that only pulses beyond the model reach."""

SLIPPED = "yes, but a wall initialised there moved on"
"""Mark of states in which the energy has a minimum that the simulated wall left."""

POSITION = "mean wall position (nm)"
"""Column of the tables of pulses and levels."""

SIGNS = {
    **{INITIAL: "i", REVERSED: "R", EXPELLED: "E"},
    **{FREE: "f", WIDER: "w", MOVING: "m", SEVERAL: "s"},
}
"""Signs of states without notches."""

OUTSIDE = "outside the constant-parameter model"
"""Mark of pulses that heat the track so much that its material changes."""

BEYOND_MODEL = "beyond the model"
"""Mark of pulses that heat the film to K_eff = 0 or its Curie temperature."""

WRITE_ENERGIES: dict[str, tuple[str, float, Format]] = {
    "J in the metal (1e12 A/m²)": ("metal_current_density", 1e12, ".4f"),
    "current (mA)": ("write_current", 1e-3, significant),
    "voltage (V)": ("write_voltage", 1.0, significant),
    "energy (pJ)": ("write_energy", 1e-12, significant),
    "temperature rise, mean (K)": ("mean_temperature_rise", 1.0, ".1f"),
    "temperature rise, middle (K)": ("temperature_rise", 1.0, ".1f"),
}
"""Columns of energy and temperature of pulses: variable of a device file, unit and format."""


def tabulate(sources: Mapping[str, Sequence[str | Path]], _: str = "") -> dict[str, str]:
    """Tabulate a device, given its file, or the compact model of a measured one, by its kind.

    The CSV file has only the sweep, of a measured device its levels, or else its transfer curve.
    The Markdown and HTML files also have the levels or the activation.
    """
    ((kind, (path,)),) = sources.items()
    if kind == MEASURED:
        model = read_measured(path)
        name = str(model["made_by"]["device"])
        parts = {"levels": _measured_levels, "points": _measured_points}
        return texts(name, [build(model, name) for key, build in parts.items() if key in model])
    data = files.read_dataset(path, kind)
    name = str(data.attrs.get("device", Path(path).stem))
    title = with_temperature(name, data)
    sweep = of_columns(f"{title}: after each pulse", _sweep(data) | write_energies(data))
    more = [build(data, title) for build in MORE_TABLES.get(kind, [])]
    # the last column has it in words
    shown = replace(sweep, frame=sweep.frame.drop(columns="beyond_model"))
    return texts(name, [shown, *more], caveats({name: data}), numbers=sweep)


def _sweep(data: "xarray.Dataset") -> Columns:
    """Return the states after each pulse."""
    conductance = data["final_conductance"].sel(reading=list(files.READINGS)).values / 1e-6
    return {
        "J (1e12 A/m²)": (data["current_density"].values / 1e12, ".4f"),
        "state": (data["state"].values, ""),
        "beyond_model": (data["beyond_model"].values, YES),
        "settled": (data["settled"].values, SETTLED),
        "pinned against the current": (data["held"].values, {**YES, -1: "–"}),
        "read at (ns)": (data["read_time"].values / 1e-9, ".2f"),
        "wall, lower edge (nm)": (data["final_wall_bottom"].values / 1e-9, ".1f"),
        "wall, upper edge (nm)": (data["final_wall_top"].values / 1e-9, ".1f"),
        POSITION: (data["final_wall_position"].values / 1e-9, ".1f"),
        "G, parallel (µS)": (conductance[0], ".3f"),
        "G, series (µS)": (conductance[1], ".3f"),
    }


def write_energies(pulses: Any) -> Columns:
    """Return energy and temperature of pulses; the given variables have the shape (pulses,)."""
    columns: Columns = {
        title: (np.asarray(pulses[name]) / unit, form)
        for title, (name, unit, form) in WRITE_ENERGIES.items()
    }
    outside, beyond = (np.asarray(pulses[f"{name}_model"]) for name in ("outside", "beyond"))
    marks = {0: "inside", 1: OUTSIDE, 2: BEYOND_MODEL}
    return columns | {"model": (outside.astype(int) + beyond, marks)}


def sign_of(state: str) -> str:
    """Return the sign of a state, as in the map of where pulses lead.

    Examples
    --------
    >>> sign_of("notch 2"), sign_of("between 3 and 2"), sign_of("reversed")
    ('2', '3-2', 'R')
    """
    named = WallState(state)
    return named.file_name if named.ends else SIGNS.get(named, named.replace("gap ", "g"))


def smallest_density(
    swept: "np.ndarray", shown: Callable[[float], str] = "{:.4f}".format
) -> Callable[[float], str]:
    """Return a format for the smallest J of a sweep that leads to a state.

    If the sweep begins there, a smaller J may do as well, which ≤ says. `swept` is in the unit of
    the numbers to be shown, of which `shown` returns the text.

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


def levels_of(data: "xarray.Dataset") -> Columns:
    """Return all levels, with numbered whole levels."""
    half = data["half"].values != 0
    numbers = np.cumsum(~half) - 1
    level = {
        key: data[f"level_{key}"].values
        for key in ("state", "source", "resting_state", "minimum", "position", "shift")
    }
    unmeasured = level["source"] == ""
    none = [
        f"none: {'a wall initialised there' if minimum else 'no minimum of the energy, the wall'} "
        + ("did not come to rest" if there in (state, MOVING) else f"went to {there}")
        for minimum, state, there in zip(
            level["minimum"], level["state"], level["resting_state"], strict=True
        )
    ]
    minimum = level["minimum"] + (unmeasured & (level["minimum"] == 1))
    normalized = data["normalized_level_conductance"].sel(reading=list(files.READINGS)).values
    reached = np.where(data["reachable"].values != 0, YES[1], YES[0])
    return {
        "level": (np.where(half, "half", numbers.astype(str)), ""),
        "state": (level["state"], ""),
        "measured from": (np.where(unmeasured, none, level["source"]), ""),
        POSITION: (level["position"] / 1e-9, ".1f"),
        "G normalised, parallel": (normalized[0], ".4f"),
        "G normalised, series": (normalized[1], ".4f"),
        "reached by the sweep": (np.where(data["level_beyond_model"] != 0, BEYOND, reached), ""),
        SMALLEST: (
            data["reaching_current_density"].values / 1e12,
            smallest_density(data["current_density"].values / 1e12),
        ),
        "minimum of the energy": (minimum, {**YES, -1: "not examined", 2: SLIPPED}),
        "energy (J)": (data["level_energy"].values, ".6e"),
        "residual field (A/m)": (data["level_residual_field"].values, ".2g"),
        "moved on by (nm)": (level["shift"] / 1e-9, ".1f"),
    }


SHORT = {
    "G normalised, parallel": "G norm., parallel",
    "G normalised, series": "G norm., series",
    "reached by the sweep": "reached",
    SMALLEST: "smallest J (1e12 A/m²)",
    "minimum of the energy": "minimum",
}
"""Titles of columns that are longer in the table of all levels."""


def levels_in_short(data: "xarray.Dataset", names: Sequence[str]) -> Columns:
    """Return some columns of `levels_of`."""
    columns = levels_of(data)
    return {SHORT.get(name, name): columns[name] for name in names}


def _activation(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of each reading's quartic, its errors and its faults."""
    data = data.sel(reading=list(files.READINGS)).sortby("power")
    columns: Columns = {"reading": (data["reading"].values, "")}
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
    "synapse": [lambda data, name: of_columns(f"{name}: levels", levels_of(data))],
}
"""Tables of a kind of device in addition to its sweep."""


# Measured devices


def read_measured(path: str | Path) -> dict[str, Any]:
    """Read the compact model of a measured device; of a simulated one, raise `FileError`."""
    model = files.read_json(path, ["kind", "units", "made_by"])
    if model["kind"] != MEASURED:
        raise files.FileError(f"{path} is of no measured device; delete it and run snakemake")
    return model


def with_unit(model: Mapping[str, Any], name: str) -> str:
    """Return the title of a column of a user's file, with its unit."""
    unit = model["units"].get(name, "").replace("m2", "m²")
    return f"{name} ({unit})" if unit else name


def measured_conductances(model: Mapping[str, Any]) -> list[float]:
    """Return the conductances of all levels in S, ascending."""
    return [level["conductance"][MEASURED] for level in model["levels"]]


def _measured_levels(model: Mapping[str, Any], name: str) -> Table:
    """Return the table of the levels, with spread and current if they are known."""
    levels, conductances = model["levels"], measured_conductances(model)
    columns: Columns = {
        "level": (range(len(levels)), "d"),
        "G (µS)": ([value / 1e-6 for value in conductances], ".6g"),
        "G normalised": (normalize(conductances, min(conductances), max(conductances)), ".4f"),
    }
    if "spread" in levels[0]:
        columns["spread of G (µS)"] = ([level["spread"] / 1e-6 for level in levels], ".6g")
    if "current" in levels[0]:
        columns[with_unit(model, "current")] = ([level["current"] for level in levels], ".6g")
    if "pulses" in levels[0]:
        columns["pulses"] = ([level["pulses"] for level in levels], ".6g")
    if "energy" in levels[0]:
        columns["energy (pJ)"] = ([level["energy"] / 1e-12 for level in levels], ".6g")
    return of_columns(f"{name}: levels", columns)


def _measured_points(model: Mapping[str, Any], name: str) -> Table:
    """Return the table of the points of the transfer curve, and its fault in the title."""
    columns: Columns = {}
    for part, values in sorted(model["points"].items()):
        columns[with_unit(model, part)] = (values, ".6g")
        columns[f"{part} normalised"] = (normalize(values, min(values), max(values)), ".4f")
    fault = model["activation"][MEASURED]["fault"]
    title = f"{name}: transfer curve" + f"; no activation: {fault}" * bool(fault)
    return of_columns(title, columns)
