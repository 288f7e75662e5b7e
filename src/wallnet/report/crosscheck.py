"""The embedded engine beside OOMMF: tables and a figure from the traces of both alone."""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wallnet import files
from wallnet.config import Figures
from wallnet.files import FileError
from wallnet.report import style
from wallnet.report.style import add_figure_arguments, figures_of
from wallnet.report.tables import Table, markdown_text

if TYPE_CHECKING:
    import pandas
    import xarray

COLUMNS: dict[str, tuple[str, float, str]] = {
    "case": ("case", 1.0, ""),
    "damping": ("α", 1.0, "g"),
    "current_density": ("J (10¹² A/m²)", 1e-12, "g"),
    "end_time": ("compared up to (ns)", 1e9, ".2f"),
    "deviation_m": ("max. deviation of <m>", 1.0, ".1e"),
    "deviation_bottom": ("of the lower wall end (nm)", 1e9, ".3f"),
    "deviation_top": ("of the upper wall end (nm)", 1e9, ".3f"),
    "final_deviation": ("of the final mean position (nm)", 1e9, ".3f"),
    "state_film": ("final state, engine", 1.0, ""),
    "state_oommf": ("final state, OOMMF", 1.0, ""),
    "wall_time_film": ("engine (s)", 1.0, ".1f"),
    "wall_time_oommf": ("OOMMF (s)", 1.0, ".0f"),
    "ratio": ("ratio", 1.0, ".0f"),
}
"""Columns of `crosscheck.csv`: heading, scale and format in the table to read; no format, text."""

NOTES = """\
The same pulse in the embedded engine and in {version} ({threads}), from the same wall. Deviations
are the largest over the whole trace. Times are wall times of the simulations alone, without the
start of Python; both calculators ran on the same machine, beside whatever else ran there.
"""


@dataclass(frozen=True)
class Comparison:
    """What one pulse gave in both calculators; lengths in m, times in s.

    Attributes
    ----------
    case : str
        Name of the case.
    damping, current_density : float
        Of the pulse; the current density in A/m².
    end_time : float
        Up to where the traces are compared.
    deviation_m : float
        Largest difference of a component of the average magnetisation.
    deviation_bottom, deviation_top : float
        Largest difference of the wall's ends at the lower and the upper edge.
    final_deviation : float
        Difference of the mean wall position at the end.
    state_film, state_oommf : str
        Final states, each with whether it was settled.
    wall_time_film, wall_time_oommf, ratio : float
        What the simulations took, and how many times longer OOMMF took.
    """

    case: str
    damping: float
    current_density: float
    end_time: float
    deviation_m: float
    deviation_bottom: float
    deviation_top: float
    final_deviation: float
    state_film: str
    state_oommf: str
    wall_time_film: float
    wall_time_oommf: float
    ratio: float


def compare(case: str, film: "xarray.Dataset", oommf: "xarray.Dataset") -> Comparison:
    """Compare two traces of the same pulse.

    A trace ends when the wall has come to rest, which the two may reach an output interval
    apart: compared is what both have, and the final state of each at its own end.

    Parameters
    ----------
    case : str
        Name of the case.
    film, oommf : xarray.Dataset
        Traces of the embedded engine and of OOMMF.

    Returns
    -------
    Comparison
        Deviations, states and wall times.

    Raises
    ------
    FileError
        If the traces are of different calculators or pulses, or recorded at different times.
    """
    for trace, backend in ((film, "film"), (oommf, "oommf")):
        if trace.attrs["backend"] != backend:
            raise FileError(
                f"the trace of {case} given as {backend} was made by {trace.attrs['backend']}; "
                "delete it and run snakemake crosscheck"
            )
    jobs = [_pulse(trace) for trace in (film, oommf)]
    shared = min(film.sizes["time"], oommf.sizes["time"])
    times = [trace["time"].values[:shared] for trace in (film, oommf)]
    if jobs[0] != jobs[1] or not np.allclose(times[0], times[1], rtol=1e-6, atol=1e-16):
        raise FileError(
            f"the two traces of {case} are not of the same pulse; "
            "delete them and run snakemake crosscheck"
        )

    def largest(name: str) -> float:
        first, second = (trace[name].values[:shared] for trace in (film, oommf))
        return float(np.max(np.abs(first - second)))

    ends = [float(trace["wall_position"].values[-1]) for trace in (film, oommf)]
    walls = [float(trace.attrs["wall_time"]) for trace in (film, oommf)]
    return Comparison(
        case=case,
        damping=jobs[0]["material"]["damping"],
        current_density=float(film["pulse_current_density"]),
        end_time=float(times[0][-1]),
        deviation_m=largest("m"),
        deviation_bottom=largest("wall_bottom"),
        deviation_top=largest("wall_top"),
        final_deviation=abs(ends[0] - ends[1]),
        state_film=_state(film),
        state_oommf=_state(oommf),
        wall_time_film=walls[0],
        wall_time_oommf=walls[1],
        ratio=walls[1] / walls[0],
    )


def _pulse(trace: "xarray.Dataset") -> dict:
    job = json.loads(trace.attrs["parameters"])
    return {key: value for key, value in job.items() if not key.startswith("calculator")}


def _state(trace: "xarray.Dataset") -> str:
    settled = {1: ", settled", 0: ", unsettled", -1: ""}[int(trace.attrs["settled"])]
    return f"{trace.attrs['state']}{settled}"


def write_csv(comparisons: Sequence[Comparison], path: str | Path) -> None:
    """Write the comparisons as a table in SI units, whole or not at all."""
    frame = _frame(comparisons)
    formats = {name: ".6g" for name, (_, _, form) in COLUMNS.items() if form}
    files.write_text(Table("Comparisons", frame, formats).as_csv(), path)


def write_markdown(
    comparisons: Sequence[Comparison], version: str, threads: int, path: str | Path
) -> None:
    """Write the comparisons as a table to read.

    Parameters
    ----------
    comparisons : sequence of Comparison
        What was compared.
    version : str
        Versions of OOMMF and oommfc.
    threads : int
        OOMMF's threads.
    path : str or Path
        Where it goes.
    """
    frame = _frame(comparisons)
    for name, (_, scale, form) in COLUMNS.items():
        if form:
            frame[name] = frame[name] * scale
    frame.columns = [heading for heading, _, _ in COLUMNS.values()]
    formats = {heading: form for heading, _, form in COLUMNS.values() if form}
    count = "one thread" if threads == 1 else f"{threads} threads"
    notes = NOTES.format(version=markdown_text(version), threads=count)
    text = Table("Comparisons", frame, formats).as_markdown()
    files.write_text(f"{text}\n{notes}", path)


def _frame(comparisons: Sequence[Comparison]) -> "pandas.DataFrame":
    import pandas

    return pandas.DataFrame(list(map(asdict, comparisons)), columns=list(COLUMNS))


def draw(
    traces: Mapping[str, tuple["xarray.Dataset", "xarray.Dataset"]],
    figures: Figures,
    png: str | Path,
    vector: str | Path,
) -> None:
    """Draw both wall ends in both calculators, and the deviation of <m>, against time.

    Parameters
    ----------
    traces : Mapping
        From a case's name to the traces of the embedded engine and of OOMMF.
    figures : Figures
        Style of all figures.
    png, vector : str or Path
        Where the two files go.
    """
    with style.apply(figures):
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(
            2,
            len(traces),
            figsize=style.size(figures, 0.55),
            sharex="col",
            squeeze=False,
            height_ratios=(2, 1),
        )
        for index, (case, (film, oommf)) in enumerate(traces.items()):
            upper, lower = axes[:, index]
            time = oommf["time"].values * 1e9
            pulse = oommf["applied_current_density"].values != 0
            for panel in (upper, lower):
                panel.axvspan(0, time[pulse].max(), color=style.SHADE, linewidth=0)
            for end, colour, label in (
                ("wall_top", style.COLOURS[0], "upper end"),
                ("wall_bottom", style.COLOURS[1], "lower end"),
            ):
                upper.plot(
                    film["time"].values * 1e9,
                    film[end].values * 1e9,
                    color=colour,
                    linestyle="-",
                    label=f"{label}, engine",
                )
                step = max(1, time.size // 25)
                upper.plot(
                    time[::step],
                    oommf[end].values[::step] * 1e9,
                    color=colour,
                    linestyle="none",
                    marker="o" if end == "wall_top" else "s",
                    markerfacecolor="none",
                    label=f"{label}, OOMMF",
                )
            shared = min(film.sizes["time"], oommf.sizes["time"])
            deviation = np.abs(film["m"].values[:shared] - oommf["m"].values[:shared]).max(axis=1)
            lower.semilogy(time[1:shared], np.maximum(deviation[1:], 1e-8), color="black")
            upper.set_title(case)
            lower.set_xlabel("time (ns)")
        axes[0, 0].set_ylabel("wall ends (nm)")
        axes[1, 0].set_ylabel("deviation of <m>")
        for panel in axes[1, 1:]:
            panel.sharey(axes[1, 0])
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        style.save(
            figure,
            png,
            vector,
            title="The embedded engine beside OOMMF",
            cases=list(traces),
        )


def register(subparsers: "argparse._SubParsersAction") -> None:
    """Add `crosscheck` to the command line."""
    command = subparsers.add_parser(
        "crosscheck", help="compare traces of the embedded engine with those of OOMMF"
    )
    command.add_argument("--cases", nargs="+", required=True, help="names, in order")
    command.add_argument("--film", nargs="+", required=True, help="traces of the embedded engine")
    command.add_argument("--oommf", nargs="+", required=True, help="traces of OOMMF")
    command.add_argument("--csv", required=True, help="table to write, in SI units")
    command.add_argument("--markdown", required=True, help="table to write, to read as text")
    add_figure_arguments(command)
    command.set_defaults(handler=_crosscheck)


def _crosscheck(arguments: argparse.Namespace) -> None:
    figures = figures_of(arguments)
    if not len(arguments.cases) == len(arguments.film) == len(arguments.oommf):
        raise FileError("--cases, --film and --oommf differ in number; give one of each a case")
    traces = {
        case: (files.read_dataset(film, "trace"), files.read_dataset(oommf, "trace"))
        for case, film, oommf in zip(arguments.cases, arguments.film, arguments.oommf, strict=True)
    }
    comparisons = [compare(case, *pair) for case, pair in traces.items()]
    reference = next(iter(traces.values()))[1].attrs
    write_csv(comparisons, arguments.csv)
    write_markdown(
        comparisons, reference["backend_version"], int(reference["threads"]), arguments.markdown
    )
    draw(traces, figures, arguments.png, arguments.vector)
    print(Path(arguments.markdown).read_text(encoding="utf-8"), end="")
