"""Tables and figure of a device's response to a pulse train, made from its dataset only."""

import itertools
from typing import Any

import numpy as np
import pandas
import xarray

from wallnet import files
from wallnet.config import Figures
from wallnet.devices.figures import G_NORM_LABEL, density_in_1e12
from wallnet.devices.tables import write_energies
from wallnet.devices.write_energy import (
    trained_waveforms,
    write_energy_of,
    write_energy_of_train,
)
from wallnet.jobs.report import WriteEnergyJob
from wallnet.questions.presentation import Headline, Presentation, rows_of, some, with_temperature
from wallnet.report import style
from wallnet.report.tables import Columns, Format, Table, of_columns
from wallnet.report.tracks import draw_ends


def _pulses(data: xarray.Dataset) -> Columns:
    """Return the states after each pulse."""
    readings = data.sel(reading=list(files.READINGS))
    conductance = readings["pulse_conductance"].values / 1e-6
    normalized = readings["normalized_pulse_conductance"].values
    pulse = [f"pulse_{part}" for part in ("duration", "state", "settled")]
    ends = ("pulse_wall_bottom", "pulse_wall_top")
    return {
        **Show.columns(data, "pulse", "pulse_current_density", *pulse, *ends),
        "G, parallel (µS)": (conductance[0], ".3f"),
        "G, series (µS)": (conductance[1], ".3f"),
        "G normalised, parallel": (normalized[0], ".4f"),
        "G normalised, series": (normalized[1], ".4f"),
    }


def _branches(rows: pandas.DataFrame, name: str) -> Table:
    """Return the table of potentiation and depression, one row a branch and reading."""
    ends = zip(rows["branch_first"], rows["branch_last"], strict=True)
    names = ("reading", "branch_steps", "step_size", "nonlinearity", "step_slope")
    shown: dict[str, tuple[Any, Format]] = {
        "pulses": ([f"{first} to {last}" for first, last in ends], ""),
        "branch": (np.where(rows["rising"], "potentiation", "depression"), ""),
        **Show.columns(rows, *names),
    }
    return of_columns(f"{name}: potentiation and depression", shown)


def _asymmetry(rows: pandas.DataFrame, name: str) -> Table:
    """Return the table of what differs between potentiation and the depression after it.

    The asymmetry of NeuroSim is the difference of the two labels. The bias β of aihwkit is that of
    steps Δ (1 + β) upwards and Δ (1 - β) downwards.
    """
    later = rows.groupby("reading").shift(-1)
    pair = rows["rising"] & later["rising"].eq(False)
    up, down = rows[pair], later[pair]
    ends = zip(up["branch_first"], down["branch_last"], strict=True)
    steps, back = up["step_size"].abs(), down["step_size"].abs()
    shown: dict[str, tuple[Any, Format]] = {
        "pulses": ([f"{first} to {last:.0f}" for first, last in ends], ""),
        "reading": (up["reading"], ""),
        "asymmetry (NeuroSim)": ((up["nonlinearity"] - down["nonlinearity"]).abs(), ".2f"),
        "β (aihwkit)": ((steps - back) / (steps + back), "+z.4f"),
    }
    return of_columns(f"{name}: asymmetry", shown)


MOST_PULSES = 4
"""Largest number of different pulses of a train that a caption lists."""


def pulses_text(data: xarray.Dataset) -> str:
    """Return the pulses of a train as text: each with its number of repetitions, or their range."""
    densities = map(density_in_1e12, data["pulse_current_density"].values[1:])
    durations = (f"{duration / 1e-9:g}" for duration in data["pulse_duration"].values[1:])
    pulses = list(zip(densities, durations, strict=True))
    runs = [(pulse, len(list(same))) for pulse, same in itertools.groupby(pulses)]
    if len(runs) > MOST_PULSES:
        density, time = (
            " to ".join(dict.fromkeys((min(column, key=float), max(column, key=float))))
            for column in zip(*pulses, strict=True)
        )
        return f"{len(pulses)} pulses of {density}e12 A/m² for {time} ns"
    return ", ".join(f"{n} × {density}e12 A/m² for {time} ns" for (density, time), n in runs)


class Show(Presentation):
    """Tables and figure of the response of a device to a pulse train."""

    def tables(self, data: xarray.Dataset, name: str) -> list[Table]:
        """Return the tables of a pulse train, that of the pulses first, with their write energy."""
        job = WriteEnergyJob.of_dataset(data.attrs)
        names = ("pulse_current_density", "pulse_duration", "pulse_start")
        density, duration, start = (data[variable].values for variable in names)
        spent = write_energy_of_train(job, density, duration, start, trained_waveforms(data))
        # index 0 is the state before the first pulse; it needs no energy
        driven, costs = data["pulse"].values > 0, write_energies(spent).items()
        energies = {title: (np.where(driven, cost, np.nan), form) for title, (cost, form) in costs}
        rows = rows_of(data.sel(reading=list(files.READINGS)), "branch", "reading")
        rows = rows.assign(rising=density[rows["branch_first"]] > 0)
        return [
            of_columns(f"{name}: after each pulse", _pulses(data) | energies),
            _branches(rows, name),
            _asymmetry(rows, name),
        ]

    def finding(self, data: xarray.Dataset, name: str) -> str:
        """Return how many pulses of a train changed the state."""
        states = data["pulse_state"].values
        changing = int((states[1:] != states[:-1]).sum())
        return f"{some(changing, states.size - 1, f'pulses of {name}')} changed the state"

    def faults(self, data: xarray.Dataset, name: str) -> list[str]:
        """Return the pulses whose pause is too short."""
        moving = data["pulse"].values[data["pulse_settled"].values == 0]
        if not moving.size:
            return []
        return [
            f"pulse train {name}: the wall still moved after the pause of pulse "
            f"{', '.join(map(str, moving))}; lengthen the pause"
        ]

    def headline(
        self, data: xarray.Dataset | None, settings: Any, device: xarray.Dataset
    ) -> Headline:
        """Return the figure."""
        assert data is not None, "`usual` results are there"
        caption = (
            f"{settings['device']}, pulse train "
            f"{with_temperature(data.attrs['subject'], data)} ({pulses_text(data)}): "
            "conductance after each pulse, "
            "both ends of the wall and the current density against time."
        )
        return Headline("Pulse train", caption)

    def writing(self, data: xarray.Dataset, levels: int) -> np.ndarray | None:
        """Return what it takes to write the levels of a synapse, one level a pulse.

        The first branch has to lead up from the lowest level, and the second one down again; each
        pulse of them leads to another state.

        Returns
        -------
        ndarray or None
            Pulses, energy in J, and pulses outside the constant-parameter model that take a synapse
            from a row to a column, shape (3, 1 + levels, levels); the first row is the state before
            any pulse, the others are the levels. None if the train cannot write them.
        """
        density = data["pulse_current_density"].values
        state = data["pulse_state"].values
        job = WriteEnergyJob.of_dataset(data.attrs)
        shapes = zip(density, data["pulse_duration"].values, trained_waveforms(data), strict=True)
        # each from a cold track
        single = [write_energy_of(job, *shape) for shape in shapes]
        spent = np.array([(1.0, cost["write_energy"], cost["outside_model"]) for cost in single])
        first, steps = (data[f"branch_{name}"].values[:2].tolist() for name in ("first", "steps"))
        distinct = [
            len(set(state[pulse - 1 : pulse + count])) == count + 1
            for pulse, count in zip(first, steps, strict=True)
        ]
        leads_up_and_down = np.sign(density[first]).tolist() == [1.0, -1.0] and first[0] == 1
        top = steps[0] if steps else 0
        if not (leads_up_and_down and all(distinct) and steps[1] == top >= levels - 1):
            return None
        # the first pulse down starts from the highest level
        up, down = spent[1 : 1 + top], spent[first[1] : first[1] + top][::-1]
        starts, ends = [0, *range(levels)], range(levels)
        parts = [[up[i:k] if k > i else down[k:i] for k in ends] for i in starts]
        sums = [[pulses.sum(axis=0) for pulses in row] for row in parts]
        return np.moveaxis(np.array(sums), -1, 0)

    def draw(self, data: xarray.Dataset, figures: Figures) -> "style.Figure":
        """Draw conductance against pulse number, both wall ends and the current against time."""
        figure, grid = style.panels(figures, 3, 1, 0.9, height_ratios=[1.3, 1.3, 0.5])
        steps, ends, current = grid[:, 0]
        for index, reading in enumerate(files.READINGS):
            values = data["normalized_pulse_conductance"].sel(reading=reading).values
            look = style.look(index, marker=True) | {"label": f"{reading} reading"}
            steps.plot(data["pulse"].values, values, **look)
        steps.set(xlabel="pulse number", ylabel=G_NORM_LABEL, title="(a) after each pulse")
        steps.xaxis.get_major_locator().set_params(integer=True)
        steps.legend(loc="best")
        time = data["time"].values / 1e-9
        draw_ends(ends, data)
        ends.set(ylabel=r"wall $\mathit{x}$ (nm)", title="(b) wall ends and current density")
        ends.legend(loc="best")
        ends.tick_params(labelbottom=False)
        density = data["applied_current_density"].values / 1e12
        current.plot(time, density, color="0.2", drawstyle="steps-pre")
        current.set(xlabel="time (ns)", ylabel=style.J_LABEL)
        for axes in (ends, current):
            axes.set_xlim(0, float(np.max(time)))
        return figure
