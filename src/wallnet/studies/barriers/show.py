"""Tables and figure of a device's barriers, made from the file of its barriers only."""

import math
from typing import Any

import numpy as np
import xarray

from wallnet import files
from wallnet.config import Device, Figures
from wallnet.constants import BOLTZMANN
from wallnet.devices.tables import levels_in_short
from wallnet.files import settings_of
from wallnet.files.schema import SAMPLE
from wallnet.files.schema.states import EXPELLED, REVERSED
from wallnet.jobs import minima_job
from wallnet.questions.presentation import YES, Headline, Presentation, between, some
from wallnet.report import style
from wallnet.report.tables import Format, Table, of_columns
from wallnet.studies.barriers import LEAST_LOSS, Barriers
from wallnet.studies.barriers.gather import retained, thermal_energy
from wallnet.studies.barriers.retention import losses, needed

YEAR = 365.25 * 86400
"""A year in s."""

LONGEST = 1000 * YEAR
"""Lifetime in s above which no number is stated: a device fails earlier for other reasons."""

RETAINED = {**YES, -1: "unknown"}


def loss_text(low: float, high: float) -> str:
    """Return the least and the greatest possible loss as text.

    Examples
    --------
    >>> loss_text(0.738, 0.738), loss_text(0.2, 1.0), loss_text(0.0, 1e-3), loss_text(0.0, 1e-12)
    ('0.74', '0.2 to 1', 'up to 0.001', 'below 1e-09')
    """
    if low < LEAST_LOSS:
        return f"below {LEAST_LOSS:g}" if high < LEAST_LOSS else f"up to {high:.2g}"
    return " to ".join(dict.fromkeys(f"{end:.2g}" for end in (low, high)))


def lifetime_text(seconds: float) -> str:
    """Return a lifetime as text.

    Examples
    --------
    >>> lifetime_text(3.2e-7), lifetime_text(4.1e9), lifetime_text(1e60)
    ('320 ns', '130 years', 'over 1000 years')
    """
    if math.isnan(seconds):
        return "–"
    if seconds > LONGEST:
        return "over 1000 years"
    units = {"years": YEAR, "days": 86400.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}
    for unit, length in units.items():
        if seconds >= length:
            return f"{float(f'{seconds / length:.2g}'):g} {unit}"
    return "below 1 ns"


def states_table(data: xarray.Dataset, name: str) -> Table:
    """Return the table of all states: energy, lowest barrier, lifetime, whether retained."""
    settings, thermal = Barriers.model_validate(settings_of(data)), thermal_energy(data)
    energy = data["state_energy"].values
    barrier, kept = data["state_barrier"].values, data["state_retained"].values
    shown: dict[str, tuple[Any, Format]] = {
        **Show.columns(data, "state_name", "state_wall_bottom", "state_wall_top"),
        "minimum": (np.isfinite(energy).astype(int), RETAINED),
        "energy above the lowest (k_B T)": ((energy - np.nanmin(energy)) / thermal, ".1f"),
        **Show.columns(data, "state_barrier"),
        "lowest barrier (k_B T)": (barrier / thermal, ".1f"),
        "leads to": ([str(state) or "–" for state in data["state_exit"].values], ""),
        **_lasting(settings, data["state_lifetime"].values, kept),
    }
    title = (
        f"{name}: states at {settings.temperature:g} K; a half state with the "
        "lower end ahead is the mirror image of that with the upper end ahead"
    )
    return of_columns(title, shown)


def frequency_text(frequency: float) -> str:
    """Return an attempt frequency in 1/s as text."""
    return f"{frequency:.0e}".replace("+", "")


def _retained(largest_loss: float) -> str:
    """Return the title of the columns of whether states are retained."""
    return f"retained (loss at most {largest_loss:g})"


def _lasting(settings: Barriers, lifetime: Any, kept: Any) -> dict[str, tuple[Any, Format]]:
    """Return the columns of lifetimes in s, (state, attempt), and of whether states stay."""
    low, high = map(frequency_text, settings.attempt_frequencies)
    return {
        f"lifetime at {high} 1/s": (lifetime[:, 0], lifetime_text),
        f"lifetime at {low} 1/s": (lifetime[:, 1], lifetime_text),
        _retained(settings.largest_loss): (kept, RETAINED),
    }


def further_table(data: xarray.Dataset, name: str) -> Table:
    """Return the table of all states at further temperatures."""
    rows = data.stack(row=("further_temperature", "state")).reset_index("row")
    thermal = BOLTZMANN * rows["further_temperature"].values
    barrier, lifetime = rows["further_barrier"].values, rows["further_lifetime"]
    shown: dict[str, tuple[Any, Format]] = {
        **Show.columns(rows, "further_temperature"),
        "state": (rows["state_name"].values, ""),
        **Show.columns(rows, "further_barrier"),
        "lowest barrier (k_B T)": (barrier / thermal, ".1f"),
        **_lasting(
            Barriers.model_validate(settings_of(data)),
            lifetime.transpose("row", "attempt").values,
            rows["further_retained"].values,
        ),
    }
    return of_columns(f"{name}: states at further temperatures", shown)


def pairs_table(data: xarray.Dataset, name: str) -> Table:
    """Return the table of the barriers between neighbouring states.

    The barrier to a track without a wall is that of annihilation, and the barrier back that of
    nucleation.
    """
    thermal = thermal_energy(data)
    shown = Show.columns(data, "pair_first", "pair_second")
    for way, title in {"forward": "barrier", "backward": "barrier back"}.items():
        shown |= Show.columns(data, f"pair_{way}")
        shown[f"{title} (k_B T)"] = (data[f"pair_{way}"].values / thermal, ".1f")
    shown |= Show.columns(data, "pair_converged", "pair_route", "pair_images")
    return of_columns(f"{name}: barriers between neighbouring states", shown)


def _weakest(data: xarray.Dataset) -> tuple[str, dict[float, str]]:
    """Return the time as text, and by temperature in K the largest loss of a whole state then."""
    ends: dict[float, tuple[float, float]] = {}
    for row in losses(data):
        if not files.WallState(row.state).half:
            low, high = ends.get(row.temperature, (0.0, 0.0))
            ends[row.temperature] = max(low, row.low.min()), max(high, row.high.max())
    time = lifetime_text(Barriers.model_validate(settings_of(data)).retention_time)
    return time, {kelvin: loss_text(*pair) for kelvin, pair in ends.items()}


ROUTES = ("both ends together", "one end moves", "the wall leaves the track")
"""Kinds of path, each of which has a style in the figure."""


def _route(*pair: str) -> int:
    """Return the kind of a path between two states, an index of `ROUTES`."""
    if {*pair} & {EXPELLED, REVERSED}:
        return 2
    return int(any(files.WallState(state).half for state in pair))


LEFT_OUT = [
    *("wall, lower edge (nm)", "wall, upper edge (nm)", "minimum"),
    *("energy above the lowest (k_B T)", "lowest barrier (J)"),
]
"""Columns of the table of states that the page of a campaign does not show."""


def is_of(data: xarray.Dataset, device: xarray.Dataset, settings: Any) -> bool:
    """Return whether barriers were computed with these settings and for this device.

    The job of the minima has the track and the film.
    """
    if settings_of(data) != settings:
        return False
    job = minima_job(Device.model_validate(settings_of(device)), settings["temperature"])
    return bool(job.to_json() == data.attrs["simulation"])


class Show(Presentation):
    """Tables and figure of the barriers of a device."""

    of_samples = True

    def tables(self, data: xarray.Dataset, name: str) -> list[Table]:
        """Return the tables of the barriers of a device; the first one is also written as CSV."""
        further = [further_table(data, name)] if data.sizes.get("further_temperature") else []
        return [states_table(data, name), *further, pairs_table(data, name)]

    def tables_of_samples(self, data: xarray.Dataset, name: str) -> list[Table]:
        """Return the table of the losses of states, for which all samples count."""
        settings, rows = Barriers.model_validate(settings_of(data)), [*losses(data)]
        shown: dict[str, tuple[Any, Format]] = {
            "temperature (K)": ([row.temperature for row in rows], ".2f"),
            "state": ([row.state for row in rows], ""),
            "lowest barrier, mean (k_B T)": ([row.barrier for row in rows], ".1f"),
            "least (k_B T)": ([row.least for row in rows], ".1f"),
        }
        for place, frequency in enumerate(settings.attempt_frequencies):
            lost = [loss_text(row.low[place], row.high[place]) for row in rows]
            barrier = [needed(settings)[place]] * len(rows)
            shown[f"loss at {frequency_text(frequency)} 1/s"] = (lost, "")
            title = f"needed at {frequency_text(frequency)} 1/s for {settings.largest_loss:g}"
            shown[f"{title} (k_B T)"] = (barrier, ".1f")
        kept = [row.retained(settings.largest_loss) for row in rows]
        shown |= {
            "samples" if SAMPLE in data.dims else "devices": ([row.samples for row in rows], ".0f"),
            "no minimum, so lost": ([row.nowhere for row in rows], ".0f"),
            "unknown barriers": ([row.unknown for row in rows], ".0f"),
            _retained(settings.largest_loss): (kept, RETAINED),
        }
        time = lifetime_text(settings.retention_time)
        return [of_columns(f"{name}: loss after {time}", shown)]

    def finding(self, data: xarray.Dataset, name: str) -> str:
        """Return the loss of the weakest state, how many states are retained, and their barriers.

        Half states do not count. The loss is the mean of the samples, the others are of the perfect
        device.
        """
        time, ends = _weakest(data)
        weakest = (f"{text} at {kelvin:g} K" for kelvin, text in ends.items())
        lost = f"lost after {time} with a probability of {', '.join(weakest)}"
        data = files.of_perfect_device(data)
        halves = [files.WallState(state).half for state in data["state_name"].values]
        data = data.isel(state=np.flatnonzero(~np.array(halves, dtype=bool)))
        kept = data["state_retained"].values == 1
        settings = Barriers.model_validate(settings_of(data))
        text = f"the weakest state is {lost}, {some(int(kept.sum()), kept.size, 'states')}"
        text += f" retained (loss at most {settings.largest_loss:g}) at {settings.temperature:g} K"
        barriers = data["state_barrier"].values / thermal_energy(data)
        finite = barriers[np.isfinite(barriers)]
        return text + (f", barriers of {between(finite, 1.0, 'k_B T')}" if finite.size else "")

    def compared(self, data: xarray.Dataset) -> list[dict[str, str]]:
        """Return the row in the table of devices: the loss of the weakest state."""
        time, weakest = _weakest(data)
        return [{f"lost after {time} at {kelvin:g} K": text for kelvin, text in weakest.items()}]

    def headline(
        self, data: xarray.Dataset | None, settings: Any, device: xarray.Dataset
    ) -> Headline:
        """Return the barriers of this configuration, or else the minima."""
        name = str(device.attrs["device"])
        data = data if data is None else files.of_perfect_device(data)
        if data is None or not is_of(data, device, settings):
            names = ["level", "state", "minimum of the energy", "moved on by (nm)"]
            text = (
                "A level is retained if the energy has a minimum there, and if the barriers around "
                "it are many times the thermal energy. The barriers are not computed yet, or not "
                "for this configuration; run snakemake barriers."
            )
            table = of_columns(f"{name}: minima of the energy", levels_in_short(device, names))
            return Headline("Retention", text=[text], tables=[table])
        caption = (
            f"{name}, without a pulse, {settings_of(data)['temperature']:g} K: energy along the "
            "minimum-energy paths between neighbouring states, above the lowest state, against the "
            "mean position of the wall."
        )
        text = "A level is retained if the barriers around it are many times the thermal energy."
        table = states_table(data, name)
        shown = table.frame.drop(columns=LEFT_OUT)
        tables = [Table(table.title, shown, table.formats, table.missing)]
        return Headline("Retention", caption, [text], tables)

    def level_columns(
        self, data: xarray.Dataset | None, device: xarray.Dataset
    ) -> dict[str, tuple[list[Any], Format]]:
        """Return columns of levels: the lowest barrier of each, and whether it is retained.

        The title states their temperature if it is not that of the device's film.
        """
        barriers, thermal, stated = {}, 1.0, ""
        if data is not None:
            barriers, thermal = retained(data), thermal_energy(data)
            kelvin = settings_of(data)["temperature"]
            swept = Device.model_validate(settings_of(device))
            stated = "" if kelvin == swept.temperature.ambient else f" at {kelvin:g} K"
        # where the energy has no minimum, no wall stays
        nowhere = {-1: (np.nan, -1), 0: (np.nan, 0), 1: (np.nan, -1)}
        states, minimum = (device[f"level_{name}"].values for name in ("state", "minimum"))
        both = zip(states, minimum, strict=True)
        pairs = [barriers.get(str(state), nowhere[int(kind)]) for state, kind in both]
        return {
            f"lowest barrier{stated} (k_B T)": ([energy / thermal for energy, _ in pairs], ".1f"),
            "retained": ([kept for _, kept in pairs], RETAINED),
        }

    def draw(self, data: xarray.Dataset, figures: Figures) -> "style.Figure":
        """Draw the energy along all paths against the position of the wall, and all states."""
        data = files.of_perfect_device(data)
        thermal = thermal_energy(data)
        lowest = np.nanmin(data["state_energy"].values)
        figure, grid = style.panels(figures, 2, 1, 0.95, sharex=True)
        panels = grid[:, 0]
        along = (data["pair_wall_bottom"].values + data["pair_wall_top"].values) / 2 / 1e-9
        energy = (data["pair_energy"].values - lowest) / thermal
        routes = list(map(_route, data["pair_first"].values, data["pair_second"].values))
        position = (data["state_wall_bottom"].values + data["state_wall_top"].values) / 2 / 1e-9
        height = (data["state_energy"].values - lowest) / thermal
        retained = data["state_retained"].values
        for axes in panels:
            for pair, route in enumerate(routes):
                name = None if route in routes[:pair] else ROUTES[route]
                axes.plot(along[pair], energy[pair], label=name, **style.look(route))
            looks = ((1, "black", "retained"), (0, "white", "not retained"), (-1, "0.6", "?"))
            for value, fill, text in looks:
                chosen = retained == value
                look = {"linestyle": "none", "marker": "o", "markersize": 5, "zorder": 3}
                look |= {"markerfacecolor": fill, "markeredgecolor": "black"}
                if chosen.any():
                    axes.plot(position[chosen], height[chosen], label=f"state, {text}", **look)
            axes.set_ylabel(r"energy ($\mathit{k}_B \mathit{T}$)")
        together = energy[[route == 0 for route in routes]]
        if np.isfinite(together).any():
            tallest = float(np.nanmax(together))
            panels[1].set_ylim(-0.06 * tallest, 1.25 * tallest)
        panels[0].set_title("(a) all paths")
        panels[1].set_title("(b) the lowest energies")
        panels[0].legend(loc="best", ncols=2)
        panels[1].set_xlabel(r"mean position of both ends of the wall, $\mathit{x}$ (nm)")
        return figure
