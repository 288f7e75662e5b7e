"""Tables and map of the transitions of a device, made from their file only."""

import itertools
from typing import Any

import numpy as np
import xarray

from wallnet.config import Figures
from wallnet.devices.write_energy import WriteEnergy, write_energy_of
from wallnet.files.schema.states import WITHOUT_WALL
from wallnet.jobs.write_energy import WriteEnergyJob
from wallnet.report import style, write_energies
from wallnet.report.device_tables import SETTLED, sign_of
from wallnet.report.tables import Format, Table, of_columns
from wallnet.studies.showing import YES, cells


def tables(data: xarray.Dataset, name: str) -> list[Table]:
    """Return the tables of pulses, sequences and states."""
    job = WriteEnergyJob.of_dataset(data.attrs)
    durations, densities = data["duration"].values, data["current_density"].values
    # of the pulses from one state, in the order of the table
    cost = write_energy_of(
        job, np.tile(densities, len(durations)), np.repeat(durations, len(densities))
    )
    return [
        _pulses(data, name, cost),
        _sequences(data, name, cost),
        _states(data, name),
    ]


def _pulses(data: xarray.Dataset, name: str, cost: WriteEnergy) -> Table:
    """Return the table of all pulses."""
    import pandas

    ends = data[[f"end_{each}" for each in ("state", "settled", "bottom", "top", "target")]]
    rows = ends.to_dataframe(["start", "duration", "current_density"]).reset_index()
    targets = data["target"].values
    table = of_columns(
        f"{name}: where each pulse leads",
        {
            "from": (rows["start"], ""),
            "duration (ns)": (rows["duration"] / 1e-9, ".3f"),
            "J (1e12 A/m²)": (rows["current_density"] / 1e12, "+.4f"),
            "state after the pulse": (rows["end_state"], ""),
            "settled": (rows["end_settled"], SETTLED),
            "wall, lower edge (nm)": (rows["end_bottom"] / 1e-9, ".1f"),
            "wall, upper edge (nm)": (rows["end_top"] / 1e-9, ".1f"),
            "target": ([targets[each] if each >= 0 else None for each in rows["end_target"]], ""),
        },
    )
    columns = [write_energies.columns(cost.variables())] * data.sizes["start"]
    return write_energies.joined(table, pandas.concat(columns, ignore_index=True))


def sequence(data: xarray.Dataset, start: str, target: str) -> list[tuple[float, float, str]]:
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


def _sequences(data: xarray.Dataset, name: str, cost: WriteEnergy) -> Table:
    """Return the table of the shortest sequences, each pulse from a cold track."""
    import pandas

    each = list(itertools.product(data["duration"].values, data["current_density"].values))
    energy = dict(zip(each, cost.energy, strict=True))
    rise = dict(zip(each, cost.rise.peak, strict=True))
    rows = []
    states = (map(str, data[name].values) for name in ("start", "target"))
    for start, target in itertools.product(*states):
        if start == target:
            continue
        found = sequence(data, start, target)
        pulses = [(duration, density) for density, duration, _ in found]
        shown = [f"{j / 1e12:+.4f} for {t / 1e-9:g} ns to {to}" for j, t, to in found]
        told = {"J (1e12 A/m²), duration, state after it": "; ".join(shown) or None}
        told["energy (pJ)"] = sum(energy[pulse] for pulse in pulses) / 1e-12 or None
        told["largest rise, middle (K)"] = max((rise[pulse] for pulse in pulses), default=None)
        rows.append({"from": start, "to": target, "pulses": len(found) or None, **told})
    formats = {"pulses": ".0f", "energy (pJ)": ".3f", "largest rise, middle (K)": ".1f"}
    return Table(f"{name}: shortest sequences of pulses", pandas.DataFrame(rows), formats)


def _states(data: xarray.Dataset, name: str) -> Table:
    """Return the table of what rests, and of what nothing reaches or leaves."""
    # the first targets are the starts, and no pulse starts from the others
    others = data.sizes["target"] - data.sizes["start"]
    columns: dict[str, tuple[Any, Format]] = {
        "state": (data["target"].values, ""),
        "a wall initialised there rests": ([*data["start_stable"].values, *[None] * others], YES),
        "a pulse reaches it": (data["reached"].values, YES),
        "a pulse leaves it": ([*data["left"].values, *[0] * others], YES),
    }
    return of_columns(f"{name}: states", columns)


def draw(data: xarray.Dataset, figures: Figures) -> "style.Figure":
    """Draw the state after each pulse over current density and start, one panel a duration."""
    from matplotlib import colormaps
    from matplotlib.colors import Normalize

    starts, durations = data["start"].values, data["duration"].values
    densities = data["current_density"].values
    middle = (data["end_bottom"].values + data["end_top"].values) / 2 / 1e-9
    scale = Normalize(0.0, max(float(middle.max()), 1.0))
    signs = np.vectorize(sign_of, otypes=[object])(data["end_state"].values)
    signs = np.where(data["end_target"].values >= 0, signs, "(" + signs + ")")
    height = 0.1 + len(durations) * (0.08 + 0.045 * len(starts))
    figure, panels = style.panels(figures, len(durations), 1, height, sharex=True)
    for column, axes in enumerate(panels[:, 0]):
        # the light part, on which black text can be read
        colours = colormaps["viridis"](0.35 + 0.65 * scale(middle[:, column]))
        columns = [f"{each / 1e12:+g}" for each in densities]
        cells(axes, colours, signs[:, column], columns, [sign_of(str(each)) for each in starts])
        axes.set(ylabel="from", title=f"pulses of {durations[column] / 1e-9:g} ns")
    panels[-1, 0].set_xlabel(style.J_LABEL)
    return figure


NOTHING, NO_WALL, UNKNOWN = "nothing", "a wall initialised there moves on", "unknown"


def level_columns(
    data: xarray.Dataset | None, device: xarray.Dataset
) -> dict[str, tuple[list[str], Format]]:
    """Return what pulses do to levels: which are reached, and which pulses leave them."""
    states = [str(state) for state in device["level_state"].values]
    sign = 1 if device["current_density"].values.sum() >= 0 else -1
    left = "left by pulses of the {} sign ({}), |J| (1e12 A/m²)"
    shown = {1: "+", -1: "-"}
    return {
        "reached from other states": ([_reached(state, data) for state in states], ""),
        left.format("sweep's", shown[sign]): ([_left(state, data, sign) for state in states], ""),
        left.format("opposite", shown[-sign]): ([_left(each, data, -sign) for each in states], ""),
    }


def _reached(state: str, transitions: xarray.Dataset | None) -> str:
    """Return whether a pulse from another state leads to a state."""
    if transitions is None or state not in transitions["target"].values:
        return UNKNOWN
    return YES[int(transitions["reached"].sel(target=state))]


def _left(state: str, transitions: xarray.Dataset | None, sign: int) -> str:
    """Return the pulses of a sign that leave a state, and where they lead, as text.

    States have their signs, in brackets where the wall does not rest in one of the states from
    which pulses start.
    """
    if state in WITHOUT_WALL:
        return NOTHING
    if transitions is None or state not in transitions["start"].values:
        return UNKNOWN
    of_state = transitions.sel(start=state)
    if not of_state["start_stable"].item():
        return NO_WALL
    itself = transitions["target"].values.tolist().index(state)
    found = []
    for duration in transitions["duration"].values:
        pulses = []
        for density in sorted(transitions["current_density"].values, key=abs):
            end = of_state.sel(duration=duration, current_density=density)
            if density * sign > 0 and end["end_target"].item() != itself:
                there = sign_of(str(end["end_state"].item()))
                shown = there if end["end_target"].item() >= 0 else f"({there})"
                pulses.append(f"{abs(density) / 1e12:g} to {shown}")
        if pulses:
            found.append(f"{duration / 1e-9:g} ns: {', '.join(pulses)}")
    return "; ".join(found) or NOTHING
