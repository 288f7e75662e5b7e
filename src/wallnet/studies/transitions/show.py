"""Tables and map of the transitions of a device, made from their file only."""

import itertools

import numpy as np
import pandas
import xarray

from wallnet import files
from wallnet.config import Figures
from wallnet.devices.tables import sign_of, write_energies
from wallnet.devices.write_energy import write_energy_of
from wallnet.files.schema.states import WITHOUT_WALL
from wallnet.jobs.report import WriteEnergyJob
from wallnet.questions.presentation import YES, Presentation, cells, rows_of, some
from wallnet.report import style
from wallnet.report.tables import Format, Table, of_columns, significant
from wallnet.studies.compact import both_ways, pairs_of


def shortest(pulses: pandas.DataFrame) -> dict[str, dict[str, pandas.DataFrame]]:
    """Return the shortest sequence of pulses between states, by start and target.

    Of sequences with equally many pulses, that with the least heat (sum of J² t) is taken. Pairs
    without a sequence are left out. Pulses have `start` and `target`, `current_density` in A/m² and
    `duration` in s.
    """
    import networkx

    heat = pulses["current_density"] ** 2 * pulses["duration"]
    # the heat decides only between equally many pulses: together it is less than one pulse
    weight = 1 + heat / heat.max() / (2 * pulses["target"].nunique())
    best = pulses.assign(weight=weight).sort_values("weight", kind="stable")
    best = best.drop_duplicates(["start", "target"]).set_index(["start", "target"], drop=False)
    graph = networkx.from_pandas_edgelist(
        best, "start", "target", "weight", create_using=networkx.DiGraph
    )
    return {
        start: {
            target: best.loc[list(itertools.pairwise(path))]
            for target, path in paths.items()
            if target != start
        }
        for start, paths in networkx.all_pairs_dijkstra_path(graph)
    }


_PULSES = "J (1e12 A/m²), duration, state after it"

_NUMBERS: dict[str, Format] = {
    "pulses": ".0f",
    "energy (pJ)": significant,
    "largest rise, middle (K)": ".1f",
}


def _sequences(data: xarray.Dataset, rows: pandas.DataFrame, name: str) -> Table:
    """Return the table of the shortest sequences, each pulse from a cold track."""
    stable = data["start"].values[data["start_stable"].values == 1]
    leads = rows["start"].isin(stable) & rows["target"].notna() & (rows["start"] != rows["target"])
    sequences = shortest(rows[leads])
    table = []
    for start, target in itertools.product(data["start"].values, data["target"].values):
        row = {"from": start, "to": target}
        if (pulses := sequences.get(start, {}).get(target)) is not None:
            steps = pulses[["current_density", "duration", "target"]].itertuples(index=False)
            shown = [f"{j / 1e12:+.4f} for {t / 1e-9:g} ns to {to}" for j, t, to in steps]
            numbers = (len(pulses), pulses["energy"].sum() / 1e-12, pulses["rise"].max())
            row |= {_PULSES: "; ".join(shown), **dict(zip(_NUMBERS, numbers, strict=True))}
        table += [row] if start != target else []
    columns = ["from", "to", "pulses", _PULSES, "energy (pJ)", "largest rise, middle (K)"]
    frame = pandas.DataFrame(table, columns=columns)
    return Table(f"{name}: shortest sequences of pulses", frame, _NUMBERS)


def _states(data: xarray.Dataset, name: str) -> Table:
    """Return the table of the states: whether walls rest there, and pulses reach or leave them."""
    # no pulse starts from a track without a wall
    starts = data[["start_stable", "left"]].to_dataframe()
    rows = data[["reached"]].to_dataframe().join(starts).fillna({"left": 0}).reset_index()
    shown = Show.columns(rows, "target", "start_stable", "reached", "left")
    return of_columns(f"{name}: states", shown)


NOTHING, NO_WALL, UNKNOWN = "nothing", "a wall initialised there moves on", "unknown"


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
    rows = of_state[["end_state", "end_target"]].to_dataframe().reset_index()
    rows = rows[(rows["current_density"] * sign > 0) & (rows["end_target"] != itself)]
    if rows.empty:
        return NOTHING
    rows = rows.assign(size=rows["current_density"].abs()).sort_values("size", kind="stable")
    signs = rows["end_state"].map(sign_of)
    rows["there"] = signs.where(rows["end_target"] >= 0, "(" + signs + ")")
    rows["pulse"] = rows["size"].map(lambda size: f"{size / 1e12:g}") + " to " + rows["there"]
    by_duration = rows.groupby("duration")["pulse"].agg(", ".join)
    return "; ".join(f"{time / 1e-9:g} ns: {pulses}" for time, pulses in by_duration.items())


class Show(Presentation):
    """Tables and figure of the transitions of a device."""

    def tables(self, data: xarray.Dataset, name: str) -> list[Table]:
        """Return the tables of pulses, sequences and states."""
        job = WriteEnergyJob.of_dataset(data.attrs)
        rows = rows_of(data, "start", "duration", "current_density")
        rows["target"] = rows["end_target"].map(dict(enumerate(data["target"].values)))
        cost = write_energy_of(job, rows["current_density"], rows["duration"])
        pulse = ("start", "duration", "current_density")
        ends = ("end_state", "end_settled", "end_bottom", "end_top")
        shown = self.columns(rows, *pulse, *ends) | {"target": (rows["target"].values, "")}
        rows = rows.assign(energy=cost["write_energy"], rise=cost["temperature_rise"])
        return [
            of_columns(f"{name}: where each pulse leads", shown | write_energies(cost)),
            _sequences(data, rows, name),
            _states(data, name),
        ]

    def finding(self, data: xarray.Dataset, name: str) -> str:
        """Return how many states pulses reach from other states."""
        reached = data["reached"].values == 1
        return f"pulses reach {some(int(reached.sum()), reached.size, 'states')} from others"

    def compared(self, data: xarray.Dataset) -> list[dict[str, str]]:
        """Return how many states pulses lead to from each other."""
        pulses = files.of_perfect_device(data)
        states = pulses["target"].values.tolist()
        whole = [state for state in states if not files.WallState(state).half]
        return [{"mutually reachable at 0 K": str(len(both_ways(pairs_of(pulses), whole)))}]

    def level_columns(
        self, data: xarray.Dataset | None, device: xarray.Dataset
    ) -> dict[str, tuple[list[str], Format]]:
        """Return columns of levels: whether pulses reach each, and which pulses leave it."""
        states = [str(state) for state in device["level_state"].values]
        targets, flags = (
            ((), ()) if data is None else (data["target"].values, data["reached"].values)
        )
        reached = {target: YES[flag] for target, flag in zip(targets, flags, strict=True)}
        words = [reached.get(state, UNKNOWN) for state in states]
        shown: dict[str, tuple[list[str], Format]] = {"reached from other states": (words, "")}
        own = 1 if device["current_density"].values.sum() >= 0 else -1
        for which, sign in {"sweep's": own, "opposite": -own}.items():
            title = f"left by pulses of the {which} sign ({'+' if sign > 0 else '-'})"
            pulses = [_left(state, data, sign) for state in states]
            shown[f"{title}, |J| (1e12 A/m²)"] = (pulses, "")
        return shown

    def draw(self, data: xarray.Dataset, figures: Figures) -> "style.Figure":
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
            columns = [f"{density / 1e12:+g}" for density in densities]
            rows = [sign_of(str(start)) for start in starts]
            cells(axes, colours, signs[:, column], columns, rows)
            axes.set(ylabel="from", title=f"pulses of {durations[column] / 1e-9:g} ns")
        panels[-1, 0].set_xlabel(style.J_LABEL)
        return figure
