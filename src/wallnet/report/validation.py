"""Tables of the validation's rows and a figure of its curves."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas

from wallnet import files
from wallnet.config import Figures
from wallnet.report import style
from wallnet.report.tables import Format, Table, texts

COLUMNS = (
    *("check", "quantity", "unit", "reference", "source", "ours", "deviation"),
    *("tolerance", "passed", "reason"),
)
"""Columns of `validation.csv`; the Markdown table has all but the check and the deviation."""

_FORMATS: dict[str, Format] = {
    "reference": ".7g",
    "ours": ".7g",
    "tolerance": ".2g",
    "passed": {True: "yes", False: "no", None: "finding"},
}


def _read(sources: style.SourceFiles) -> list[dict[str, Any]]:
    keys = ("check", "rows", "curves", "seconds")
    return [files.read_json(path, keys) for path in sources["results"]]


def tabulate(sources: style.SourceFiles, _: str = "") -> dict[str, str]:
    """Tabulate the rows of all checks, from the files of `wallnet validate` as `results`.

    The CSV file has one line per row in SI units and no `passed` of findings. The others have the
    verdict and one table per check.
    """
    results = _read(sources)
    rows = [
        {**row, "check": result["check"], "deviation": row["ours"] - row["reference"]}
        for result in results
        for row in result["rows"]
    ]
    # dtype object: a missing verdict stays None and an integer stays an integer
    frame = pandas.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    judged = frame[frame["passed"].notna()]
    failed = judged.loc[~judged["passed"].astype(bool), "quantity"]
    verdict = f"{len(judged) - len(failed)} of {len(judged)} rows passed"
    if len(failed):
        verdict += f"; FAILED: {'; '.join(failed)}"
    seconds = sum(result["seconds"] for result in results)
    verdict += f". {len(frame) - len(judged)} rows are findings, reported and not judged. "
    verdict += f"The checks took {seconds:.0f} s."
    shown = [name for name in COLUMNS if name not in ("check", "deviation")]
    groups = frame.groupby("check", sort=False)
    tables = [Table(str(check), rows[shown], _FORMATS) for check, rows in groups]
    return texts("Validation", tables, [verdict], numbers=Table("", frame, missing=""))


def draw(sources: style.SourceFiles, _: str, figures: Figures) -> style.Drawn:
    """Draw the curves: wall velocity, wall profile, µMAG problem 4, tolerances."""
    curves = {result["check"]: result["curves"] for result in _read(sources)}
    figure, axes = style.panels(figures, 2, 2, 0.8)
    _velocity(axes[0, 0], curves["wall-velocity"])
    _profile(axes[0, 1], curves["neel-wall"]["profile"])
    _reversal(axes[1, 0], curves["problem-4"])
    _tolerances(axes[1, 1], curves["tolerances"]["tolerances"])
    for letter, panel in zip("abcd", axes.flat, strict=True):
        panel.set_title(f"({letter})")
    return figure, {}


def _velocity(axes: "style.Axes", curves: Mapping[str, Any]) -> None:
    for index, (label, curve) in enumerate(curves.items()):
        density = np.array(curve["current_density"]) / 1e12
        models = ("model, no H_K", "single row"), ("model, film", "track 150 nm")
        for shift, (model, ours) in enumerate(models):
            axes.plot(density, curve[model], **style.look(2 * index + shift))
            points = style.look(2 * index + shift, marker=True) | {"linestyle": "none"}
            axes.plot(density, curve[ours], label=f"{label[4:6].strip()} mJ/m², {ours}", **points)
    axes.set(xlabel="J (10¹² A/m²)", ylabel="wall velocity (m/s)", ylim=(0, None))
    axes.legend(title="engine; lines: 1-D model")


def _profile(axes: "style.Axes", curve: Mapping[str, Any]) -> None:
    x = (np.array(curve["x"]) - curve["centre"]) / curve["width"]
    near = np.abs(x) < 6
    points = {**style.look(0, marker=True), "linestyle": "none"}
    axes.plot(x[near], np.array(curve["m_z"])[near], label="engine", **points)
    axes.plot(x[near], np.tanh(x[near]), label="tanh u", **style.look(1))
    axes.set(xlabel="u = (x - x₀)/Δ", ylabel="m$_z$")
    axes.legend()


def _reversal(axes: "style.Axes", curves: Mapping[str, Any]) -> None:
    for index, (label, curve) in enumerate(sorted(curves.items())):
        time, m_y = np.array(curve["time"]) * 1e9, np.array(curve["m"])[:, 1]
        axes.plot(time, m_y, label=f"µMAG 4, {label}", **style.look(index))
    for index, value in enumerate((0.1260409, -0.120395)):
        axes.plot(1.0, value, **style.look(index, marker=True) | {"linestyle": "none"})
    axes.set(xlabel="time (ns)", ylabel="<m$_y$>; points: mumax3")
    axes.legend()


def _tolerances(axes: "style.Axes", curve: Mapping[str, Any]) -> None:
    curves = {"stray field": ("stray_field_tolerance", "stray_field_error")}
    curves["resting columns"] = ("frozen_change", "frozen_error")
    for index, (label, (name, error)) in enumerate(curves.items()):
        axes.loglog(curve[name], curve[error], label=label, **style.look(index, marker=True))
    axes.axhline(5e-4, color="#000000", linestyle=":", linewidth=0.8)
    axes.set(xlabel="tolerance", ylabel="largest deviation of <m>")
    axes.legend()
