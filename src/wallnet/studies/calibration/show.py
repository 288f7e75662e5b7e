"""Tables and figure of a calibration, made from its file only."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Figures
from wallnet.report import style
from wallnet.report.tables import Format, Table
from wallnet.studies.calibration.ask import Calibration

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SLACK = 1.0
"""Misfit above the least one up to which a candidate counts as good: about one reference value."""

UNDETERMINED = 0.5
"""Share of a range above which good candidates leave a parameter undetermined."""

FEWEST = 3
"""Number of good candidates below which nothing is said about parameters."""

COLUMNS = {
    "damping": ("damping", 1.0, ".3f"),
    "notch_diameter": ("notch diameter (nm)", 1e-9, ".1f"),
    "wall_start": ("wall start (nm)", 1e-9, ".1f"),
    "pulse_duration": ("pulse (ns)", 1e-9, ".2f"),
}
"""Title, unit and format of each parameter."""

DELAY = ("read after the pulse (ns)", 1e-9, ".2f")
"""The same of the time of the reading."""

_YES = {True: "yes", False: "no"}


def tables(data: "xarray.Dataset", name: str) -> list[Table]:
    """Return the tables of a calibration; the first one is also written as CSV."""
    return [_candidates(data, name), _references(data, name), _ranges(data, name)]


def ordered(misfit: NDArray[np.floating]) -> list[tuple[int, int]]:
    """Return the indices of candidates and reading times by ascending misfit.

    Parameters
    ----------
    misfit : ndarray (candidate, read_delay)
        The misfits.
    """
    places = np.argsort(misfit, axis=None, kind="stable")
    rows, columns = np.unravel_index(places, misfit.shape)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def configured(data: "xarray.Dataset") -> tuple[int, int]:
    """Return the indices of the configuration among candidates and reading times."""
    delay = json.loads(data.attrs["parameters"])["about"]["configured_delay"]
    apart = np.abs(data["read_delay"].values - delay)
    return data["candidate"].values.tolist().index(0), int(np.argmin(apart))


def _candidates(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of all candidates at all times of reading."""
    import pandas

    own = configured(data)
    rows = []
    for place in ordered(data["misfit"].values):
        found = data.isel(candidate=place[0], read_delay=place[1])
        row: dict[str, Any] = {
            "misfit": found["misfit"].item(),
            "reference data missed": found["missed"].item(),
            "candidate": found["candidate"].item(),
            "round": found["candidate_round"].item(),
            "configured": _YES[place == own],
        }
        for parameter, (title, unit, _) in COLUMNS.items():
            row[title] = found[f"candidate_{parameter}"].item() / unit
        row[DELAY[0]] = found["read_delay"].item() / DELAY[1]
        texts = zip(found["reference"].values, found["simulated_value"].values, strict=True)
        rows.append({**row, **{str(reference): str(text) for reference, text in texts}})
    formats: dict[str, Format] = {
        "misfit": ".2f",
        "reference data missed": ".0f",
        "candidate": ".0f",
        "round": ".0f",
        **{title: form for title, _, form in (*COLUMNS.values(), DELAY)},
    }
    return Table(f"{name}: candidates", pandas.DataFrame(rows), formats)


def _references(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of the reference data.

    It has the values of the best and of the configured candidate, and the number of candidates that
    meet each reference value at some time of reading.
    """
    import pandas

    best, own = ordered(data["misfit"].values)[0], configured(data)
    anywhere = data["reference_met"].values.any(axis=1).sum(axis=0)
    rows = []
    for index, reference in enumerate(data["reference"].values):
        row: dict[str, Any] = {"reference": str(reference)}
        for title, place in {"best": best, "configured": own}.items():
            found = data.isel(candidate=place[0], read_delay=place[1], reference=index)
            row[title] = str(found["simulated_value"].item())
            row[f"{title} meets it"] = _YES[bool(found["reference_met"].item())]
        rows.append({**row, "candidates that meet it": int(anywhere[index])})
    formats: dict[str, Format] = {"candidates that meet it": ".0f"}
    return Table(f"{name}: reference data", pandas.DataFrame(rows), formats)


def _ranges(data: "xarray.Dataset", name: str) -> Table:
    """Return the table of the parameters: what the good candidates have in common.

    A candidate is good if its misfit is at most `SLACK` above the least one. With fewer than
    `FEWEST` good candidates, it is not known whether a parameter is determined.
    """
    import pandas

    misfit = data["misfit"].values
    good = np.argwhere(misfit <= misfit.min() + SLACK)
    best, own = ordered(misfit)[0], configured(data)
    known = len(set(good[:, 0].tolist())) >= FEWEST
    settings = json.loads(data.attrs["parameters"])["settings"]
    searched = Calibration.model_validate(settings).parameters.ranges()
    rows = []
    for parameter, (title, unit, form) in {**COLUMNS, "read_delay": DELAY}.items():
        if parameter == "read_delay":
            values = data["read_delay"].values[good[:, 1]]
            low, high = data["read_delay"].values[[0, -1]]
            each = {key: data["read_delay"].values[place[1]] for key, place in _both(best, own)}
        else:
            column = data[f"candidate_{parameter}"].values
            values = column[good[:, 0]]
            low, high = searched[parameter]
            each = {key: column[place[0]] for key, place in _both(best, own)}
        share = float(np.ptp(values) / (high - low)) if high > low else 0.0
        numbers = {
            "searched from": low,
            "to": high,
            "configured": each["configured"],
            "best": each["best"],
            "good from": values.min(),
            "good to": values.max(),
        }
        rows.append(
            {
                "parameter": title,
                **{key: format(value / unit, form) for key, value in numbers.items()},
                "share of the range": share,
                "determined": _YES[share <= UNDETERMINED] if known else "not known",
            }
        )
    return Table(
        f"{name}: parameters of the {len(good)} best, up to {SLACK:g} above the least misfit",
        pandas.DataFrame(rows),
        {"share of the range": ".2f"},
    )


def _both(best: tuple[int, int], own: tuple[int, int]) -> list[tuple[str, tuple[int, int]]]:
    return [("best", best), ("configured", own)]


def draw(data: "xarray.Dataset", figures: Figures) -> "Figure":
    """Draw the misfit against each parameter, and against the time of the reading."""
    from matplotlib import pyplot

    misfit = data["misfit"].values
    row, column = configured(data)
    rounds = data["candidate_round"].values
    figure, grid = pyplot.subplots(2, 3, figsize=style.size(figures, 0.62), sharey=True)
    places = grid.flat
    for axes, (name, (title, unit, _)) in zip(places, COLUMNS.items(), strict=False):
        values = data[f"candidate_{name}"].values / unit
        _scatter(axes, values, misfit.min(axis=1), rounds)
        axes.plot(values[row], misfit[row, column], **_STAR)
        axes.set_xlabel(title)
    title, unit, _ = DELAY
    delays = np.broadcast_to(data["read_delay"].values / unit, misfit.shape)
    last = places[len(COLUMNS)]
    _scatter(last, delays, misfit, np.broadcast_to(rounds[:, None], misfit.shape))
    last.plot(delays[row, column], misfit[row, column], **_STAR)
    last.set_xlabel(title)
    for axes in grid[:, 0]:
        axes.set_ylabel("misfit")
    places[-1].set_axis_off()
    handles, labels = grid[0, 0].get_legend_handles_labels()
    places[-1].legend(handles, labels, loc="center")
    return figure


_STAR: dict[str, Any] = {
    "marker": "*",
    "color": style.COLOURS[1],
    "markersize": 9,
    "linestyle": "none",
    "label": "configured",
}


def _scatter(
    axes: "Axes",
    values: NDArray[np.floating],
    misfit: NDArray[np.floating],
    rounds: NDArray[np.integer],
) -> None:
    """Draw the misfits of each round with a marker of its own."""
    for number in np.unique(rounds):
        chosen = rounds == number
        axes.plot(
            values[chosen],
            misfit[chosen],
            linestyle="none",
            marker=style.MARKERS[number - 1],
            color=style.COLOURS[0 if number == 1 else 2],
            label=f"round {number}",
        )
