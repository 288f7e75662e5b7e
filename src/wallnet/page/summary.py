"""The page of a campaign: its findings, its main figures, and links to all results."""

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas
import xarray

from wallnet import __version__, files, revisions
from wallnet.config.reference import ArrivalTime, FinalState, TransferCurve
from wallnet.devices import tables
from wallnet.devices.figures import UNIT_OF_J, density_in_1e12, states_of
from wallnet.devices.motion import swept_duration
from wallnet.files.datasets import checked_reading
from wallnet.jobs.report import SummaryJob
from wallnet.page.findings import Findings
from wallnet.page.pictures import pictures
from wallnet.plan import summary as planned
from wallnet.questions.opened import MADE_BY
from wallnet.questions.presentation import Headline, with_temperature
from wallnet.report.networks import TITLES, gap_tables
from wallnet.report.tables import Columns, Table, of_columns, rendered
from wallnet.studies import STUDIES
from wallnet.studies.showing import show_of

MOST_ROWS = 20
"""Largest number of rows of a table that is not folded."""


def _drawn(headline: Headline, results: Findings, png: str, data: str, origin: str) -> Headline:
    """Return a part of the page with its figure."""
    with checked_reading(results.folder / png, "PNG"):
        picture = base64.b64encode((results.folder / png).read_bytes()).decode("ascii")
    uri, origin = f"data:image/png;base64,{picture}", f"{origin}; wallnet {__version__}"
    return replace(headline, png=png, data=data, picture=uri, made=origin)


def _made_by(data: xarray.Dataset) -> str:
    """Return the calculator of the data of a simulated device."""
    backend, version, revision = (data.attrs[f"simulation_{name}"] for name in MADE_BY)
    return f"{backend} {version}, revision {revision}"


def single_pulses(data: xarray.Dataset) -> str:
    """Return the pulses of the sweep of a device as text."""
    return with_temperature(f"single pulses of {swept_duration(data) / 1e-9:g} ns", data)


# Reference data


def reference_table(job: SummaryJob, devices: Mapping[str, xarray.Dataset]) -> Table:
    """Return the reference data of devices beside what the campaign finds in their files."""
    of_kind: dict[type, Any] = {
        FinalState: _final_state,
        ArrivalTime: _arrival_time,
        TransferCurve: _transfer_curve,
    }
    rows = [
        (entry.device, *of_kind[type(entry)](entry, devices[entry.device]))
        for entry in job.reference.entries
    ]
    frame = pandas.DataFrame(rows, columns=list(REFERENCE_COLUMNS))
    return Table("Devices: reference data and this campaign", frame)


REFERENCE_COLUMNS = (
    *("device", "quantity", "J (1e12 A/m²)", "reference", "this campaign"),
    "smallest J that leads there (1e12 A/m²)",
)
"""Columns of the reference data. Of a pulse that was not simulated, the campaign has the states
after the nearest ones, and the last column the smallest J of the sweep that leads to the state."""


def _final_state(stated: FinalState, data: xarray.Dataset) -> tuple[str, ...]:
    """Return the state after a pulse."""
    densities, density = data["current_density"].values, stated.current_density
    states, settled = data["state"].values.astype(object), data["settled"].values != 0
    shown = np.flatnonzero(np.isclose(densities, density, rtol=1e-9, atol=0))
    if not shown.size:
        above = int(np.searchsorted(densities, density))
        shown = np.arange(densities.size)[max(above - 1, 0) : above + 1]
    here = "; ".join(f"{states[k]} at {density_in_1e12(densities[k])}" for k in shown)
    if len({*states[shown]}) == 1:
        here = states[shown[0]]
    reaching = densities[(states == stated.state) & settled]
    text = tables.smallest_density(densities, density_in_1e12)
    least = text(min(reaching, key=abs)) if reaching.size else "–"
    return "state after the pulse", density_in_1e12(density), stated.state, here, least


def _arrival_time(stated: ArrivalTime, data: xarray.Dataset) -> tuple[str, ...]:
    """Return when both ends of the wall are at a notch."""
    density, densities = stated.current_density, data["current_density"].values
    index = np.flatnonzero(np.isclose(densities, density, rtol=1e-9, atol=0))
    here = "not simulated"
    if index.size:
        arrived = data["arrival_time"].values[index[0], stated.notch - 1]
        here = f"{arrived / 1e-9:.2f} ns" if math.isfinite(arrived) else "never"
    time = f"{stated.time / 1e-9:.2g} ns"
    return f"time to notch {stated.notch}", density_in_1e12(density), time, here, ""


def _transfer_curve(stated: TransferCurve, data: xarray.Dataset) -> tuple[str, ...]:
    """Return the deviation of a neuron from ReLU, in each reading."""
    here = "no transfer curve"
    if "relu_deviation" in data:
        deviations = data["relu_deviation"].to_series()
        here = ", ".join(f"{deviations[reading]:.3f} ({reading})" for reading in files.READINGS)
    densities = stated.current_densities
    span = f"{density_in_1e12(min(densities))} to {density_in_1e12(max(densities))}"
    return "largest deviation from ReLU", span, "slight", here, ""


# The device, step by step


def _writing(job: SummaryJob, results: Findings) -> Iterator[Headline]:
    if job.written is None:
        return
    if job.written not in job.devices:
        numbers = files.COMPACT_MODEL.format(device=job.written)
        model = tables.read_measured(results.folder / numbers)
        caption = f"{job.written}, a measured device: conductance levels and transfer curve."
        origin = f"files of the user, read by wallnet {model['made_by']['wallnet_version']}"
        headline = Headline("Writing", caption)
    else:
        numbers, data = files.DEVICE.format(device=job.written), results.devices[job.written]
        caption = (
            f"{job.written}, {single_pulses(data)}: conductance after the pulse against its "
            "current density, in both readings of the detector. Hollow: beyond the model, or the "
            "wall still moves. Numbered lines: levels, dashed if no other pulse reaches them."
        )
        names = ["level", "state", *(f"G normalised, {reading}" for reading in files.READINGS)]
        names += ["reached by the sweep", tables.SMALLEST]
        text = [
            "A pulse moves the wall to a notch. Where it rests sets the conductance.",
            "A level is valid if a pulse reaches it within the model, and it is a minimum of the "
            "energy.",
        ]
        title = f"{with_temperature(job.written, data)}: levels"
        levels = [of_columns(title, tables.levels_in_short(data, names))]
        headline, origin = Headline("Writing", caption, text, levels), _made_by(data)
    yield _drawn(headline, results, planned.device_figure(job), numbers, origin)


def _studied(job: SummaryJob, results: Findings) -> Iterator[Headline]:
    """Yield the part of the page of each study that is there, those with a headline first."""
    for studied in sorted(job.studied, key=lambda entry: not entry.headline):
        path, png = planned.studied_files(studied)
        data = results.studied.get((studied.study, studied.subject))
        if not studied.needed and not (results.folder / png).exists():
            data = None
        show = show_of(studied.study)
        if studied.headline:
            written = results.devices[str(job.written)]
            headline = show.headline(data, studied.settings, written)
        elif data is not None:
            title = STUDIES[studied.study].title.format(subject=studied.subject)
            finding = show.finding(data, studied.subject)
            heading, caption = (f"{x[0].upper()}{x[1:]}" for x in (title, finding or title))
            headline = Headline(heading, caption)
        else:
            continue
        if data is not None and headline.caption:
            # what the embedded engine minimises has no version of a calculator
            versioned = "simulation_backend_version" in data.attrs
            simulated = data if versioned else results.devices[str(studied.device)]
            headline = _drawn(headline, results, png, path, _made_by(simulated))
        yield headline


def _energy(job: SummaryJob, results: Findings) -> Iterator[Headline]:
    """Yield the write energy of the levels, and the accuracy of networks on them."""
    shown = results.devices.items()
    written = [_write_energy(name, data) for name, data in shown if name == job.written]
    if job.networks:
        pulses = {name: f", {single_pulses(data)}" for name, data in results.devices.items()}
        synapses = [f"{name}{pulses.get(name, '')}" for name in job.synapses] or ["no synapse"]
        caption = (
            f"Networks on the levels of {'; '.join(synapses)}: test error at every stage, "
            "mean of all seeds with the sample standard deviation as a bar."
        )
        seeds = sorted({row["seed"] for row in results.accuracies}, key=int)
        gaps = gap_tables(results.accuracies)[1]
        title = f"{gaps.title}, in per cent points (95 % confidence interval over the seeds)"
        frame = gaps.frame.rename(columns=lambda name: name.replace(TITLES["on_levels"], "QAT"))
        written += [Table(title, frame)] if len(frame) else []
        headline = Headline("Write energy and accuracy", caption, tables=written)
        origin, numbers = f"networks of the seeds {', '.join(seeds)}", planned.ACCURACY_TABLE
        yield _drawn(headline, results, planned.ACCURACY_FIGURE, numbers, origin)
    elif written:
        yield Headline("Write energy", tables=written)


def _as_made(job: SummaryJob, results: Findings) -> Iterator[Headline]:
    """Yield the accuracy of networks as made, if they were evaluated."""
    if job.as_made and (results.folder / planned.AS_MADE_FIGURE).exists():
        caption = (
            "Networks on devices as they are made: accuracy lost to each cause of imperfection "
            "alone and to all together, and accuracy against the size of causes."
        )
        headline, origin = Headline("Networks as made", caption), "networks and their devices"
        yield _drawn(headline, results, planned.AS_MADE_FIGURE, planned.AS_MADE_TABLE, origin)


def _write_energy(name: str, data: xarray.Dataset) -> Table:
    density = data["reaching_current_density"].values
    driven = np.isfinite(density) & (density != 0)
    energies = tables.write_energies(data.sel(current_density=density[driven]))
    columns: Columns = {
        "state": (np.array(states_of(data, "level_"), dtype=object)[driven], ""),
        "J (1e12 A/m²)": (density[driven] / UNIT_OF_J, ".4f"),
    }
    for cost in ("energy (pJ)", "temperature rise, mean (K)", "temperature rise, middle (K)"):
        columns[cost] = energies[cost]
    title = f"{name}, {single_pulses(data)}: write energy of the smallest pulse to each level"
    return of_columns(title, columns)


# The page


def tabulate(sources: Mapping[str, Sequence[str | Path]], job: str) -> dict[str, str]:
    """Return the HTML of the page, and the table from devices to networks as CSV.

    Sources are the `folder` of the campaign; the job is JSON of `SummaryJob`.
    """
    summary_job = SummaryJob.from_json(job)
    results = Findings.of(summary_job, Path(*sources["folder"]))
    sections = []
    if summary_job.reference.entries:
        table = reference_table(summary_job, results.devices)
        sections.append(Headline("Reference data", tables=[table]))
    for section in (_writing, _studied, _energy, _as_made):
        sections += section(summary_job, results)
    # names and paths by folder, relative to the page
    links: dict[str, list[tuple[str, str]]] = {}
    for path in (PurePosixPath(path).relative_to(files.RESULTS) for path in summary_job.linked):
        links.setdefault(str(path.parent), []).append((path.stem, str(path)))
    made_by = f"wallnet {__version__}, revision {revisions.of('report')} of the report"
    shown = {"findings": results, "sections": sections, "links": links, "report": files.REPORT}
    shown |= {"pictures": pictures(summary_job, results), "written": summary_job.written}
    html = rendered("summary.html.j2", **shown, most_rows=MOST_ROWS, made_by=made_by)
    return {"html": html, "csv": results.compared.as_csv() if results.compared else "device\n"}
