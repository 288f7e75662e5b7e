"""The summary of a campaign: one page with the paper beside it and the story of a synapse."""

import argparse
import base64
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import __version__, files, plan, revisions
from wallnet.config import Arrival, Response, Rest
from wallnet.devices.calibration import first_time
from wallnet.devices.price import price_of
from wallnet.jobs import SummaryJob
from wallnet.report import barriers, headline, measured
from wallnet.report.device_tables import SMALLEST, levels_table, smallest_density
from wallnet.report.devices import UNIT_OF_J, density_in_1e12, notches_of
from wallnet.report.faults import caveats, faults, level_caveats
from wallnet.report.networks import VALIDATION_COLUMNS, gap_tables, read_accuracies
from wallnet.report.tables import Format, Table

if TYPE_CHECKING:
    import pandas
    import xarray


@dataclass(frozen=True)
class Shown:
    """A figure on the page.

    Attributes
    ----------
    caption : str
        What it shows.
    path : str
        Its PNG, relative to the folder of the campaign.
    png, csv : bytes
        The picture and its data.
    made : Mapping
        How it was made, by what the text is about.
    """

    caption: str
    path: str
    png: bytes
    csv: bytes
    made: Mapping[str, str]

    @property
    def data_path(self) -> str:
        """Path of its data, relative to the folder of the campaign."""
        return files.data_of(self.path)

    @property
    def picture(self) -> str:
        """The picture as a URI."""
        return _uri("image/png", self.png)

    @property
    def data(self) -> str:
        """The data as a URI."""
        return _uri("text/csv;charset=utf-8", self.csv)


@dataclass(frozen=True)
class Part:
    """A part of the page: sentences, a figure and tables; any of them may be missing."""

    title: str
    text: Sequence[str] = ()
    figure: Shown | None = None
    tables: Sequence[Table] = field(default_factory=tuple)


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


@dataclass(frozen=True)
class Results:
    """The results that the page shows, read and checked.

    Attributes
    ----------
    folder : Path
        Folder of the campaign.
    devices, responses : Mapping
        Device files by device, responses by program.
    accuracies : list of Mapping
        Rows of the tables of test and of validation accuracies; none without networks.
    """

    folder: Path
    devices: Mapping[str, "xarray.Dataset"]
    responses: Mapping[str, "xarray.Dataset"]
    accuracies: list[dict[str, str]]

    @classmethod
    def of(cls, job: SummaryJob, folder: Path) -> "Results":
        """Read the results of a campaign in a folder."""
        devices = {
            name: files.read_dataset(folder / files.DEVICE.format(device=name), "track")
            for name in job.devices
        }
        responses = {
            name: files.read_dataset(folder / files.RESPONSE.format(program=name), "response")
            for name in job.programs
        }
        tested, validated = (
            str(folder / files.TABLE.format(table=name, suffix=".csv"))
            for name in ("accuracy", "accuracy-validation")
        )
        accuracies = []
        if job.networks:
            rows = read_accuracies(tested), read_accuracies(validated, VALIDATION_COLUMNS)
            accuracies = [test | validation for test, validation in zip(*rows, strict=True)]
        return cls(folder, devices, responses, accuracies)

    @property
    def models(self) -> Path:
        """Folder of the compact models."""
        return self.folder / plan.folder(files.COMPACT_MODEL, "")

    def figure(self, path: str, caption: str, made: Mapping[str, str]) -> Shown:
        """Return a figure of the campaign with its data."""
        png, csv = (_bytes(self.folder / each) for each in (path, files.data_of(path)))
        return Shown(caption, path, png, csv, {**made, "made again by": f"snakemake {path}"})


def _bytes(path: Path) -> bytes:
    try:
        files.check_digest(path)
        return path.read_bytes()
    except OSError as error:
        raise files.unreadable(path, error) from None


def _made_by(data: "xarray.Dataset") -> dict[str, str]:
    """Return how the data of a simulated device were made."""
    about = data.attrs
    backend = f"{about['simulation_backend']} {about['simulation_backend_version']}"
    return {
        "calculator": f"{backend}, revision {about['simulation_revision']}",
        "package": f"wallnet {about['wallnet_version']}, revision {about['revision']} of the "
        f"devices, {revisions.of('report')} of the report",
        "seed": "none; the simulation has no random numbers",
        "parameters": "the table of parameters below",
    }


# The paper


def paper_table(job: SummaryJob, devices: Mapping[str, "xarray.Dataset"]) -> Table:
    """Return what the paper states of devices beside what the campaign finds.

    Parameters
    ----------
    job : SummaryJob
        The statements of the paper.
    devices : Mapping
        Device files by device.
    """
    import pandas

    rows = [
        *(_rest(each, devices[each.device]) for each in job.rests),
        *(_arrival(each, devices[each.device]) for each in job.arrivals),
        *(_response(each, devices[each.device]) for each in job.responses),
    ]
    return Table("Devices, the paper and here", pandas.DataFrame(rows, columns=list(PAPER_COLUMNS)))


PAPER_COLUMNS = (
    *("device", "quantity", "J (1e12 A/m²)", "paper", "here"),
    "smallest J here (1e12 A/m²)",
)
"""Columns of the paper's statements. Of a pulse that was not simulated, `here` has the states after
the nearest ones, and the last column the smallest J of the sweep that leads to the state."""


def _same(densities: Any, density: float) -> Any:
    import numpy as np

    return np.isclose(densities, density, rtol=1e-9, atol=0)


def _rest(statement: Rest, data: "xarray.Dataset") -> tuple[str, ...]:
    """Return the state after a pulse."""
    import numpy as np

    densities, asked = data["current_density"].values, statement.current_density
    states, settled = data["state"].values, data["settled"].values != 0
    same = _same(densities, asked)
    texts = [
        f"{s}{'' if rests else ', still moving'}" for s, rests in zip(states, settled, strict=True)
    ]
    shown = np.flatnonzero(same)
    if not shown.size:
        below, above = np.flatnonzero(densities < asked), np.flatnonzero(densities > asked)
        shown = np.concatenate([below[-1:], above[:1]])
    if len({texts[index] for index in shown}) == 1:
        here = texts[shown[0]]
    else:
        here = "; ".join(f"{texts[k]} at {density_in_1e12(densities[k])}" for k in shown)
    reaching = densities[(states == statement.state) & settled]
    shown_least = smallest_density(densities, density_in_1e12)
    least = shown_least(min(reaching, key=abs)) if reaching.size else "–"
    told = (density_in_1e12(asked), statement.state, here, least)
    return statement.device, "state after the pulse", *told


def _arrival(statement: Arrival, data: "xarray.Dataset") -> tuple[str, ...]:
    """Return when both ends of the wall are at a notch."""
    import numpy as np

    asked = statement.current_density
    index = np.flatnonzero(_same(data["current_density"].values, asked))
    here = "not simulated"
    if index.size:
        pulse = data.isel(current_density=int(index[0]))
        track = json.loads(data.attrs["parameters"])["track"]
        edge = notches_of(data)[statement.notch - 1] - track["notches"]["diameter"] / 2
        time = data["time"].values
        ends = (pulse[f"sweep_wall_{end}"].values for end in ("bottom", "top"))
        arrived = max(first_time(time, end, edge) for end in ends)
        here = f"{arrived / 1e-9:.2f} ns" if math.isfinite(arrived) else "never"
    told = (density_in_1e12(asked), f"{statement.time / 1e-9:.2g} ns", here, "")
    return statement.device, f"time to notch {statement.notch}", *told


def _response(statement: Response, data: "xarray.Dataset") -> tuple[str, ...]:
    """Return the deviation of a neuron from ReLU, in each reading."""
    here = "no transfer curve"
    if "relu_deviation" in data:
        deviation = data["relu_deviation"]
        here = ", ".join(
            f"{float(deviation.sel(reading=reading)):.3f} ({reading})" for reading in files.READINGS
        )
    asked = statement.current_densities
    span = f"{density_in_1e12(min(asked))} to {density_in_1e12(max(asked))}"
    return statement.device, "largest deviation from ReLU", span, "slight", here, ""


# The story of a synapse


def _columns(table: Table, title: str, names: Sequence[str]) -> Table:
    """Return some columns of the table of levels, without the states that are no level."""
    rows = table.frame["level"] != "none"
    return Table(title, table.frame.loc[rows, list(names)], table.formats, table.missing)


def _written(job: SummaryJob, results: Results) -> Part:
    title = "Written"
    if job.written is None:
        return Part(title, ["This campaign has no synapse, so nothing is written."])
    path = plan.story_figures(job)["written"]
    if job.measured:
        model = measured.read(results.folder / files.COMPACT_MODEL.format(device=job.written))
        made = {
            "data": "measured, from the files of the user",
            "package": f"wallnet {model['made_by']['wallnet_version']}",
        }
        caption = f"Levels and transfer curve of {job.written}, a measured device."
        return Part(title, figure=results.figure(path, caption, made))
    data = results.devices[job.written]
    levels = levels_table(data, job.written)
    names = [
        *("level", "state", "G normalised, parallel", "G normalised, series"),
        *("reached by the sweep", SMALLEST),
    ]
    caption = (
        f"Conductance of {job.written} after one pulse against its current density, for both "
        "readings of the detector. Numbered lines are the levels; a dashed line is a level that no "
        "pulse of the sweep reaches."
    )
    return Part(
        title,
        ["A pulse moves the wall to a notch. Where it rests sets the conductance."],
        results.figure(path, caption, _made_by(data)),
        [_columns(levels, f"{job.written}: levels", names)],
    )


def _finished_barriers(job: SummaryJob, results: Results) -> "xarray.Dataset | None":
    """Return the barriers of the synapse, if they were computed for this configuration."""
    import numpy as np

    if not job.written or job.barriers is None:
        return None
    paths = [results.folder / path for path in plan.barrier_results(job.written)]
    if not all(path.exists() for path in paths):
        return None
    found = files.read_dataset(paths[0], "barriers")
    if found.attrs["parameters"] != job.barriers.to_json():
        return None
    # they are of the same material if the energies of the states are the same
    device = results.devices[job.written]
    energy = dict(zip(device["level_state"].values, device["level_energy"].values, strict=True))
    for state, value in zip(found["state_name"].values, found["state_energy"].values, strict=True):
        other = energy.get(state, np.nan)
        if (
            np.isfinite(value)
            and np.isfinite(other)
            and not math.isclose(value, other, rel_tol=1e-6)
        ):
            return None
    return found


def _kept(job: SummaryJob, results: Results) -> Part:
    title = "Kept"
    if job.written is None or job.measured:
        return Part(title, ["This campaign simulates no synapse, so no barriers are known."])
    found = _finished_barriers(job, results)
    data = results.devices[job.written]
    if found is None:
        names = [
            *("level", "state", "minimum of the energy", "energy (J)"),
            *("residual field (A/m)", "moved on by (nm)"),
        ]
        levels = levels_table(data, job.written)
        return Part(
            title,
            [
                "A level is kept if the energy has a minimum there, and if the barriers around it "
                "are many times the thermal energy. The barriers are not computed yet, or not for "
                "this configuration. The command snakemake barriers computes them.",
            ],
            tables=[_columns(levels, f"{job.written}: minima of the energy", names)],
        )
    path = plan.barrier_results(job.written)[1]
    caption = (
        f"Energy of {job.written} along the paths of least energy between neighbouring states, "
        "above the lowest state, against the mean position of the wall."
    )
    made = _made_by(data) | {
        "temperature": f"{job.barriers.temperature:g} K" if job.barriers else ""
    }
    return Part(
        title,
        ["A level is kept if the barriers around it are many times the thermal energy."],
        results.figure(path, caption, made),
        [barriers.states_table(found)],
    )


def _rewritten(job: SummaryJob, results: Results) -> Part:
    title = "Rewritten"
    if job.rewritten is None:
        return Part(title, ["This campaign has no program of pulses on a synapse."])
    data = results.responses[job.rewritten]
    caption = (
        f"Response to the program {job.rewritten}: conductance after each pulse, both ends of the "
        "wall and the current density against time."
    )
    path = plan.story_figures(job)["rewritten"]
    return Part(
        title,
        ["Pulses of both signs move the wall up and down again."],
        results.figure(path, caption, _made_by(data)),
    )


GAPS = (
    " The table has the differences of the same seed in per cent points: mean and, with several "
    "seeds, its 95 % confidence interval. The table of all accuracies is in "
    "results/tables/accuracy.html."
)


def _price(job: SummaryJob, results: Results) -> Part:
    """Return the price of the levels in accuracy, and of writing them in energy and heat."""
    text, figure, tables = [], None, []
    if job.networks:
        rows: list[dict[str, Any]] = [
            {**row, "device_levels": None, "test_accuracy": float(row["test_accuracy"])}
            for row in results.accuracies
        ]
        seeds = sorted({row["seed"] for row in rows}, key=int)
        made = {
            "package": f"wallnet {__version__}, revision {revisions.of('report')} of the report",
            "seeds": ", ".join(seeds),
            "parameters": "metrics.json of each network in results/networks",
        }
        caption = (
            "Test error at every stage of all networks: mean of all seeds, with the sample "
            "standard deviation as a bar."
        )
        figure = results.figure(plan.story_figures(job)["accuracy"], caption, made)
        gaps = gap_tables(rows)[1]
        tables = [gaps] if len(gaps.frame) else []
        text.append("The levels cost accuracy." + (GAPS if tables else ""))
    else:
        text.append("This campaign has no networks, so no accuracy is known.")
    if job.price and job.written:
        text.append(
            "Writing costs energy and heats the track. The last table has the smallest pulse of "
            "the sweep that reaches each level."
        )
        tables.append(_pulse_prices(job, results.devices[job.written]))
    return Part("At what price", text, figure, tables)


def _pulse_prices(job: SummaryJob, data: "xarray.Dataset") -> Table:
    import numpy as np
    import pandas

    assert job.price is not None
    duration = float(json.loads(data.attrs["parameters"])["pulse"]["duration"])
    density = data["reaching_current_density"].values
    driven = np.isfinite(density) & (density != 0)
    found = price_of(job.price, density[driven], duration)
    columns: dict[str, tuple[Any, Format]] = {
        "state": (data["level_state"].values[driven], ""),
        "J (1e12 A/m²)": (density[driven] / UNIT_OF_J, ".4f"),
        "energy (pJ)": (found.energy / 1e-12, ".2f"),
        "temperature rise, mean (K)": (found.rise.mean, ".0f"),
        "temperature rise, middle (K)": (found.rise.peak, ".0f"),
    }
    return Table(
        f"{job.written}: price of a pulse of {duration / 1e-9:g} ns",
        pandas.DataFrame({name: values for name, (values, _) in columns.items()}),
        {name: form for name, (_, form) in columns.items() if form},
    )


def _parameters(job: SummaryJob, results: Results) -> Part:
    """Return the parameters of the devices of the story, and of the paper's statements."""
    path = results.folder / files.TABLE.format(table="parameters", suffix=".csv")
    frame = _read_csv(path)
    said: list[Rest | Arrival | Response] = [*job.rests, *job.arrivals, *job.responses]
    told = {job.written, job.rewritable, *(each.device for each in said)}
    shown = [name for name in frame.columns[2:] if name in told] or list(frame.columns[2:])
    frame = frame[[*frame.columns[:2], *shown]]
    frame = frame[(frame[shown] != "").any(axis=1)]
    return Part("Parameters", tables=[Table("Parameters of these devices", frame)])


def _read_csv(path: Path) -> "pandas.DataFrame":
    import pandas

    try:
        files.check_digest(path)
        return pandas.read_csv(path, dtype=str, keep_default_na=False)
    except OSError as error:
        raise files.unreadable(path, error) from None


# The page


def _parts(job: SummaryJob, results: Results) -> Iterator[Part]:
    if heated := caveats(results.devices):
        yield Part("What the simulations do not know", heated)
    paper = []
    if job.table_ii and results.accuracies:
        paper.append(headline.accuracies(results.accuracies, job.table_ii))
    if job.rests or job.arrivals or job.responses:
        paper.append(paper_table(job, results.devices))
    doubts = level_caveats(results.accuracies, results.models)
    if paper:
        text = doubts
        if job.table_ii and results.accuracies:
            text.append(f"Accuracies: {headline.conditions(results.accuracies)}.")
        yield Part("The paper beside this campaign", text, tables=paper)
    else:
        text = ["No device or network of this campaign stands for one of the paper.", *doubts]
        tables = [headline.accuracies(results.accuracies, {})] if results.accuracies else []
        yield Part("Main numbers", text, tables=tables or [headline.devices(results.devices)])
    yield _written(job, results)
    yield _kept(job, results)
    yield _rewritten(job, results)
    yield _price(job, results)
    warnings = faults(results.devices, results.responses)
    yield Part("Warnings", warnings or ["There is nothing to change."])
    yield _parameters(job, results)


def summary(job: SummaryJob, folder: str | Path, html_path: str | Path) -> None:
    """Write the page.

    Parameters
    ----------
    job : SummaryJob
        What the page shows.
    folder : str or Path
        Folder of the campaign.
    html_path : str or Path
        Page to write.

    Raises
    ------
    wallnet.files.FileError
        If a result is missing or damaged, or the page cannot be written.
    """
    import jinja2

    pages = jinja2.Environment(
        loader=jinja2.PackageLoader("wallnet", "report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    parts = list(_parts(job, Results.of(job, Path(folder))))
    made_by = f"wallnet {__version__}, revision {revisions.of('report')} of the report"
    text = pages.get_template("summary.html.j2").render(parts=parts, made_by=made_by)
    files.write_text(text, html_path)


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `summary` to a command line."""
    command = subparsers.add_parser("summary", help="summarise a campaign on one page")
    command.add_argument(
        "--job", required=True, help="what the page shows, as JSON; - for standard input"
    )
    command.add_argument("--directory", required=True, help="folder of the campaign")
    command.add_argument("--html", required=True, help="page to write")
    command.set_defaults(handler=_summary)


def _summary(arguments: argparse.Namespace) -> None:
    job = SummaryJob.from_json(files.given_text(arguments.job))
    summary(job, arguments.directory, arguments.html)
