"""Comparison of two calculators: tables and a figure from their traces only."""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
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
    "state_{first}": ("final state, {first}", 1.0, ""),
    "state_{reference}": ("final state, {reference}", 1.0, ""),
    "wall_time_{first}": ("{first} (s)", 1.0, ".1f"),
    "wall_time_{reference}": ("{reference} (s)", 1.0, ".0f"),
    "ratio": ("ratio", 1.0, ".0f"),
}
"""Columns of `crosscheck.csv`, with heading, scale and format in the Markdown table.

Columns without a format contain text. The order is that of the attributes of `Comparison`. The
braces are replaced by the names of the two calculators.
"""

NAMES = {"film": "engine", "oommf": "OOMMF"}
TITLES = {**NAMES, "film": "The embedded engine"}
"""Names of the package's calculators in headings and titles; others keep their names."""

NOTES = """\
The same pulse in {first} and in {reference}, from the same wall. Deviations
are the largest over the whole trace. Times are wall times of the simulations alone, without the
start of Python; both calculators ran on the same machine, beside whatever else ran there.
"""


@dataclass(frozen=True)
class Comparison:
    """Comparison of one pulse in two calculators; lengths in m, times in s.

    Attributes
    ----------
    case : str
        Name of the case.
    damping, current_density : float
        Damping and current density of the pulse; the current density in A/m².
    end_time : float
        Time up to which the traces are compared.
    deviation_m : float
        Largest difference of a component of the average magnetisation.
    deviation_bottom, deviation_top : float
        Largest difference of the wall's ends at the lower and the upper edge.
    final_deviation : float
        Difference of the mean wall position at the end.
    first_state, reference_state : str
        Final states, each with a note whether the wall settled.
    first_wall_time, reference_wall_time, ratio : float
        Wall times of the simulations, and the reference's divided by the first one's.
    """

    case: str
    damping: float
    current_density: float
    end_time: float
    deviation_m: float
    deviation_bottom: float
    deviation_top: float
    final_deviation: float
    first_state: str
    reference_state: str
    first_wall_time: float
    reference_wall_time: float
    ratio: float


def compare(
    case: str,
    first: "xarray.Dataset",
    reference: "xarray.Dataset",
    calculators: Sequence[str],
) -> Comparison:
    """Compare two traces of the same pulse.

    A trace ends when the wall has come to rest. This may happen an output interval earlier in
    one trace than in the other. The traces are compared up to the end of the shorter one, and the
    final states at the end of each trace.

    Parameters
    ----------
    case : str
        Name of the case.
    first, reference : xarray.Dataset
        Traces of the two calculators.
    calculators : sequence of str
        Names of the two calculators.

    Returns
    -------
    Comparison
        Deviations, states and wall times.

    Raises
    ------
    FileError
        If the traces are of different calculators or pulses, or recorded at different times.
    """
    traces = (first, reference)
    for trace, backend in zip(traces, calculators, strict=True):
        if trace.attrs["backend"] != backend:
            raise FileError(
                f"the trace of {case} given as {backend} was made by {trace.attrs['backend']}; "
                "delete it and run snakemake crosscheck"
            )
    jobs = [_pulse(trace) for trace in traces]
    shared = min(trace.sizes["time"] for trace in traces)
    times = [trace["time"].values[:shared] for trace in traces]
    if jobs[0] != jobs[1] or not np.allclose(times[0], times[1], rtol=1e-6, atol=1e-16):
        raise FileError(
            f"the two traces of {case} are not of the same pulse; "
            "delete them and run snakemake crosscheck"
        )

    def largest(name: str) -> float:
        ours, theirs = (trace[name].values[:shared] for trace in traces)
        return float(np.max(np.abs(ours - theirs)))

    ends = [float(trace["wall_position"].values[-1]) for trace in traces]
    walls = [float(trace.attrs["wall_time"]) for trace in traces]
    return Comparison(
        case=case,
        damping=jobs[0]["material"]["damping"],
        current_density=float(first["pulse_current_density"]),
        end_time=float(times[0][-1]),
        deviation_m=largest("m"),
        deviation_bottom=largest("wall_bottom"),
        deviation_top=largest("wall_top"),
        final_deviation=abs(ends[0] - ends[1]),
        first_state=_state(first),
        reference_state=_state(reference),
        first_wall_time=walls[0],
        reference_wall_time=walls[1],
        ratio=walls[1] / walls[0],
    )


def _pulse(trace: "xarray.Dataset") -> dict:
    job = json.loads(trace.attrs["parameters"])
    return {key: value for key, value in job.items() if not key.startswith("calculator")}


def _state(trace: "xarray.Dataset") -> str:
    settled = {1: ", settled", 0: ", unsettled", -1: ""}[int(trace.attrs["settled"])]
    return f"{trace.attrs['state']}{settled}"


def write_csv(
    comparisons: Sequence[Comparison], calculators: Sequence[str], path: str | Path
) -> None:
    """Write the comparisons as a table in SI units, completely or not at all."""
    frame = _frame(comparisons, [_filled(name, calculators) for name in COLUMNS])
    forms = (form for _, _, form in COLUMNS.values())
    formats = {name: ".6g" for name, form in zip(frame.columns, forms, strict=True) if form}
    files.write_text(Table("Comparisons", frame, formats).as_csv(), path)


def write_markdown(
    comparisons: Sequence[Comparison],
    calculators: Sequence[str],
    made_by: Sequence[str],
    path: str | Path,
) -> None:
    """Write the comparisons as a Markdown table.

    Parameters
    ----------
    comparisons : sequence of Comparison
        The comparisons.
    calculators : sequence of str
        Names of the first calculator and of the reference.
    made_by : sequence of str
        Descriptions of the two in the notes; see `description`.
    path : str or Path
        Markdown file to write.
    """
    names = [NAMES.get(name, name) for name in calculators]
    columns = [(_filled(heading, names), scale, form) for heading, scale, form in COLUMNS.values()]
    frame = _frame(comparisons, [heading for heading, _, _ in columns])
    formats = {heading: form for heading, _, form in columns if form}
    for heading, scale, _ in columns:
        if heading in formats:
            frame[heading] = frame[heading] * scale
    notes = _filled(NOTES, [markdown_text(text) for text in made_by])
    text = Table("Comparisons", frame, formats).as_markdown()
    files.write_text(f"{text}\n{notes}", path)


def _filled(pattern: str, two: Sequence[str]) -> str:
    return pattern.format(first=two[0], reference=two[1])


def _frame(comparisons: Sequence[Comparison], names: Sequence[str]) -> "pandas.DataFrame":
    import pandas

    return pandas.DataFrame(list(map(astuple, comparisons)), columns=list(names))


def description(trace: "xarray.Dataset") -> str:
    """Return a text with calculator and version of a trace, and its threads if it states them."""
    backend = trace.attrs["backend"]
    if backend == "film":
        return "the embedded engine"
    version = str(trace.attrs["backend_version"])
    said = version if backend == "oommf" else f"{backend} ({version})"
    threads = trace.attrs.get("threads")
    if threads is None:
        return said
    return f"{said} ({'one thread' if threads == 1 else f'{threads} threads'})"


def draw(
    traces: Mapping[str, tuple["xarray.Dataset", "xarray.Dataset"]],
    calculators: Sequence[str],
    figures: Figures,
    png: str | Path,
    vector: str | Path,
) -> None:
    """Draw both wall ends in both calculators and the deviation of <m> against time.

    Parameters
    ----------
    traces : Mapping
        From a case's name to the traces of the first calculator and of the reference.
    calculators : sequence of str
        Names of the two calculators.
    figures : Figures
        Style of all figures.
    png, vector : str or Path
        Files to write.
    """
    names = [NAMES.get(name, name) for name in calculators]
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
        for index, (case, (first, reference)) in enumerate(traces.items()):
            upper, lower = axes[:, index]
            time = reference["time"].values * 1e9
            pulse = reference["applied_current_density"].values != 0
            for panel in (upper, lower):
                panel.axvspan(0, time[pulse].max(), color=style.SHADE, linewidth=0)
            for end, colour, label in (
                ("wall_top", style.COLOURS[0], "upper end"),
                ("wall_bottom", style.COLOURS[1], "lower end"),
            ):
                upper.plot(
                    first["time"].values * 1e9,
                    first[end].values * 1e9,
                    color=colour,
                    linestyle="-",
                    label=f"{label}, {names[0]}",
                )
                step = max(1, time.size // 25)
                upper.plot(
                    time[::step],
                    reference[end].values[::step] * 1e9,
                    color=colour,
                    linestyle="none",
                    marker="o" if end == "wall_top" else "s",
                    markerfacecolor="none",
                    label=f"{label}, {names[1]}",
                )
            shared = min(first.sizes["time"], reference.sizes["time"])
            pair = (trace["m"].values[:shared] for trace in (first, reference))
            deviation = np.abs(np.subtract(*pair)).max(axis=1)
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
            title=" beside ".join(TITLES.get(name, name) for name in calculators),
            cases=list(traces),
        )


def register(subparsers: "argparse._SubParsersAction") -> None:
    """Add `crosscheck` to the command line."""
    command = subparsers.add_parser("crosscheck", help="compare traces of two calculators")
    command.add_argument("--cases", nargs="+", required=True, help="names, in order")
    command.add_argument("--calculators", nargs=2, required=True, help="second: the reference")
    command.add_argument("--first", nargs="+", required=True, help="traces of the first one")
    command.add_argument("--reference", nargs="+", required=True, help="traces of the reference")
    command.add_argument("--csv", required=True, help="table to write, in SI units")
    command.add_argument("--markdown", required=True, help="table to write, to read as text")
    add_figure_arguments(command)
    command.set_defaults(handler=_crosscheck)


def _crosscheck(arguments: argparse.Namespace) -> None:
    figures = figures_of(arguments)
    cases, calculators = arguments.cases, arguments.calculators
    if not len(cases) == len(arguments.first) == len(arguments.reference):
        raise FileError(
            "--cases, --first and --reference differ in number; give one of each per case"
        )
    traces = {
        case: (files.read_dataset(first, "trace"), files.read_dataset(reference, "trace"))
        for case, first, reference in zip(cases, arguments.first, arguments.reference, strict=True)
    }
    comparisons = [compare(case, *pair, calculators) for case, pair in traces.items()]
    made_by = [description(trace) for trace in next(iter(traces.values()))]
    write_csv(comparisons, calculators, arguments.csv)
    write_markdown(comparisons, calculators, made_by, arguments.markdown)
    draw(traces, calculators, figures, arguments.png, arguments.vector)
    print(Path(arguments.markdown).read_text(encoding="utf-8"), end="")
