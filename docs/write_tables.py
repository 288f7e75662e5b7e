"""Write the numbers that README.md and docs/*.md take from results.

    python docs/write_tables.py                   write the blocks between the marks
    python docs/write_tables.py --check           write nothing; name stale blocks and exit with 1
    python docs/write_tables.py --from results    first copy the files, and the pictures that the
                                                  pages have, from a finished campaign
    python docs/write_tables.py --jobs            first count the jobs of config.yaml again
    python docs/write_tables.py --rewritable results    first copy the accuracies of networks on
                                                  mutually reachable states
    python docs/write_tables.py --made NAME ...   first note that these tables are results of the
                                                  present revisions
    python docs/write_tables.py --edited NAME ... first note that only the text of these was edited

A page has pairs of marks, `<!-- table NAME -->` and `<!-- end NAME -->`. The script replaces the
text between them by a table or a sentence. A function of `BLOCKS` generates it from the files in
`docs/results`, which are copies of small files of the default campaign and of the cross-check, and
the paper's Table II. Those of the gallery come from the registry of figures and their captions;
`docs/figures` may have a picture of each.
"""

import argparse
import ast
import hashlib
import html
import json
import math
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pandas as pd

from wallnet import revisions
from wallnet.config import Campaign, schema
from wallnet.config.heavy_metal import PRESETS, HeavyMetal
from wallnet.config.stacks import STACKS
from wallnet.constants import (
    BOLTZMANN,
    ELEMENTARY_CHARGE,
    REDUCED_PLANCK,
    VACUUM_PERMEABILITY,
)
from wallnet.devices.tables import SMALLEST
from wallnet.devices.write_energy import write_energy_of
from wallnet.files import DEVICE
from wallnet.files.imperfection_tables import QUANTITIES
from wallnet.film.renormalization import bloch
from wallnet.jobs.film import film_of, strip_of
from wallnet.jobs.report import WriteEnergyJob, write_energy_job
from wallnet.jobs.request import KINDS
from wallnet.page import findings
from wallnet.plan import load
from wallnet.plan.shown import FIGURES, TABLES, Shown
from wallnet.report.as_made import ALL, TITLES
from wallnet.report.networks import ACCURACIES, dataset_title, mean_and_deviation
from wallnet.studies import STUDIES, Question
from wallnet.studies.barriers.gather import lifetime
from wallnet.studies.barriers.show import lifetime_text
from wallnet.studies.operating_windows import WORKS
from wallnet.studies.operating_windows.gather import edges
from wallnet.studies.proportions import share_of
from wallnet.tracks.rigid_wall import rigid_wall_of

ROOT = Path(__file__).parents[1]
WIDTH = 100

SYNAPSES = {"synapse-10": 10, "synapse-5": 5}
"""The synapses that correspond to the paper's, with their numbers of notches."""

EDGES = {"stairs": "synapse-5", "smooth": "synapse-5-smooth"}
"""The paper's synapse with five notches, by the edges of these."""

COPIED = {
    **{"levels": "levels", "quartic": "activation", "potentiation": "branches"},
    **{"reference": "reference", "parameters": "parameters", "dwell": "dwell"},
    **{"states at further": "temperatures", "spread": "samples"},
    **{"writing of one state": "writing", "conductances": "conductances"},
}
"""Further tables of a result that are copied, by the beginning of their titles."""


class Results:
    """The files in `docs/results`.

    Parameters
    ----------
    root : Path
        The folder of the repository.
    """

    def __init__(self, root: Path) -> None:
        self.folder = root / "docs/results"
        self.times = root / "benchmarks/README.md"

    def table(self, name: str) -> pd.DataFrame:
        """Return the table in a file, with all numbers as text."""
        table = pd.read_csv(self.folder / name, dtype=str, keep_default_na=False)
        # what a spreadsheet would take for a formula
        return table.replace("^'", "", regex=True)

    def levels(self, device: str) -> pd.DataFrame:
        """Return the levels of a synapse, by state."""
        return self.table(f"devices/{device}-levels.csv").set_index("state")


def rounded(number: Decimal, decimals: int) -> str:
    """Return a number rounded to the given decimals, with halves rounded up; no negative zero."""
    decimal = number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return str(abs(decimal) if decimal.is_zero() else decimal)


NUMBER = re.compile(r"[≥≤ ]*[+-]?[\d.,]+(e[+-]\d+)?( [±/] [\d.]+| \(.* to .*\))?|–")
"""A cell with a number; columns of such cells are aligned on the right."""


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    numbers = (all(map(NUMBER.fullmatch, cells)) for cells in zip(*rows, strict=True))
    rule = "|" + "".join("---:|" if numeric else "---|" for numeric in numbers)
    lines = [f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in (header, *rows)]
    return "\n".join([lines[0], rule, *lines[1:]])


# Results


def rewritable_loss(results: Results) -> str:
    """Return the loss of quantisation-aware training on mutually reachable states."""
    costs = results.table("rewritable/accuracy-gaps.csv")
    on_levels = costs[costs["reference"] == "continued"]
    lost = [Decimal(mean) for mean in on_levels["mean"]]
    return f"{rounded(min(lost), 2)} to {rounded(max(lost), 2)} points"


def accuracies(results: Results, name: str = "accuracy.csv") -> list[findings.Row]:
    """Return the accuracies of all networks in a file, as the summary of a campaign has them."""
    table = results.table(name).astype(dict.fromkeys(ACCURACIES, float))
    return table.to_dict("records")


def main_numbers(results: Results) -> str:
    """Return the accuracies that a run prints at its end, with the paper's Table II.

    Those on levels at smooth edges, if there are any, are of `examples/smooth_edges.yaml`.
    """
    rows = accuracies(results)
    if (results.folder / "smooth-edges/accuracy.csv").exists():
        further = accuracies(results, "smooth-edges/accuracy.csv")
        rows += [row for row in further if row["device"] == EDGES["smooth"]]
    shown = findings.accuracies(rows, SYNAPSES)
    cells = shown.rows()
    for row, before in reversed(list(zip(cells[1:], cells, strict=False))):
        row[0] = "" if row[0] == before[0] else row[0]
    return markdown(shown.columns, cells)


def seeds(results: Results) -> str:
    """Return what the accuracies are of, with the temperature of the levels."""
    simulated = (shipped().simulated[name].temperature.field for name in SYNAPSES)
    return findings.conditions(accuracies(results), {f"{kelvin:g} K" for kelvin in simulated})


def readings(results: Results) -> str:
    """Return how many readings of Table II were tried, and how many fit."""
    table = results.table("interpretations.csv")
    fits = table[table["mnist_largest_distance"].astype(float) <= 2.0]
    both = fits[fits["fashion-mnist_largest_distance"].astype(float) <= 2.0]
    return (
        f"Of {len(table)} readings, {len(fits)} have all MNIST numbers of the paper within two of "
        f"our standard deviations, and {len(both)} of these also all Fashion-MNIST numbers."
    )


WINDOWS = ("stepwise", "shallow", "fixed-ends", "narrow", "narrow-tail", "ten")
"""The windows that are shown."""


def operating_windows(results: Results) -> str:
    """Return the widest range of amplitudes that works, and why the amplitudes beside it fail."""
    rows = []
    for name in WINDOWS:
        table = results.table(f"operating_windows/{name}.csv")
        for pulse, points in table.groupby(["variant", "duration (ns)"], sort=False):
            density = points["J (1e12 A/m²)"].astype(float).tolist()
            bounds = edges((points["outcome"] == WORKS).tolist(), density)
            if pd.isna(bounds[0]):
                continue
            first, last, below, above = bounds
            outcome = points["outcome"] + " (" + points["step that failed"] + ")"
            fails = dict(zip(density, outcome, strict=True))
            inner, outer = (
                100 * (high - low) / (high + low) for low, high in ((first, last), (below, above))
            )
            width = f"{inner:.0f} to {outer:.0f}".replace("nan", "–")
            cells = (" to ".join(dict.fromkeys((f"{first:g}", f"{last:g}"))), width)
            beside = (f"{end:g} {fails[end]}" if end in fails else "–" for end in (below, above))
            rows.append([name, pulse[0], f"{float(pulse[1]):g}", *cells, *beside])
    header = ["window", "variant", "duration (ns)", "works at J (1e12 A/m²)", "half width (± %)"]
    return markdown([*header, "fails below", "fails above"], rows)


_MODELS = {
    "isothermal": "300 K",
    "heated-2": "heated, p = 2",
    "heated-3": "heated, p = 3",
}


def thermal_states(*synapses: str, models: Mapping[str, str] = _MODELS) -> Callable[[Results], str]:
    """Return a function that shows the probability of each state after pulses at a temperature."""

    def shown(results: Results) -> str:
        rows = []
        for name in synapses:
            table = results.table(f"thermal/{name}.csv")
            share = table["probability"].str.replace(r"\.?0+$", "", regex=True)
            said = (table["state"] + ": " + share).str.removesuffix(": –")
            pulses = table.assign(said=said).groupby(["J (1e12 A/m²)", "model"], sort=False)
            wide = pulses["said"].agg(", ".join).unstack("model")
            wide = wide.reindex(columns=[*models], fill_value="–")
            cold = table.groupby("J (1e12 A/m²)", sort=False)["state at 0 K"].first()
            rows += [
                [name, f"{float(density):g}", cold[density], *wide.loc[density]]
                for density in wide.index
            ]
        return markdown(["synapse", "J (1e12 A/m²)", "0 K", *models.values()], rows)

    return shown


def heated(results: Results) -> str:
    """Return how probably heated pulses write states, as a sentence."""
    table = results.table("thermal/staircase-10.csv")
    notch = table[["from", "state"]].apply(lambda names: names.str.extract(r"^notch (\d+)$")[0])
    following = notch["from"].astype(int) + table["J (1e12 A/m²)"].astype(float).gt(0) * 2 - 1
    # the outer pulses at both ends have no next notch
    inner = following.between(1, notch["from"].astype(int).max())
    pulses = table[inner].drop_duplicates(["from", "J (1e12 A/m²)"])
    runs = int(pulses["after the pause"].str.split(" of ").str[1].astype(int).sum())
    steps = table[inner & notch["state"].astype(float).eq(following)]
    right = int(steps["known at the reading time"].astype(int).sum())
    (*_, verified), (five,), (ten,) = (
        results.table(f"thermal/{name}-writing.csv").to_dict("records")
        for name in ("staircase-10", "reset-5", "reset-10")
    )
    return (
        f"heated by their pulses from 300 K (p = 2), {share_of(right, runs)} of the pulses of "
        f"± {table['J (1e12 A/m²)'].astype(float).abs().max():g}e12 A/m² moved the wall of "
        f"`synapse-rewritable-10` to the next notch; up to {verified['attempts']} pulses, each "
        f"read, write a notch from any other with a probability of {verified['right state']} "
        f"({verified['at least']} to {verified['at most']}), in {verified['time (ns)']} ns and "
        f"with {verified['energy (pJ)']} pJ. The best single pulses write notches 1 to 4 of "
        f"`synapse-5` from the start with {five['right state']} ({five['at least']} to "
        f"{five['at most']}), and notches 1 to 8 of `synapse-10` with {ten['right state']} "
        f"({ten['at least']} to {ten['at most']})"
    )


def writing(results: Results) -> str:
    """Return the schemes of writing of heated devices."""
    names = {
        "staircase-10": "synapse-rewritable-10",
        "reset-5": "synapse-5",
        "reset-10": "synapse-10",
    }
    tables = {name: results.table(f"thermal/{place}-writing.csv") for place, name in names.items()}
    table = pd.concat(tables, names=["device"]).reset_index("device").drop(columns="model")
    return markdown(list(table.columns), table.to_numpy().tolist())


def samples_scatter(results: Results) -> str:
    """Return how far thresholds and levels scatter over samples, as a sentence."""
    notches, pulses = (results.table(f"samples{name}.csv") for name in ("", "-pulses"))
    rough = notches["film"].eq(notches["film"].iloc[0])
    second = notches[rough & notches["notch"].astype(int).eq(2)].iloc[0]
    spread = notches["G, samples (µS)"].str.split(" ± ").str[1].astype(float).max()
    levels = notches.loc[rough, "G, perfect (µS)"].astype(float)
    pulse = pulses[pulses["film"].eq(notches["film"].iloc[0])]
    pulse = pulse[pulse["J (1e12 A/m²)"].astype(float).eq(0.5)].iloc[0]
    reached = second["by, samples that reach it (1e12 A/m²)"]
    stopping = second["samples that reach it"].partition(" (")[0]
    needed = second["reached by, perfect (1e12 A/m²)"]
    return (
        f"after the pulse of 0.5e12 A/m², {pulse['samples in this state']} samples with rough "
        f"edges are in the state of the perfect track; on the {stopping} samples that stop at "
        f"notch 2, it takes {reached}, where the perfect track takes {needed}. Conductances at the "
        f"notches scatter by at most {spread:.2f} µS, of {levels.diff().mean():.1f} µS from notch "
        "to notch."
    )


def samples_by_edges(results: Results) -> str:
    """Return where a pulse leaves walls of samples, with both kinds of edges, as a sentence."""
    smooth = results.table(f"sweeps/{EDGES['smooth']}-samples.csv").set_index(["quantity", "of"])
    row = smooth.loc["final wall position (nm)", "J (1e12 A/m²) 0.5"]
    count, mean, deviation, perfect = (
        f"{float(row[name]):.0f}"
        for name in ("samples", "mean", "standard deviation", "perfect device")
    )
    pulses = results.table("samples-pulses.csv")
    stairs = pulses[pulses["J (1e12 A/m²)"].astype(float).eq(0.5)].iloc[0]
    return (
        "The perfect track with smooth edges is like its samples, that with stairs is not: the "
        f"pulse of 0.5e12 A/m² leaves the wall at {perfect} nm, on {count} samples of "
        f"`{EDGES['smooth']}` at {mean} ± {deviation} nm; with stairs at "
        f"{stairs['wall, perfect (nm)']} nm, on samples at {stairs['wall, samples (nm)']} nm."
    )


def samples_temperature(results: Results) -> str:
    """Return how far states at 300 K differ between samples, as a sentence for each film."""
    sentences = []
    for device, films in results.table("samples-temperature.csv").groupby("device", sort=False):
        pulse, state = films[["J (1e12 A/m²)", "state, perfect"]].iloc[0]
        state, probability = state.split(": ")
        sentences.append(
            f"The pulse of {pulse}e12 A/m² leaves walls of the perfect `{device}` in the state "
            f"{state} most often, with a probability of {probability}"
        )
        for film, rows in films.groupby("film", sort=False):
            pulses, own, equal = (
                ", ".join(rows[name])
                for name in (
                    "J (1e12 A/m²)",
                    "of the most frequent state of a sample",
                    "the same, if samples did not differ",
                )
            )
            sentences.append(
                f"With {film}, it is {rows['its probability in all samples'].iloc[0]}; the most "
                f"frequent state of a sample has {own} after {pulses}e12 A/m², where equal samples "
                f"would have {equal}"
            )
    return ". ".join(sentences) + "."


def samples_barriers(results: Results) -> str:
    """Return how far barriers scatter over samples, as a sentence."""
    rough, grainy = results.table("samples-barriers.csv").to_dict("records")
    path, wall, tail = (
        f"{name} (k_B T)"
        for name in ("path, samples", "rigid wall, same samples", "1st percentile")
    )
    return (
        f"barriers are {rough[path]} k_B T with rough edges, and {grainy[path]} k_B T with grains "
        f"too, where the perfect track has {rough['path, perfect (k_B T)']}. The rigid wall has "
        f"{rough[wall]} and {grainy[wall]} k_B T on the same samples, with a correlation of "
        f"{rough['correlation']} and {grainy['correlation']}. One barrier of a hundred is below "
        f"{rough[tail]} and {grainy[tail]} k_B T."
    )


def copied(
    name: str, chosen: Callable[[pd.DataFrame], pd.DataFrame] = lambda table: table
) -> Callable[[Results], str]:
    """Return a function that shows a file of `docs/results`, or what is chosen of it."""

    def shown(results: Results) -> str:
        table = chosen(results.table(name))
        return markdown(list(table.columns), table.to_numpy().tolist())

    return shown


def by_edges(pattern: str) -> Callable[[Results], str]:
    """Return a function that shows files with smooth edges and with stairs below each other."""

    def shown(results: Results) -> str:
        tables = {edges: results.table(pattern.format(EDGES[edges])) for edges in reversed(EDGES)}
        table = pd.concat(tables, names=["edges"]).reset_index("edges")
        return markdown(list(table.columns), table.to_numpy().tolist())

    return shown


# What is chosen of a file


def of_tuned(table: pd.DataFrame, **where: str) -> pd.DataFrame:
    """Return the rows of the recipe `tuned` whose columns have these values."""
    for column, value in {"recipe": "tuned", **where}.items():
        table = table[table[column] == value]
    return table


def gaps(table: pd.DataFrame) -> pd.DataFrame:
    """Return the loss of accuracy on the levels with its confidence interval, by stage."""
    shown = of_tuned(table, mapping="signed-fitted")
    numbers = shown[["mean", "lower", "upper"]].map(lambda text: rounded(Decimal(text), 2))
    points = numbers["mean"] + " (" + numbers["lower"] + " to " + numbers["upper"] + ")"
    longer = shown["reference"].where(shown["reference"] == "continued", "")
    titles = (shown["stage"] + ", below " + longer).str.removesuffix(", below ")
    shown = shown.assign(points=points, stage=titles)
    places = ["dataset", "device", "reading"]
    return shown.pivot(index=places, columns="stage", values="points").reset_index()


def mappings(table: pd.DataFrame) -> pd.DataFrame:
    """Return the loss of chosen mappings by post-training quantisation."""
    shown = of_tuned(table, stage="quantized", reading="parallel")
    texts = shown[["mean", "deviation"]].map(lambda text: f"{float(text):.1f}")
    points = texts["mean"] + " ± " + texts["deviation"]
    place = shown["dataset"] + ", " + shown["levels"] + " levels"
    shown = shown.assign(place=place, points=points)
    wide = shown.pivot(index="mapping", columns="place", values="points")
    return wide.loc[list(MAPPINGS), list(place.unique())].reset_index()


MAPPINGS = (
    *("layer", "layer-3sd", "layer-fitted", "row-fitted", "differential", "differential-fitted"),
    *("signed", "signed-fitted", "signed-row-fitted"),
)
"""Mappings that are shown."""


def transitions(table: pd.DataFrame) -> pd.DataFrame:
    """Return where pulses from each notch lead."""
    table = table[table["from"].str.startswith("notch ")]
    ends = table["state after the pulse"].str.replace("between ", "").str.replace(" and ", "-")
    moving = table["settled"].map({"yes": "", "no": ", moving"}).mask(ends == "still moving", "")
    density = table["J (1e12 A/m²)"].map(lambda text: f"{float(text):+g}")
    wide = table.assign(end=ends + moving, density=density).pivot(
        index="from", columns="density", values="end"
    )
    return wide[sorted(wide, key=float)].reset_index()


def programming(table: pd.DataFrame) -> pd.DataFrame:
    """Return pulses and energy of writing the networks of the first seed on the synapse."""
    where = {"mapping": "signed-fitted", "reading": "parallel", "device": "synapse-5"}
    shown = of_tuned(table, dataset="mnist", **where)
    # what it costs to write a part of a network says little
    shown.loc[shown["not_written"] != "0", ["pulses", "energy"]] = "–"
    columns = ["stage", "start", "written_by", "changed", "lowered", "not_written", "pulses"]
    return shown[[*columns, "energy"]].rename(columns={"energy": "energy (J)"})


def levels(table: pd.DataFrame) -> pd.DataFrame:
    """Return the levels of a synapse that have a conductance, half states included."""
    flags = table["minimum of the energy"].eq("no").map({True: " (no minimum)", False: ""})
    table = table.assign(state=table["state"] + flags)
    shown = table[table["level"].str.fullmatch(r"\d+|half") & table.iloc[:, 4].ne("–")]
    return shown.iloc[:, [0, 1, 4, 5, 7]]


def tolerances(table: pd.DataFrame) -> pd.DataFrame:
    """Return the deviation for several values of each tolerance alone."""
    name = table["quantity"].str.extract(r"(\w+ = \S+) alone")[0]
    deviation = table["ours"].map(lambda text: f"{float(text):.1e}")
    return pd.DataFrame({"tolerance": name, "largest deviation of \\<m>": deviation})[name.notna()]


def compared(*checks: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return a function that returns the comparisons of checks; a finding has no tolerance."""
    return lambda table: _comparisons(table[table["check"].isin(checks)])


def _comparisons(table: pd.DataFrame) -> pd.DataFrame:
    names = {"reference": "reference", "ours": "engine", "tolerance": "tolerance"}
    shown = {
        name: [
            f"{float(value):.{2 if column == 'tolerance' else 4}g}" if value else "–"
            for value in table[column]
        ]
        for column, name in names.items()
    }
    units = table["unit"].str.replace("m2", "m²")
    named = [
        name if unit == "1" else f"{name} ({unit})"
        for name, unit in zip(table["quantity"], units, strict=True)
    ]
    quantity = [name.replace("<", "\\<").replace("|", "\\|") for name in named]
    return pd.DataFrame({"quantity": quantity, **shown})


def crosscheck(table: pd.DataFrame) -> pd.DataFrame:
    """Return the deviation of the engine from OOMMF, one row a case."""
    both = zip(table["final state, engine"], table["final state, OOMMF"], strict=True)
    shown = table.iloc[:, :8].rename(columns={"max. deviation of <m>": "max. deviation of \\<m>"})
    shown["final state, engine / OOMMF"] = [" / ".join(dict.fromkeys(pair)) for pair in both]
    return shown


def good_candidates(table: pd.DataFrame) -> pd.DataFrame:
    """Return the parameters of the candidates whose misfit is within 1 of the least."""
    misfit = table["misfit"].astype(float)
    parameters = table.loc[misfit <= misfit.min() + 1, :"read after the pulse (ns)"]
    return parameters.drop_duplicates("candidate").drop(columns="round")


# Sentences


def errors_of_edges(results: Results) -> str:
    """Return by how much thresholds and barriers deviate from those of the smallest cells."""
    table = results.table("edges.csv")
    numbers = table.drop(columns=["track", "cells (nm)"]).astype(float)
    fine = numbers.groupby(table["track"]).transform("last")
    said = []
    for kind in ("stairs", "smooth"):
        quantities = f"threshold, {kind} (1e12 A/m²)", f"barrier, {kind} (k_B T)"
        density, energy = (
            numbers[name] - fine[name.replace(kind, "smooth")] for name in quantities
        )
        share = 100 * density / fine["threshold, smooth (1e12 A/m²)"]
        said.append(f"{share.abs().max():.0f} % and {energy.abs().max():.1f} k_B T")
    return f"by up to {said[0]} with stairs, and by up to {said[1]} with smooth edges."


def queued_jobs(results: Results) -> str:
    """Return a sentence with the number of jobs that are submitted to a cluster."""
    table = results.table("jobs.csv")
    jobs = table["jobs"].astype(int)
    queued = jobs[table["where"] == "queue"].sum()
    return f"The shipped campaign submits {queued} of its {jobs.sum()} jobs to the queue."


def all_jobs(results: Results) -> str:
    """Return the number of jobs."""
    return f"{results.table('jobs.csv')['jobs'].astype(int).sum()} jobs"


def campaign_minutes(results: Results) -> str:
    """Return how long the jobs of the campaign took on two cores."""
    _, _, table = results.times.read_text(encoding="utf-8").partition("| s together |")
    rows = table.partition("\n\n")[0].splitlines()[2:]
    seconds = sum(int(line.split("|")[4]) for line in rows)
    return f"{rounded(Decimal(seconds) / 120, 0)} minutes on two free cores"


# Write energies of pulses, which depend on the configuration only


@cache
def shipped() -> Campaign:
    """Return the shipped campaign, read once."""
    return load(ROOT / "config.yaml")


def shipped_write_energy(device: str, **blocks: Iterable[tuple[str, Any]]) -> WriteEnergyJob:
    """Return what the write energy on a device depends on, with other values in its blocks."""
    made = shipped().simulated[device]
    changes = {
        name: getattr(made, name).model_copy(update=dict(values)) for name, values in blocks.items()
    }
    return write_energy_job(made.model_copy(update=changes))


LIFETIMES = ("lifetime at 1e12 1/s", "lifetime at 1e09 1/s")
RETAINED = "retained (loss at most 0.01)"
"""Columns of the tables of barriers."""

OWN = ROOT / "examples/w_cofeb.yaml"
"""The campaign of docs/own-device.md."""

OWN_NAME = "w-cofeb"
"""Name of its device."""


def own_barriers(results: Results) -> dict[float, pd.DataFrame]:
    """Return the states of the device of `OWN` with their barriers, by temperature in K."""
    barriers = load(OWN).barriers
    parts = {barriers.temperature: "", barriers.further_temperatures[0]: "-temperatures"}
    return {
        kelvin: results.table(f"barriers/{OWN_NAME}{part}.csv") for kelvin, part in parts.items()
    }


def own_by_hand(results: Results) -> str:
    """Return values of a device by hand, of its rigid wall, and computed, with their formulas."""
    device = load(OWN).simulated[OWN_NAME]
    track, torque = device.track, device.material.effective_polarization
    thickness, width, notches = track.thickness, track.width, track.notches
    rows = []
    for kelvin, states in own_barriers(results).items():
        film = film_of(device, kelvin)
        ratio = thickness / (math.pi * width) * (math.log(width / thickness) + 1.5)
        shape = VACUUM_PERMEABILITY * film.saturation_magnetization**2 / 2
        easy, stiff = film.uniaxial_anisotropy - (1 - ratio) * shape, film.exchange_stiffness
        energy = 4 * math.sqrt(stiff * easy) - math.pi * abs(film.dmi_constant)
        barrier = energy * thickness * 2 * notches.depth
        strip, wall = strip_of(track, film), rigid_wall_of(device, kelvin)
        place = f" at {kelvin - 273.15:.0f} °C"
        if not rows:
            per_density = math.pi * REDUCED_PLANCK * torque / (2 * ELEMENTARY_CHARGE)
            force = barrier / (notches.length / 2)
            by_hand = force / (per_density * (width - notches.depth))
            computed = results.table(f"depinning/{OWN_NAME}.csv").iloc[0]
            between = " to ".join(f"{float(text):.2f}" for text in computed.iloc[[4, 5]])
            rows += [
                ["K (kJ/m³)", f"{easy / 1e3:.0f}", f"{strip.effective_anisotropy / 1e3:.0f}", "–"],
                [
                    "Δ = √(A/K) (nm)",
                    f"{math.sqrt(stiff / easy) / 1e-9:.1f}",
                    f"{strip.wall_width_parameter / 1e-9:.1f}",
                    "–",
                ],
                [
                    "threshold (1e12 A/m²)",
                    f"{by_hand / 1e12:.2f}",
                    f"{wall.forward[0] / 1e12:.2f}",
                    between,
                ],
            ]
        unit, lowest = BOLTZMANN * kelvin, states.set_index("state")["lowest barrier (k_B T)"]
        rows.append(
            [
                f"barrier of notch 1{place} (k_B T)",
                f"{barrier / unit:.0f}",
                f"{wall.barriers[0, 0] / unit:.0f}",
                f"{float(lowest['notch 1']):.0f}",
            ]
        )
    return markdown(["quantity", "by hand", "rigid wall", "computed"], rows)


def own_retention(results: Results) -> str:
    """Return barriers and lifetimes of a device at two temperatures."""
    columns = ["state", "lowest barrier (k_B T)", *LIFETIMES, RETAINED]
    rows = [
        [f"{kelvin - 273.15:.0f}", *cells]
        for kelvin, table in own_barriers(results).items()
        for cells in table[columns].to_numpy().tolist()
    ]
    return markdown(["temperature (°C)", *columns], rows)


CONDITIONED = (*SYNAPSES, EDGES["smooth"], "synapse-5-literal", "synapse-rewritable", "track")
"""Devices of the table of conditions."""


def conditions(results: Results) -> str:
    """Return under which conditions the results of each device hold, one row a condition.

    They are how hot its pulses are, which levels of networks are doubtful, how long a notch retains
    a wall, and how many pulses end at a temperature as at 0 K.
    """
    devices = shipped().simulated
    job = write_energy_job(devices[CONDITIONED[0]])
    critical, beyond = (f"{kelvin:.0f} K" for kelvin in job.limits)
    titles = {
        "pulses": "pulses of the sweep",
        "hot": f"heated by more than {job.largest_rise:g} K: parameters change, estimates",
        "critical": f"heated to {critical} or more, below {beyond}: walls lower the energy",
        "beyond": f"heated to {beyond} or more: beyond the model, results mean nothing",
        "rise": "largest rise (K)",
        "doubtful": "levels that only pulses beyond the model reach",
        "creeping": "levels that are no minimum of the energy",
        "retained": "least barrier of a notch at 300 K (k_B T)",
        "decides": "depinning threshold, by the assumption that decides most (%)",
        **{model: f"end as at 0 K, {title} (%)" for model, title in _MODELS.items()},
    }
    columns = {name: dict.fromkeys(titles, "–") for name in CONDITIONED}
    for name, cells in columns.items():
        job, pulse = write_energy_job(devices[name]), devices[name].pulse
        cost = write_energy_of(job, pulse.current_densities, pulse.duration)
        rise, ends = cost["temperature_rise"], cost["beyond_model"]
        hot = job.temperature.ambient + cost["mean_temperature_rise"] >= job.limits[0]
        counts = {"pulses": rise.size, "hot": (rise > job.largest_rise).sum()}
        counts |= {"critical": (hot & ~ends).sum(), "beyond": ends.sum()}
        cells |= {key: str(count) for key, count in counts.items()}
        cells["rise"] = f"{rise.max():,.0f}"
        if name in (*SYNAPSES, EDGES["smooth"]):
            cells |= doubtful_levels(results, name)
        if (results.folder / f"barriers/{name}.csv").exists():
            states = results.table(f"barriers/{name}.csv").set_index("state")
            least = states.filter(regex="^notch", axis=0)["lowest barrier (k_B T)"].astype(float)
            cells["retained"] = f"{least.min():.0f}"
        if (results.folder / f"sensitivity/{name}.csv").exists():
            label, values, effects = assumed(results, name)[0]
            cells["decides"] = f"{label}, {values}: {effects}"
        if (results.folder / f"thermal/{name}.csv").exists():
            cells |= as_at_zero(results.table(f"thermal/{name}.csv"))
    rows = [[title, *(cells[key] for cells in columns.values())] for key, title in titles.items()]
    return markdown(["", *(f"`{name}`" for name in columns)], rows)


def doubtful_levels(results: Results, name: str) -> dict[str, str]:
    """Return the levels that only pulses beyond the model reach, and those that creep."""
    device, levels = shipped().simulated[name], results.levels(name)
    levels = levels[levels["level"].str.isdigit()]
    reaching = levels[SMALLEST].str.strip("≤ ").astype(float) * 1e12
    beyond = write_energy_of(write_energy_job(device), reaching, device.pulse.duration)
    doubtful = levels["level"][beyond["beyond_model"]].tolist()
    creeping = levels[levels["minimum of the energy"] == "no"].itertuples()
    moved = [f"{row.level}, by {float(row[-1]):.0f} nm" for row in creeping]
    return {
        "doubtful": ", ".join(doubtful) or "–",
        "creeping": "; ".join(moved) or "–",
    }


def noise_in_training(results: Results) -> str:
    """Return what noise in training gains on devices as they are made, by reading."""
    rows = results.table("robust/as-made.csv")
    rows = rows[
        (rows["key"] == "") & (rows["dataset"] == "mnist") & (rows["device"] == "synapse-5")
    ]
    rows = rows.assign(
        noise=rows["causes"].str.startswith("robust").map({True: "yes", False: "no"})
    )
    cells = []
    for (reading, noise), own in rows.groupby(["reading", "noise"]):
        cases = own.set_index("cause")
        points = [
            f"{rounded(Decimal(cases.loc[cause, 'mean']), 2)} ± "
            f"{rounded(Decimal(cases.loc[cause, 'deviation']), 2)}"
            for cause in (ALL, "device_to_device", "cycle_to_cycle")
        ]
        clean = rounded(Decimal(cases["clean"].iloc[0]), 2)
        cells.append([reading, noise, clean, *points])
    titles = ["all together", "device to device", "cycle to cycle"]
    return markdown(["reading", "noise in training", "on the levels", *titles], cells)


def own_after_years(results: Results) -> str:
    """Return the accuracy of networks on the own device after ten years, as a sentence."""
    rows = results.table(f"as-made-{OWN_NAME}.csv")
    rows = rows[(rows["cause"] == "retention") & (rows["key"] == "temperature")]
    rows = rows[rows["reading"] == "parallel"]
    after = [
        f"at {float(row.value):g} K {rounded(Decimal(row.mean), 1)} ± "
        f"{rounded(Decimal(row.deviation), 1)} %"
        for row in rows.itertuples()
    ]
    return f"networks read in parallel have {', '.join(after)}"


SUMMED_UP = {
    "device": "synapse",
    "right state (95 %)": "right state (95 %)",
    "runs": "runs",
    "energy (pJ)": "write (pJ)",
    "time (ns)": "(ns)",
    "lost after 10 years at 300 K": "lost after 10 years",
    "area (µm²)": "area (µm²)",
    "MNIST (%)": "MNIST (%)",
    "MNIST, as made: one-pulse (%)": "by one pulse",
    "MNIST, as made: simulated (%)": "by up to ten",
    "MNIST, as made: default (%)": "with assumed spreads",
}
"""Columns of the table of devices in README, by those of a campaign's table."""


def devices_compared(results: Results) -> str:
    """Return the table from devices to networks, of the devices with networks."""
    table = results.table("devices-compared.csv")
    table = table[table["MNIST (%)"] != "–"][[*SUMMED_UP]]
    return markdown([*SUMMED_UP.values()], table.astype(str).to_numpy().tolist())


def outcome(results: Results) -> str:
    """Return five results of the paper's synapse, with units.

    Levels, threshold and write are with smooth edges; barriers and networks with stairs, whose
    levels at notches are the same.
    """
    name, stairs = EDGES["smooth"], EDGES["stairs"]
    notches = results.levels(name).filter(regex="^notch", axis=0)
    values = [f"{float(value):.2f}" for value in notches["G normalised, parallel"]]
    places = notches["mean wall position (nm)"].astype(float)
    threshold = results.table(f"depinning/{name}.csv").iloc[0, -1]
    swept = results.table(f"devices/{name}.csv").set_index("state")
    columns = ["J (1e12 A/m²)", "energy (pJ)", "temperature rise, middle (K)"]
    density, energy, rise = swept.loc["notch 2", columns].astype(float)
    states = results.table(f"barriers/{stairs}.csv").set_index("state")
    least = states.filter(regex="^notch", axis=0)["lowest barrier (k_B T)"].astype(float).min()
    shown = findings.accuracies(accuracies(results), SYNAPSES)
    (accuracy,) = (
        dict(zip(shown.columns, row, strict=True))
        for row in shown.rows()
        if row[0] == f"MNIST, {stairs}" and row[1].startswith("tuned")
    )
    lines = (
        f"**Levels**: a wall rests at notches {places.min():.0f} to {places.max():.0f} nm from the "
        f"left end; there, the conductance is {', '.join(values)} of its range.",
        f"**Threshold**: a pulse of {threshold}e12 A/m² or more frees a wall from the first notch.",
        f"**Write**: a pulse of {density:g}e12 A/m² from the start to the second notch takes "
        f"{energy:.1f} pJ and heats the track by {rise:.0f} K.",
        f"**Retention**: the lowest barrier of a notch is {least:.0f} k_B T at 300 K.",
        f"**Accuracy** on MNIST: {accuracy['FP32']} % in FP32, {accuracy['QAT']} % on the levels, "
        "with quantisation-aware training.",
    )
    return "\n".join(f"- {line}" for line in lines)


def levels_by_edges(results: Results) -> str:
    """Return levels and thresholds of the paper's synapse with stairs and with smooth edges."""
    values = ("G normalised, parallel", SMALLEST)
    named = {
        f"{column}, {edges}": levels(results.table(f"devices/{name}-levels.csv"))
        .set_index(["level", "state"])
        .loc[:, column]
        for column in values
        for edges, name in EDGES.items()
    }
    table = pd.DataFrame(named)
    order = table.iloc[:, : len(EDGES)].astype(float).max(axis=1).sort_values().index
    table = table.loc[order].fillna("–")
    rows = [[*place, *cells] for place, cells in zip(table.index, table.to_numpy(), strict=True)]
    for ends in ("one end leaves", "both ends leave"):
        thresholds = [
            results.table(f"depinning/{name}.csv")[f"{ends}, by (1e12 A/m²)"][0]
            for name in EDGES.values()
        ]
        rows.append(["–", f"{ends} notch 1", "–", "–", *thresholds])
    return markdown(["level", "state", *table.columns], rows)


def accuracy_by_edges(results: Results) -> str:
    """Return the accuracy on levels at stairs and at smooth edges, of networks of one campaign."""
    rows = pd.DataFrame(accuracies(results, "smooth-edges/accuracy.csv"))
    rows = of_tuned(rows, stage="on_levels", mapping="signed-fitted", reading="parallel")
    texts = []
    for dataset in rows["dataset"].unique():
        means = [
            mean_and_deviation([*of_tuned(rows, dataset=dataset, device=name)["test_accuracy"]])
            for name in EDGES.values()
        ]
        texts.append(f"{means[0]} % and {means[1]} % on {dataset_title(dataset)}")
    return f"On the levels, with stairs and with smooth edges, networks have {', '.join(texts)}."


def networks_as_made(results: Results, name: str = "as-made.csv") -> str:
    """Return the accuracies of networks as made, a row each cause, the most costly first."""
    rows = results.table(name)
    rows = rows[rows["key"] == ""]
    points = rows["mean"].map(Decimal).map(lambda mean: rounded(mean, 2))
    deviations = rows["deviation"].map(Decimal).map(lambda deviation: rounded(deviation, 2))
    place = rows["dataset"].map(dataset_title) + ", " + rows["device"] + ", " + rows["reading"]
    rows = rows.assign(points=points + " ± " + deviations, place=place)
    costs = rows["lost"].astype(float).groupby(rows["cause"]).mean().sort_values(ascending=False)
    order = [ALL, *costs.index.drop(ALL)]
    shown = rows.pivot(index="cause", columns="place", values="points").loc[order, place.unique()]
    clean = rows.groupby("place")["clean"].first().map(lambda mean: rounded(Decimal(mean), 2))
    cells = [["on the levels", *clean[shown.columns]]]
    cells += [[TITLES[cause], *values] for cause, values in zip(order, shown.values, strict=True)]
    return markdown(["cause", *shown.columns], cells)


def assumed(results: Results, name: str) -> list[tuple[str, str, str]]:
    """Return label, values and effects in per cent of each assumption, the most decisive first.

    Edges are left out, as stairs are of the cells, not of a device.
    """
    table = results.table(f"sensitivity/{name}.csv").iloc[1:]
    table = table[table["assumption"] != "edges of notches"]
    effect = table["both ends leave, effect (%)"].str.split(" ±").str[0]

    def whole(match: re.Match) -> str:
        return f"{Decimal(rounded(Decimal(match[0]), 0)):+f}"

    rounds = effect.str.replace(r"[+-]\d+\.\d", whole, regex=True)
    texts = table.assign(effect=rounds).groupby("assumption", sort=False)[["value", "effect"]]
    return [(label, *texts.get_group(label).agg(" to ".join)) for label in texts.groups]


def decisive(results: Results) -> str:
    """Return what decides the threshold of the paper's synapse, in three sentences."""
    (label, values, effects), second, third, *others = assumed(results, EDGES["smooth"])
    said = [f"{label} ({values}: {effects} %)" for label, values, effects in (second, third)]
    rest = [f"{label} ({values}: {effects} %)" for label, values, effects in others]
    table = results.table(f"sensitivity/{EDGES['smooth']}.csv").set_index("value")
    stairs = table["both ends leave, effect (%)"]["stairs"]
    return (
        f"`{EDGES['smooth']}`, the current by which both ends leave depends most on {label}: from "
        f"{values}, it changes by {effects} %. Next are {' and '.join(said)}. The others: "
        f"{', '.join(rest)}. Stairs change it by {stairs} %."
    )


def as_at_zero(table: pd.DataFrame) -> dict[str, str]:
    """Return how many replicas end in the state of 0 K, in per cent, by model of temperature."""
    table = table.assign(probability=pd.to_numeric(table["probability"], errors="coerce"))
    kept = table[table["state"] == table["state at 0 K"]].groupby("model")["probability"].sum()
    pulses = table.groupby("model")["J (1e12 A/m²)"].nunique()
    shares = {model: f"{100 * kept.get(model, 0.0) / pulses[model]:.0f}" for model in pulses.index}
    return {model: shares.get(model, "–") for model in _MODELS}


def write_energy_of_metals(results: Results) -> str:
    """Return the write energy of the pulse to notch 2 with each metal."""
    rows = []
    for preset in (None, *PRESETS):
        metal = HeavyMetal(preset=preset)
        job = shipped_write_energy("synapse-5", heavy_metal=metal)
        pulse = write_energy_of(job, 0.65e12, 10e-9)
        polarization = shipped().simulated["synapse-5"].material.polarization
        resistance = job.heat.bilayer.sheet_resistance * job.length / job.width
        rows.append(
            [
                f"`{preset}`" if preset else "none: θ is P",
                f"{metal.spin_hall_angle or polarization:.2f}",
                f"{metal.resistivity / 1e-8:g}",
                f"{pulse['metal_current_density'] / 1e12:.2f}",
                f"{resistance / 1e3:.2f}",
                f"{pulse['write_current'] / 1e-3:.2f}",
                f"{pulse['write_energy'] / 1e-12:.1f}",
                f"{pulse['mean_temperature_rise']:.0f}",
                f"{pulse['temperature_rise']:.0f}",
            ]
        )
    header = (
        *("preset", "θ", "ρ (µΩ cm)", "J in the metal (1e12 A/m²)", "R (kΩ)", "I (mA)"),
        *("energy (pJ)", "mean rise (K)", "rise in the middle (K)"),
    )
    return markdown(header, rows)


def stacks(results: Results) -> str:
    """Return the values of each stack, and what a pulse of 1 ns heats the narrow track by."""
    rows = []
    for name, stack in STACKS.items():
        resistivity, angle, thickness, *_ = stack
        metal = HeavyMetal(resistivity=resistivity, spin_hall_angle=angle, thickness=thickness)
        job = shipped_write_energy("synapse-rewritable-10", heavy_metal=metal)
        rows.append(
            [
                f"`{name}`",
                f"{angle:.2f}",
                f"{resistivity / 1e-8:g}",
                f"{resistivity / 1e-8 / angle**2:.0f}",
                f"{thickness / 1e-9:g}",
                f"{stack.field_like:g}",
                f"{stack.damping:g}",
                f"{stack.interfacial_dmi / 1e-12:g}",
                f"{write_energy_of(job, 1e12, 1e-9)['mean_temperature_rise']:.0f}",
            ]
        )
    header = (
        *("stack", "θ", "ρ (µΩ cm)", "ρ/θ² (µΩ cm)", "metal (nm)", "field-like", "α"),
        *("D t (pJ/m)", "mean rise (K)"),
    )
    return markdown(header, rows)


def imperfections(_: Results) -> str:
    """Return the quantities of the imperfections of a device, and on what each depends."""
    rows = [
        [f"`{name}`", variable.long_name, ", ".join(variable.dimensions) or "–", variable.units]
        for name, variable in QUANTITIES.items()
    ]
    return markdown(("quantity", "meaning", "for each", "unit"), rows)


def exported(results: Results) -> str:
    """Return the accuracies of a network as made, here and in tools with its device."""
    table = results.table("exports.csv")
    (network,), (images,) = table["network"].unique(), table["images"].unique()
    draws = table["draws"].astype(int).max()
    cells = [
        f"{float(mean):.2f}" + f" ± {float(deviation):.2f}" * (float(deviation) > 0)
        for mean, deviation in zip(table["mean"], table["deviation"], strict=True)
    ]
    wide = table.assign(cell=cells).pivot(index="cause", columns="tool", values="cell")
    wide = wide.loc[table["cause"].unique(), table["tool"].unique()]
    about = (
        f"Accuracies in % of `{network}` on {images} images, mean and standard deviation of "
        f"{draws} draws:"
    )
    rows = [[cause, *row] for cause, row in zip(wide.index, wide.to_numpy().tolist(), strict=True)]
    return "\n".join([*textwrap.wrap(about, WIDTH), "", markdown(["cause", *wide.columns], rows)])


def write_energy_by_effect(results: Results) -> str:
    """Return the mean rise of a wide and a narrow track as effects are added one by one."""
    nothing_above = {"encapsulation_conductivity": 0.0}
    in_contact = nothing_above | {"interface_resistance": 0.0}
    bare = in_contact | {"cap_thickness": 0.0}
    insulating = {"resistivity": "insulating"}
    stored = {"material": insulating}
    none = {"material": insulating | {"heat_capacity": 0.0}, "heavy_metal": {"heat_capacity": 0.0}}
    steps = {
        "strip on oxide": (none, bare),
        "+ heat in metal and magnet": (stored, bare),
        "+ cap": (stored, in_contact),
        "+ interface": (stored, nothing_above),
        "+ current in the magnet": ({}, nothing_above),
        "+ encapsulation: the default": ({}, {}),
    }
    rows = []
    for title, (strip, media) in steps.items():
        plain = shipped_write_energy("synapse-5", heating=media.items(), **strip)
        cells = []
        for width, density, duration in ((150e-9, 0.65e12, 10e-9), (72e-9, 1e12, 1e-9)):
            job = plain.model_copy(update={"width": width})
            early = write_energy_of(job, density, 0.1e-9)["mean_temperature_rise"]
            end = write_energy_of(job, density, duration)["mean_temperature_rise"]
            later = write_energy_of(job, density, [duration + 1e-9, 1e-9])["mean_temperature_rise"]
            cells += [f"{kelvin:.0f}" for kelvin in (early, end, later[0] - later[1])]
        rows.append([title, *cells])
    times = "after 0.1 ns (K)", "at the end (K)", "1 ns later (K)"
    header = [f"{width} nm, {time}" for width in (150, 72) for time in times]
    return markdown(["", *header], rows)


def write_energy_on_oxides(results: Results) -> str:
    """Return the temperature rise of that pulse with oxides of different thickness."""
    rows = []
    for nanometres in (20, 50, 100, 300, 1000):
        changes = {"oxide_thickness": nanometres * 1e-9}
        job = shipped_write_energy("synapse-5", heating=changes.items())
        after = [write_energy_of(job, 0.65e12, duration) for duration in (1e-9, 10e-9, 100e-9)]
        names = ("mean_temperature_rise", "temperature_rise")
        cells = (" / ".join(f"{pulse[name]:.0f}" for name in names) for pulse in after)
        rows.append([str(nanometres), *cells])
    header = ["oxide (nm)", *(f"after {t} ns: mean / middle (K)" for t in (1, 10, 100))]
    return markdown(header, rows)


def retention(results: Results) -> str:
    """Return the barrier of a rigid wall at a notch, at two temperatures of it and of the film."""
    device = shipped().simulated["synapse-5-literal"]
    area = device.track.thickness * device.track.notches.diameter
    columns = {}
    for film, kelvin in ((300.0, 300.0), (358.0, 358.0), (300.0, 358.0)):
        strip = strip_of(device.track, film_of(device, film))
        tension = math.pi * (strip.critical_dmi - abs(strip.material.dmi_constant))
        barrier = tension * area
        columns[f"{kelvin:g} K" if film == kelvin else f"{kelvin:g} K, film of {film:g} K"] = (
            f"{bloch(film, device.material.curie_temperature):.4f}",
            f"{strip.material.saturation_magnetization / 1e6:.4f}",
            f"{strip.material.exchange_stiffness / 1e-12:.2f}",
            f"{strip.material.dmi_constant / 1e-3:.4f}",
            f"{strip.material.uniaxial_anisotropy / 1e6:.4f}",
            f"{strip.effective_anisotropy / 1e6:.4f}",
            f"{tension / 1e-3:.3f}",
            f"{barrier / 1e-19:.3f}",
            f"{barrier / (BOLTZMANN * kelvin):.1f}",
            *(lifetime_text(lifetime(barrier, kelvin, frequency)) for frequency in (1e9, 1e12)),
        )
    names = (
        *("m = 1 - (T/Tc)^1.5", "Ms ∝ m (1e6 A/m)", "A ∝ m² (pJ/m)", "D ∝ m² (mJ/m²)"),
        *("Ku ∝ m³ (MJ/m³)", "K_eff = Ku - μ0 Ms² N_z/2 (MJ/m³)", "σ = 4 √(A K_eff) - π D (mJ/m²)"),
        *("E = σ t ΔW (1e-19 J)", "E (k_B T)", "lifetime at 1e9/s", "lifetime at 1e12/s"),
    )
    table = markdown(["", *columns], [*zip(names, *columns.values(), strict=True)])
    *_, longest, shortest = columns["358 K"]
    paragraph = (
        "For example, at a notch of `synapse-5-literal`, with cuts of together ΔW = "
        f"{device.track.notches.diameter / 1e-9:g} nm: at 300 K a wall is retained. At 358 K it "
        f"stays for {longest} with an attempt frequency of 1 GHz, and for {shortest} with 1e12/s; "
        "with the film of 300 K it would seem to be retained."
    )
    return f"{textwrap.fill(paragraph, WIDTH)}\n\n{table}"


# Extending

STEP = re.compile(r"^\d+\. (?:New file )?`([^`]+)`.*?^ +```\w*\n(.*?)^ +```$", re.M | re.S)
"""A step of docs/extending.md: its file and its text."""


def steps_of_extending(results: Results) -> str:
    """Count places, files and lines of the steps of each section."""
    text = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
    rows = []
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        steps = STEP.findall(section)
        lines = sum(len(body.strip().splitlines()) for _, body in steps)
        files = {path for path, _ in steps}
        rows.append((section.splitlines()[0], len(steps), len(files), lines))
    head = ["| to add | places | files | lines |", "|---|---:|---:|---:|"]
    return "\n".join([*head, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


# The gallery

PICTURES = ROOT / "docs/figures"
"""Pictures by the paths of their figures below results/figures, with - for /."""

LETTERS = re.compile(r"\\ :(su[bp]):`(\w+)`(?:\\ )?")
"""Letters below or above the line in captions of the report."""

PARTS = ("Devices", "Studies", "Networks", "Checks")
"""Parts of the gallery: the studies, and categories of the report."""


def gallery(part: str) -> Callable[[Results], str]:
    """Return a function that lists the figures of a part of the registry."""

    def listed(results: Results) -> str:
        campaign = load(ROOT / "config.yaml")
        if part == "Studies":
            return "\n\n".join(of_study(campaign, study) for study in STUDIES.values())
        shown = [
            figure for figure in (*FIGURES.values(), *TABLES.values()) if figure.category == part
        ]
        return "\n\n".join(
            of_figure(campaign, figure) for figure in shown if "png" in figure.outputs
        )

    return listed


def of_examples(results: Results) -> str:
    """Return name, question and picture of each script of `examples` that draws one."""
    shown = []
    for script in sorted((ROOT / "examples").glob("*.py")):
        picture = PICTURES / f"examples-{script.stem}.png"
        if picture.exists():
            text = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
            line = f"[{script.name}](../examples/{script.name}): {text.splitlines()[0]}"
            image = f"![{script.stem}](figures/{picture.name})"
            shown.append(f"{textwrap.fill(line, WIDTH)}\n\n{image}")
    return "\n\n".join(shown)


def of_figure(campaign: Campaign, figure: Shown) -> str:
    """Return a figure of devices, of networks or of checks in the gallery."""
    paths = {
        figure.written(campaign, **wildcards)["png"]: wildcards
        for wildcards in figure.places(campaign)
    }
    path, place = with_picture(paths, {"device": "my-device"})
    name = figure.name if figure.name in FIGURES else Path(path).stem
    code = f"```sh\nsnakemake {path}\n```" if path else ""
    if path and figure.kind and place:
        traces = figure.folders.get("traces", "").format(**place)
        code = in_python(name, DEVICE.format(**place), figure.kind, traces)
    caption = ROOT / f"workflow/report/{figure.rule}.rst"
    return entry(name, path, code, caption, place, figure.job(campaign, **place))


def of_study(campaign: Campaign, study: Question) -> str:
    """Return the figure of a study in the gallery."""
    paths = {study.drawing(name, ".png"): name for name in study.subjects(campaign)}
    path, subject = with_picture(paths, "my-device")
    code = in_python(study.kind, study.path(subject), study.kind)
    caption = ROOT / f"src/wallnet/studies/{study.name}/caption.rst"
    return entry(study.kind, path, code, caption, {"subject": subject})


def picture_of(path: str) -> Path:
    """Return the picture in the documentation of a figure, which need not be there."""
    below = re.sub("results/figures/(devices/|networks/)?", "", path)
    return PICTURES / below.replace("/", "-")


def with_picture(paths: dict[str, Any], other: Any) -> tuple[str, Any]:
    """Return the first figure with a picture, or else the first, and its value.

    Without any figure, the path is empty, and the value is the other one.
    """
    drawn = [pair for pair in paths.items() if picture_of(pair[0]).exists()]
    return next(iter([*drawn, *paths.items()]), ("", other))


def in_python(name: str, path: str, kind: str, traces: str = "") -> str:
    """Return the call that draws a figure from a dataset."""
    arguments = [f'"{name}"', f'files.read_dataset("{path}", "{kind}")']
    arguments += [f'traces="{traces}"'] if traces else []
    call = ", ".join(arguments)
    if len(call) > WIDTH - 12:
        call = "".join(f"\n    {argument}," for argument in arguments) + "\n"
    return f"```python\napi.figure({call})\n```"


def entry(
    name: str, path: str, code: str, caption: Path, place: dict[str, str], job: str = "{}"
) -> str:
    """Return a figure with its caption in the report, and with its picture if there is one."""
    shown = SimpleNamespace(wildcards=SimpleNamespace(**place), params=SimpleNamespace(job=job))
    text = jinja2.Template(caption.read_text(encoding="utf-8")).render(snakemake=shown)
    text = " ".join(LETTERS.sub(r"<\1>\2</\1>", text).replace("``", "`").split())
    parts = [f"### `{name}`", textwrap.fill(text, WIDTH, break_on_hyphens=False)]
    if path and (picture := picture_of(path)).exists():
        parts.append(f"![{name}](figures/{picture.name})")
    return "\n\n".join([*parts, code]).rstrip()


# The configuration


def configuration(results: Results) -> str:
    """Return all keys of the configuration, one table a block."""
    campaign = schema.of_campaign(STUDIES)
    blocks = {"Campaign": campaign} | campaign["$defs"]
    header = ("key", "unit", "values", "default", "meaning", "source")
    parts = []
    for name, paths in places(blocks, "Campaign").items():
        title = ", ".join(f"`{path}`" for path in paths) or "The whole file"
        if kind := blocks[name]["properties"].get("kind", {}).get("const"):
            title += f" of kind `{kind}`"
        rows = []
        for key, node in blocks[name]["properties"].items():
            meaning, unit, source = DESCRIPTION.match(node["description"]).groups(default="")
            required = key in blocks[name].get("required", ())
            default = "required" if required else default_of(node)
            rows.append([f"`{key}`", unit, values_of(node), default, meaning, source])
        table = markdown(header, [[cell or " " for cell in row] for row in rows])
        parts.append(f"### {title}\n\n{blocks[name]['description']}\n\n{table}")
    return "\n\n".join(parts)


DESCRIPTION = re.compile(r"(.*?)(?: Unit: (.*?)\.)?(?: Source: (.*?)\.)?\Z")
"""Meaning, unit and source of a key, in the schema."""


def places(blocks: dict[str, Any], name: str, path: str = "") -> dict[str, list[str]]:
    """Return the paths of each block in the file, an outer block before its inner blocks."""
    block_paths: dict[str, list[str]] = {name: [path] if path else []}
    for key, node in blocks[name]["properties"].items():
        for inner, suffix in references(node):
            for other, paths in places(blocks, inner, f"{path}.{key}{suffix}".strip(".")).items():
                block_paths.setdefault(other, []).extend(paths)
    return block_paths


def references(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the blocks that a key refers to, and the part of the path between key and block."""
    if "$ref" in node:
        yield node["$ref"].rpartition("/")[2], ""
    if isinstance(named := node.get("additionalProperties"), dict):
        yield from ((name, ".X") for name, _ in references(named))
    for inner in (*node.get("anyOf", ()), *filter(None, [node.get("items")])):
        yield from references(inner)


def values_of(node: dict[str, Any]) -> str:
    """Return the allowed values of a key, as text."""
    if "$ref" in node:
        return "block"
    if "title" in node:
        return f"`{node['title']}`"
    if "enum" in node:
        # as YAML writes them
        texts = (str(v).lower() if isinstance(v, bool) else v for v in node["enum"])
        return ", ".join(f"`{text}`" for text in texts)
    if "const" in node:
        return str(node["const"])
    if union := node.get("anyOf") or node.get("oneOf"):
        # leave out that a number may also be given as text
        kinds = [kind for kind in union if "pattern" not in kind or "title" in kind]
        said = " or ".join(dict.fromkeys(map(values_of, kinds)))
        return re.sub(r"(\S+ to \S+) or -\S+ to -\S+", r"±(\1)", said)
    kind = node.get("type")
    if kind == "array":
        if entries := node.get("prefixItems"):
            return f"list of {len(entries)}, each {values_of(entries[0])}"
        return f"list of {values_of(node['items'])}"
    if kind == "object":
        named = node["additionalProperties"]
        return f"{values_of(named)}, by name" if isinstance(named, dict) else "block"
    if "minimum" in node:
        high = node["maximum"] if "maximum" in node else node["exclusiveMaximum"] - 1
        return (
            f"{node['minimum']:g} to {high:g}"
            if kind == "number"
            else f"{node['minimum']} to {high}"
        )
    return {"string": "text", "boolean": "true, false", "null": "null"}[str(kind)]


def default_of(node: dict[str, Any]) -> str:
    """Return the default of a key, as text."""
    default = node.get("default")
    if default in (None, {}, []):
        return "none"
    if isinstance(default, dict):
        return "as below"
    if isinstance(default, list):
        return ", ".join(map(str, default))
    return f"{default:g}" if isinstance(default, float) else str(default).lower()


# Revisions of published tables

OF_NETWORKS = ("devices", "networks")
OF_EVALUATIONS = (*OF_NETWORKS, "as_made", "imperfections")
STAGES = {
    **dict.fromkeys(("accuracy", "accuracy-gaps", "mappings", "programming"), OF_NETWORKS),
    **dict.fromkeys(("few-levels", "rewritable", "smooth-edges"), OF_NETWORKS),
    **dict.fromkeys(("interpretations", "table-ii"), OF_NETWORKS),
    **dict.fromkeys(("exports", "step-tables", "step-networks"), ("networks",)),
    **dict.fromkeys(("as-made", "as-made-w-cofeb", "robust", "devices-compared"), OF_EVALUATIONS),
    **dict.fromkeys(("devices", "levels"), ("film", "devices")),
    "cut-metal": ("devices",),
    "intervals/synapse-5-oommf": ("oommf", "intervals"),
    "jobs": (),
}
"""Stages that compute a table of `docs/results`, by name or folder; else `film` and the study."""

SINCE = {
    "film": {
        10: "finer minima and paths",
        11: "rounding where parameters vary",
        12: "thermal noise with a Slonczewski λ above 1",
        13: "smooth edges unless `stairs`; limits of temperature by the strip",
        15: "rounding",
        16: "other random numbers at a temperature",
        17: "files of several runs, no numbers",
    },
    "oommf": {3: "limits of temperature by the strip", 4: "files of several runs, no numbers"},
    "devices": {
        10: "the temperature that ends the model",
        12: "heat in the metal and through interfaces",
        13: "limits of temperature by the strip; names of states",
        14: "sentences, no numbers",
    },
    "networks": {
        3: "the same numbers on all processors",
        4: "comparisons find the level of a weight",
        5: "the compensation",
    },
    "as_made": {2: "barriers between two temperatures are on a line"},
    "imperfections": {2: "barriers at further temperatures", 3: "pulses on several states"},
    "intervals": {2: "names of temperatures", 3: "names of states"},
    "calibration": {3: "names of states"},
    "thermal": {6: "files of several runs", 7: "several states before a pulse", 8: "rounds"},
}
"""What the revisions of a stage changed in results, of those since the oldest published table."""


def published(root: Path) -> dict[str, Path]:
    """Return the tables in `docs/results`, by their names."""
    folder = root / "docs/results"
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in sorted(folder.rglob("*.csv"))
    }


def noted_revisions(root: Path) -> dict[str, dict[str, Any]]:
    """Return the digest of each published table, and the revisions that computed it."""
    return json.loads((root / "docs/results/revisions.json").read_text(encoding="utf-8"))


def digest_of(table: Path) -> str:
    """Return a digest of the text of a table."""
    return hashlib.sha256(table.read_bytes().replace(b"\r\n", b"\n")).hexdigest()[:16]


def stages_of(name: str) -> tuple[str, ...]:
    """Return the stages whose revisions decide the numbers of a published table."""
    folder = name.partition("/")[0]
    of_study = (folder,) if folder in STUDIES or folder in ("validation", "crosscheck") else ()
    return STAGES.get(name, STAGES.get(folder, ("film", *of_study)))


def note_revisions(root: Path, made: Iterable[str], edited: Iterable[str] = ()) -> None:
    """Note that tables are of the present revisions, or that only their text was edited."""
    tables, noted = published(root), noted_revisions(root)
    if unknown := sorted({*made, *edited} - tables.keys()):
        raise SystemExit(f"docs/results has no table {', '.join(unknown)}")
    for name in made:
        noted[name] = {"digest": "", **{stage: revisions.of(stage) for stage in stages_of(name)}}
    for name in (*made, *edited):
        noted[name]["digest"] = digest_of(tables[name])
    text = json.dumps({name: noted[name] for name in sorted(tables)}, indent=2)
    (root / "docs/results/revisions.json").write_text(f"{text}\n", encoding="utf-8")


def unnoted(root: Path) -> list[str]:
    """Return the published tables whose numbers have no noted revision."""
    noted = noted_revisions(root)
    tables = published(root)
    changed = [n for n, path in tables.items() if noted.get(n, {}).get("digest") != digest_of(path)]
    return changed + sorted(noted.keys() - tables.keys())


def earlier_revisions(results: Results) -> str:
    """Return the published tables of earlier revisions, and what the later ones changed."""
    groups = dict[str, dict[int, list[str]]]()
    for name, note in noted_revisions(results.folder.parents[1]).items():
        for stage in stages_of(name):
            if note[stage] < revisions.of(stage):
                groups.setdefault(stage, {}).setdefault(note[stage], []).append(name)
    rows = []
    for stage, tables in sorted(groups.items()):
        changes = SINCE.get(stage, {}).items()
        since = "; ".join(f"{n}: {change}" for n, change in changes if n > min(tables))
        listed = "; ".join(f"{n}: {', '.join(names)}" for n, names in sorted(tables.items()))
        rows.append([f"`{stage}`", str(revisions.of(stage)), listed, since or "–"])
    return markdown(["stage", "present", "tables of earlier revisions", "what changed"], rows)


BLOCKS: dict[str, Callable[[Results], str]] = {
    "conditions": conditions,
    "headline": main_numbers,
    "seeds": seeds,
    "gaps": copied("few-levels/accuracy-gaps.csv", gaps),
    "mappings": copied("mappings.csv", mappings),
    "readings": readings,
    "neuron": copied("devices/neuron-activation.csv", lambda table: table.iloc[:, [0, 8, 6]]),
    "synapse-5-literal": copied(
        "devices/synapse-5-literal.csv",
        lambda table: table[["J (1e12 A/m²)", "state", "pinned against the current"]],
    ),
    "outcome": outcome,
    "devices-compared": devices_compared,
    "levels-by-edges": levels_by_edges,
    "accuracy-by-edges": accuracy_by_edges,
    "as-made": networks_as_made,
    "robust": noise_in_training,
    "own-after-years": own_after_years,
    "own-as-made": lambda results: networks_as_made(results, "as-made-w-cofeb.csv"),
    "stepwise": copied("pulse_trains/stepwise-branches.csv"),
    "operating_windows": operating_windows,
    "rewritable-transitions": copied("transitions/synapse-rewritable.csv", transitions),
    "heated": heated,
    "writing": writing,
    "thermal-paper": thermal_states(*EDGES.values(), "synapse-10"),
    "intervals": copied("intervals/synapse-5.csv"),
    "calibration": copied("calibration/paper.csv", good_candidates),
    "calibration-reference": copied("calibration/paper-reference.csv"),
    "calibration-parameters": copied("calibration/paper-parameters.csv"),
    "depinning": by_edges("depinning/{}.csv"),
    "dwell": copied(
        f"depinning/{EDGES['smooth']}-dwell.csv", lambda table: table[table.iloc[:, 0] == "1.2000"]
    ),
    "decisive": decisive,
    "barriers": copied(
        "barriers/synapse-rewritable.csv",
        lambda table: table.drop(columns=["minimum", "lowest barrier (J)"]),
    ),
    "retention": retention,
    "queued-jobs": queued_jobs,
    "all-jobs": all_jobs,
    "campaign-minutes": campaign_minutes,
    "rewritable-loss": rewritable_loss,
    "own-hand": own_by_hand,
    "own-sensitivity": copied(
        f"sensitivity/{OWN_NAME}.csv", lambda table: table.iloc[1:, [0, 1, 3, 4]]
    ),
    "own-thermal": thermal_states(
        OWN_NAME, models={"room": "25 °C", "hot": "85 °C", "heated": "heated from 25 °C"}
    ),
    "own-barriers": own_retention,
    "own-samples": copied(
        f"sweeps/{OWN_NAME}-samples.csv",
        lambda table: (
            table[table["quantity"] == "final wall position (nm)"]
            .iloc[:, 1:-1]
            .rename(columns={"of": "pulse"})
        ),
    ),
    "edges": copied("edges.csv"),
    "edges-errors": errors_of_edges,
    "crosscheck": copied("crosscheck/film-oommf.csv", crosscheck),
    "each_tolerance": copied("validation.csv", tolerances),
    "thermal": copied("validation.csv", compared("thermal", "varying-cells")),
    "varying": copied("validation.csv", compared("phase-boundary", "wall-landscape")),
    "write-energy-metals": write_energy_of_metals,
    "imperfections": imperfections,
    "stacks": stacks,
    "torques": copied("torques.csv"),
    "exports": exported,
    "step-tables": copied("step-tables.csv"),
    "step-networks": copied("step-networks.csv"),
    "samples": copied("samples.csv"),
    "samples-pulses": copied("samples-pulses.csv"),
    "samples-by-edges": samples_by_edges,
    "samples-scatter": samples_scatter,
    "samples-temperature": copied("samples-temperature.csv"),
    "samples-temperature-scatter": samples_temperature,
    "samples-barriers": copied("samples-barriers.csv"),
    "samples-barriers-scatter": samples_barriers,
    "cut-metal": copied("cut-metal.csv"),
    "write-energy-effects": write_energy_by_effect,
    "write-energy-oxides": write_energy_on_oxides,
    "programming": copied("programming.csv", programming),
    "earlier-revisions": earlier_revisions,
    "configuration": configuration,
    "extending": steps_of_extending,
    "gallery-examples": of_examples,
    **{f"gallery-{part.lower()}": gallery(part) for part in PARTS},
}
"""The function that generates each block, by the block's name."""


# Pages

BLOCK = re.compile(r"<!-- table (?P<name>[\w-]+) -->(?P<content>.*?)<!-- end (?P=name) -->", re.S)
MARK = re.compile(r"<!-- (?:table|end) [\w-]+ -->")


def pages(root: Path) -> list[Path]:
    """Return the pages that may contain blocks."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def written(page: Path, results: Results) -> tuple[str, list[str]]:
    """Return the updated text of a page, and the names of its stale blocks."""
    text = page.read_text(encoding="utf-8")
    stale = []

    def replaced(match: re.Match) -> str:
        name = match["name"]
        if name not in BLOCKS:
            raise SystemExit(f"{page.name}: no function generates {name}")
        content = BLOCKS[name](results)
        if match["content"].startswith("\n"):
            content = f"\n\n{content}\n\n"
        elif text[: match.start()].endswith("\n"):
            raise SystemExit(f"{page.name}: the mark of {name} must not begin a line with text")
        else:
            content = wrapped(content, text[text.rfind("\n", 0, match.start()) + 1 :], match)
        if content != match["content"]:
            stale.append(name)
        return f"<!-- table {name} -->{content}<!-- end {name} -->"

    new = BLOCK.sub(replaced, text)
    if len(MARK.findall(text)) != 2 * len(BLOCK.findall(text)):
        raise SystemExit(f"{page.name}: a mark has no counterpart")
    return new, stale


def wrapped(content: str, line: str, match: re.Match) -> str:
    """Break a sentence into lines; it begins in the line of its mark."""
    opening = f"<!-- table {match['name']} -->"
    column = line.index(opening) + len(opening)
    indent = " " * len(re.match(r" *(- )?", line)[0])
    # keep the end mark with the last word: at the beginning of a line it would end the paragraph
    mark = f"<!--\0end\0{match['name']}\0-->"
    lines = textwrap.wrap(
        content + mark,
        WIDTH,
        initial_indent="\1" * column,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).removeprefix("\1" * column).removesuffix(mark)


# Copies of results


def copy_results(source: Path, root: Path) -> list[str]:
    """Copy the small files of a finished campaign, and the figures of which there is a picture.

    Parameters
    ----------
    source : Path
        Its folder `results`.
    root : Path
        The folder of the repository.

    Returns
    -------
    list of str
        The files that are missing there; their existing copies stay unchanged.
    """
    target = root / "docs/results"
    missing, copied = [], []
    devices = ("neuron", *EDGES.values(), "synapse-5-literal", "synapse-10", "track")
    of_campaign = ("accuracy", "accuracy-gaps", "mappings", "programming")
    of_campaign += (*(f"devices/{device}" for device in devices), "pulse_trains/stepwise")
    # these targets are not part of the whole campaign
    rewritable = ("synapse-5", "synapse-rewritable", "synapse-rewritable-10")
    others = [f"{stage}/{device}" for stage in ("transitions", "barriers") for device in rewritable]
    others += ["barriers/synapse-rewritable-fixed", "levels/synapse-rewritable", "validation"]
    others += ["intervals/synapse-5"]
    others += [f"depinning/{device}" for device in EDGES.values()]
    others += [f"sensitivity/{EDGES['smooth']}", "pulse_trains/stepwise-10"]
    others += [f"thermal/{device}" for device in (*EDGES.values(), "synapse-10")]
    others += ["thermal/staircase-10", "thermal/reset-5", "thermal/reset-10"]
    stages = ("depinning", "sensitivity", "barriers", "thermal", "sweeps")
    others += [f"{stage}/{OWN_NAME}" for stage in stages] + [f"sweeps/{EDGES['smooth']}"]
    others += ["calibration/paper", *(f"operating_windows/{name}" for name in WINDOWS)]
    for place in (*of_campaign, *others):
        table = source / f"tables/{place}.csv"
        if not table.exists():
            missing += [str(table)] if place in of_campaign else []
            continue
        copy = target / f"{place}.csv"
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(table, copy)
        copied.append(place)
        stages = ("devices", "pulse_trains", "calibration", "depinning")
        if place.split("/")[0] not in (*stages, "barriers", "sweeps", "thermal"):
            continue
        page = table.with_suffix(".md").read_text(encoding="utf-8")
        for part in re.split(r"^## .*?: ", page, flags=re.M):
            for name in (name for title, name in COPIED.items() if part.startswith(title)):
                further = target / f"{place}-{name}.csv"
                from_markdown(part).to_csv(further, index=False, lineterminator="\n")
                copied.append(f"{place}-{name}")
    note_revisions(root, copied)
    for path in (source / "figures").rglob("*.png"):
        picture = picture_of(f"results/{path.relative_to(source).as_posix()}")
        if (copy := root / "docs/figures" / picture.name).exists():
            shutil.copyfile(path, copy)
    return missing


def from_markdown(text: str) -> pd.DataFrame:
    """Read a table in Markdown."""
    rows = [
        [
            html.unescape(cell.strip().replace("\\", ""))
            for cell in re.split(r"(?<!\\)\|", line)[1:-1]
        ]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return pd.DataFrame(rows[2:], columns=rows[0])


def count_jobs(root: Path) -> pd.DataFrame:
    """Return the number of jobs of each rule in the shipped campaign, and where they run."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(root / "config.yaml", Path(folder, "config.yaml"))
        command = [sys.executable, "-m", "snakemake", "--dry-run", "--workflow-profile", "none"]
        command += ["--cores", "1", "--snakefile", str(root / "Snakefile"), "--directory", folder]
        process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        raise SystemExit(f"snakemake cannot plan the campaign:\n{process.stdout}{process.stderr}")
    stats = re.search(r"^Job stats:\n(.+?)^total", process.stdout + process.stderr, re.M | re.S)[1]
    counts = dict(re.findall(r"^(\w+) +(\d+)$", stats, re.M))
    places = [root / "Snakefile", *sorted((root / "workflow/rules").glob("*.smk"))]
    code = "\n".join(path.read_text(encoding="utf-8") for path in places)
    # rules that a loop defines are local, but for those of requests
    queued = {
        block.split(":")[0]
        for block in re.split(r"^ *(?:rule|checkpoint)\b *", code, flags=re.M)[1:]
        if not re.search(r"^ +localrule:", block, re.M)
    }
    queued |= set(KINDS)
    # the only rule with a condition
    devices = load(root / "config.yaml").simulated.values()
    if not any(device.wall.relaxation for device in devices):
        queued.discard("initial")
    rows = [
        (rule, "queue" if rule in queued else "here", int(count))
        for rule, count in sorted(counts.items())
    ]
    return pd.DataFrame(rows, columns=["rule", "where", "jobs"])


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Write or check the blocks; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, name stale blocks")
    parser.add_argument("--from", dest="source", metavar="RESULTS", help="copy from there first")
    parser.add_argument(
        "--rewritable",
        metavar="RESULTS",
        help="copy accuracies on mutually reachable states",
    )
    parser.add_argument("--jobs", action="store_true", help="count the jobs again first")
    for option, meaning in (("made", "are of the present revisions"), ("edited", "were edited")):
        parser.add_argument(
            f"--{option}", nargs="+", default=[], metavar="NAME", help=f"note that these {meaning}"
        )
    parsed = parser.parse_args(arguments)
    missing = copy_results(Path(parsed.source), root) if parsed.source else []
    for path in missing:
        print(f"{path} is missing; the copy stays unchanged")
    if parsed.rewritable:
        for name in ("accuracy", "accuracy-gaps"):
            table = Path(parsed.rewritable, f"tables/{name}.csv")
            shutil.copyfile(table, root / f"docs/results/rewritable/{name}.csv")
            parsed.made.append(f"rewritable/{name}")
    if parsed.source or parsed.jobs:
        table = count_jobs(root)
        table.to_csv(root / "docs/results/jobs.csv", index=False, lineterminator="\n")
        parsed.made.append("jobs")
    if parsed.made or parsed.edited:
        note_revisions(root, parsed.made, parsed.edited)
    results = Results(root)
    stale = False
    for name in unnoted(root):
        stale = True
        print(
            f"docs/results/{name}.csv: changed; add --made {name} if the present revisions "
            f"computed it, --edited {name} if only its text was edited"
        )
    for page in pages(root):
        text, names = written(page, results)
        for name in names:
            stale = True
            done = "is stale; run python docs/write_tables.py" if parsed.check else "written"
            print(f"{page.relative_to(root)}: {name} {done}")
        if names and not parsed.check:
            page.write_text(text, encoding="utf-8")
    return 1 if missing or (stale and parsed.check) else 0


if __name__ == "__main__":
    sys.exit(main())
