"""Tables and figure of networks on devices as they are made."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wallnet import files
from wallnet.config import Figures
from wallnet.config.imperfections import ALL, CAUSES
from wallnet.files.datasets import checked_reading
from wallnet.report import style
from wallnet.report.networks import MADE_BY, dataset_title, mean_and_deviation, with_column
from wallnet.report.tables import Table, notes_of, texts

if TYPE_CHECKING:
    import pandas

PLACE = ["causes", "dataset", "device", "reading"]
"""Columns that name the networks of all seeds with a set of causes."""

CASE = ["cause", "key", "value"]
"""Columns that name a case; the last two are empty but on a curve."""

TITLES = {ALL: "all together", **{name: name.replace("_", " ") for name in CAUSES}}
"""Titles of the causes."""

LABELS = {
    "temperature": "temperature (K)",
    "time": "time (s)",
    "resistance": "resistance (Ω)",
    "size": "spread, over that of the device",
}
"""Labels of the keys of curves, if they are not their names."""


def accuracies(sources: Mapping[str, Sequence[str]]) -> "pandas.DataFrame":
    """Return all draws, a row each, from files of kind `as_made` as `evaluations`.

    Beside the columns of `PLACE` and `CASE` there are `seed`, `accuracy`, the one of the network on
    its levels as `clean`, and `lost`, in per cent points.
    """
    import pandas

    rows = []
    for path in sources["evaluations"]:
        data = files.read_dataset(path, "as_made")
        place = [Path(path).parent.name, *(str(data.attrs[name]) for name in PLACE[1:])]
        clean = float(data["clean_accuracy"])
        settings = json.loads(data.attrs["parameters"])["causes"]
        cases = zip(data["cause"].values, data["varied_key"].values, strict=True)
        owns: dict[str, list[Any]] = {cause: [] for cause in data["cause"].values}
        for cause, key in dict.fromkeys(cases):
            owns[cause] += [(key, settings[cause][key])] if key else []
        for index, values in enumerate(data["as_made_accuracy"].values):
            case = [data[name].values[index] for name in ("cause", "varied_key", "varied_value")]
            # the set itself is a point of its curves
            for point in (case, *([case[0], *own] for own in owns[case[0]] if not case[1])):
                rows += [
                    [*place, *point, str(data.attrs["seed"]), value, clean, clean - value]
                    for value in values[np.isfinite(values)]
                ]
    columns = [*PLACE, *CASE, "seed", "accuracy", "clean", "lost"]
    return pandas.DataFrame(rows, columns=columns)


def summary(draws: "pandas.DataFrame") -> "pandas.DataFrame":
    """Return mean and deviation of each case over all seeds and draws, in the order of the files.

    `clean` is the mean accuracy of the networks on their levels.
    """
    by_case = draws.groupby([*PLACE, *CASE], sort=False, dropna=False)
    return by_case.agg(
        seeds=("seed", "nunique"),
        draws=("accuracy", "size"),
        clean=("clean", "mean"),
        mean=("accuracy", "mean"),
        deviation=("accuracy", "std"),
        lost=("lost", "mean"),
    ).reset_index()


class Cost(NamedTuple):
    """What imperfections cost the networks of a data set on a device.

    Attributes
    ----------
    accuracy : str
        Accuracy with all causes in per cent, mean and deviation.
    cause : str
        The cause that costs most alone.
    """

    accuracy: str
    cause: str


Costs = Mapping[tuple[str, str, str], Mapping[str, Cost]]
"""What imperfections cost by data set, device and reading, of each set of causes."""


def read(table: str | Path) -> Costs:
    """Return what imperfections cost.

    They are read from the CSV file of `tabulate`; without it there are none.
    """
    import pandas

    if not Path(table).exists():
        return {}
    with checked_reading(table, "a table of networks as made"):
        rows = pandas.read_csv(table, keep_default_na=False).query("key == ''")
        costs: dict[tuple[str, str, str], dict[str, Cost]] = {}
        for (causes, *place), own in rows.groupby(PLACE, sort=False):
            cases = own.set_index("cause")
            whole, alone = cases.loc[ALL], cases["lost"].astype(float).drop(ALL)
            text = f"{float(whole['mean']):.2f}"
            text += f" ± {float(whole['deviation']):.2f}" if whole["deviation"] else ""
            cost = Cost(text, TITLES[alone.idxmax()] if len(alone) else TITLES[ALL])
            costs.setdefault((place[0], place[1], place[2]), {})[causes] = cost
    return costs


def readable(draws: "pandas.DataFrame") -> list[Table]:
    """Return a table for each set of causes: a row each cause, the most costly first."""
    import pandas

    tables = []
    alone = draws[draws["key"] == ""]
    for causes, chosen in alone.groupby("causes", sort=False):
        chosen = with_column(chosen)
        cost = chosen.groupby("cause")["lost"].mean().drop(ALL).sort_values(ascending=False)
        cells = chosen.groupby(["cause", "column"])["accuracy"].agg(mean_and_deviation)
        clean = chosen.drop_duplicates(["column", "seed"]).groupby("column")["clean"]
        columns = chosen["column"].unique()
        shown = cells.unstack().reindex(index=[ALL, *cost.index], columns=columns)
        shown.index = pandas.Index([TITLES[name] for name in shown.index])
        first = clean.agg(mean_and_deviation).reindex(columns)
        shown = pandas.concat([first.to_frame("on the levels").T, shown])
        frame = shown.rename_axis(index="Cause").reset_index()
        tables.append(Table(f"Networks as made: {causes}", frame.fillna("–")))
    return tables


def tabulate(sources: Mapping[str, Sequence[str]], _: str = "") -> dict[str, str]:
    """Tabulate the accuracies of networks as made; the CSV file has all numbers."""
    draws = accuracies(sources)
    formats = dict.fromkeys(("clean", "mean", "deviation", "lost"), ".4f") | {"value": ".6g"}
    numbers = Table("as-made", summary(draws), formats, missing="")
    return texts("Networks as made", readable(draws), [notes_of("as_made")], [MADE_BY], numbers)


def _name_of_set(places: Sequence[Any], place: tuple[str, ...]) -> tuple[str, ...]:
    """Return the name of a set of causes if another one has the same networks; else nothing."""
    same = [other for other, _ in places if other[1:] == place[1:]]
    return place[:1] if same[1:] else ()


def draw(
    sources: Mapping[str, Sequence[str]], _: str, figures: Figures
) -> tuple["style.Figure", dict[str, Any]]:
    """Draw the accuracy lost to each cause, and the accuracy against the size of causes."""
    rows = summary(accuracies(sources))
    places = [*rows.groupby(PLACE, sort=False)]
    alone = rows[(rows["key"] == "") & (rows["cause"] != ALL)]
    order = alone.groupby("cause")["lost"].mean().sort_values().index.tolist()
    entries = [*rows[rows["key"] != ""].groupby(["cause", "key"], sort=False).groups]
    columns = min(3, 1 + len(entries))
    lines = -(-(1 + len(entries)) // columns)
    figure, axes = style.panels(figures, lines, columns, 0.33 * lines)
    panels = axes.ravel()
    for index, (place, of_place) in enumerate(places):
        label = ", ".join([dataset_title(place[1]), *place[2:], *_name_of_set(places, place)])
        look = style.look(index, marker=True) | {"markersize": 3}
        cost = of_place[of_place["key"] == ""].set_index("cause").reindex([*order, ALL])
        heights = np.arange(len(cost)) + 0.1 * (index - len(places) / 2)
        spread = cost["deviation"].fillna(0.0)
        panels[0].errorbar(
            cost["lost"], heights, xerr=spread, label=label, **{**look, "linestyle": ""}
        )
        for panel, (cause, key) in zip(panels[1:], entries, strict=False):
            curve = of_place[(of_place["cause"] == cause) & (of_place["key"] == key)]
            curve = curve.sort_values("value")
            error = curve["deviation"].fillna(0.0)
            panel.errorbar(curve["value"], curve["mean"], yerr=error, **look)
            panel.set_xlabel(LABELS.get(key, key))
            panel.set_title(TITLES[cause], loc="center")
            panel.set_ylabel("test accuracy (%)")
    panels[0].set_yticks(range(len(order) + 1), [TITLES[name] for name in [*order, ALL]])
    panels[0].set_xlabel("accuracy lost (% points)")
    panels[0].set_xscale("symlog", linthresh=1.0)
    panels[0].axvline(0.0, color="black", linewidth=0.5)
    panels[0].margins(x=0.1)
    for panel in panels[1 + len(entries) :]:
        panel.set_visible(False)
    style.legend_below(figure, panels[0], 2)
    return figure, {}
