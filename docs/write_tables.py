"""Write the numbers that README.md and docs/*.md take from results.

    python docs/write_tables.py                   write the blocks between the marks
    python docs/write_tables.py --check           write nothing; name stale blocks and exit with 1
    python docs/write_tables.py --from results    first copy the files from a finished campaign
    python docs/write_tables.py --jobs            first count the jobs of config.yaml again
    python docs/write_tables.py --rewritable results    first copy the accuracies of networks on
                                                  rewritable levels (docs/kept.md)

A page has pairs of marks, `<!-- table NAME -->` and `<!-- end NAME -->`. The script replaces the
text between them by a table or a sentence. A function of `BLOCKS` generates it from the files in
`docs/results`, which are copies of small files of the default campaign and of the cross-check, and
the paper's Table II.
"""

import argparse
import html
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from wallnet.config import FilmSettings, HeavyMetal, load, repeated, schema
from wallnet.config.price import PRESETS
from wallnet.devices.price import heat_caveat, price_of, price_of_program, resistance
from wallnet.devices.windows import edges
from wallnet.files.schema.windows import WORKS
from wallnet.jobs import PriceJob, price_job
from wallnet.report import headline

ROOT = Path(__file__).parents[1]
WIDTH = 100

DATASETS = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}
SYNAPSES = {"synapse-10": 10, "synapse-5": 5}
"""The synapses that correspond to the paper's, with their numbers of notches."""

NETWORKS = (
    ("plain", "layer"),
    ("tuned", "signed-row-fitted"),
    ("tuned", "differential-3sd"),
    ("tuned", "signed-fitted"),
)
"""Recipes and mappings that are shown."""

READINGS = ("parallel", "series")
STAGES = ("fp32", "quantized", "fine_tuned", "on_levels")


SMALLEST = "smallest J that reaches it (1e12 A/m²)"
"""Column of the table of levels."""

KEPT = (
    "synapse-rewritable",
    "synapse-rewritable-10",
    "synapse-rewritable-fixed",
    "synapse-5",
)
"""Devices whose barriers are shown."""

COPIED = {
    **{"levels": "levels", "quartic": "activation", "potentiation": "branches"},
    **{"statements": "statements", "parameters": "parameters", "dwell": "dwell"},
}
"""Further tables of a result that are copied, by the first word of their titles."""


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
        return pd.read_csv(self.folder / name, dtype=str, keep_default_na=False)

    def accuracies(self, optional: bool = False, **where: str) -> list[Decimal]:
        """Return the accuracies of the networks whose columns have these values, one a seed.

        With `optional`, there need not be any.
        """
        return accuracies_in(self.table("accuracy.csv"), optional, **where)

    def seeds(self) -> list[str]:
        """Return the seeds of the networks."""
        return sorted(self.table("accuracy.csv")["seed"].unique(), key=int)

    def sweep(self, device: str) -> pd.DataFrame:
        """Return the state after each pulse of a device, by J in 1e12 A/m²."""
        table = self.table(f"devices/{device}.csv")
        return table.set_index(table.iloc[:, 0].astype(float))

    def levels(self, device: str) -> pd.DataFrame:
        """Return the levels of a synapse, by state."""
        return self.table(f"devices/{device}-levels.csv").set_index("state")


def rows_where(table: pd.DataFrame, **where: str) -> pd.DataFrame:
    """Return the rows whose columns have these values."""
    for column, value in where.items():
        table = table[table[column] == value]
    return table


def accuracies_in(table: pd.DataFrame, optional: bool = False, **where: str) -> list[Decimal]:
    """Return the accuracies in the rows whose columns have these values, one a seed.

    With `optional`, there need not be any.
    """
    table = rows_where(table, **where)
    if table.empty and not optional:
        raise SystemExit(f"the table of accuracies has no row for {where}")
    if table["seed"].duplicated().any():
        raise SystemExit(f"the table of accuracies has several rows a seed for {where}")
    return [Decimal(accuracy) for accuracy in table["test_accuracy"]]


def of_seeds(accuracies: Sequence[Decimal], decimals: int) -> str:
    """Return the accuracy of one seed, or mean ± sample standard deviation of several."""
    if not accuracies:
        return "–"
    mean = rounded(statistics.mean(accuracies), decimals)
    if len(accuracies) == 1:
        return mean
    return f"{mean} ± {rounded(statistics.stdev(accuracies), decimals)}"


def with_interval(cost: Any) -> str:
    """Return mean and confidence interval of what levels cost, a row of `accuracy-gaps.csv`."""
    mean, lower, upper = (
        rounded(Decimal(cost[key]), 2) if cost[key] else "–" for key in ("mean", "lower", "upper")
    )
    return f"{mean} ({lower} to {upper})"


def rounded(number: Decimal, decimals: int) -> str:
    """Return a number rounded to the given decimals, with halves rounded up; no negative zero."""
    found = number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return str(abs(found) if found.is_zero() else found)


def markdown(header: Sequence[str], rule: str, rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in (header, *rows)]
    return "\n".join([lines[0], rule, *lines[1:]])


# Results


REWRITABLE = {
    "quantized": {"mnist": "signed-row-fitted", "fashion-mnist": "differential-3sd"},
    "on_levels": dict.fromkeys(DATASETS, "signed-fitted"),
}
"""Mapping of each data set whose accuracy on the rewritable levels is shown."""


def rewritable_networks(results: Results) -> str:
    """Return the accuracies of networks on the levels that can be rewritten, and what they cost."""
    table = results.table("rewritable/accuracy.csv")
    costs = results.table("rewritable/accuracy-gaps.csv")
    rows = []
    for dataset, title in DATASETS.items():
        for reading in READINGS:
            of_recipe = {"dataset": dataset, "recipe": "tuned"}
            cells = [of_seeds(accuracies_in(table, **of_recipe, device="none", stage="fp32"), 2)]
            for stage, mappings in REWRITABLE.items():
                mapping = f"{mappings[dataset]}-rewritable"
                where = {**of_recipe, "reading": reading, "stage": stage, "mapping": mapping}
                (cost,) = rows_where(costs, **where).to_dict("records")
                cells += [f"`{mappings[dataset]}`", of_seeds(accuracies_in(table, **where), 2)]
                cells.append(with_interval(cost))
            rows.append([title, reading, *cells])
    header = ["data", "reading", "FP32", "mapping", "quantised", "below FP32"]
    header += ["mapping", "trained on the levels", "below FP32, continued"]
    return markdown(header, "|---|---|---:|---|---:|---:|---|---:|---:|", rows)


def rewritable_loss(results: Results) -> str:
    """Return how much accuracy training on the rewritable levels costs, over data and readings."""
    costs = results.table("rewritable/accuracy-gaps.csv")
    lost = [Decimal(mean) for mean in rows_where(costs, stage="on_levels")["mean"]]
    return f"{rounded(min(lost), 2)} to {rounded(max(lost), 2)} points"


def rewritable_levels(results: Results) -> str:
    """Return what each whole level of the rewritable synapse is worth."""
    table = results.table("levels/synapse-rewritable.csv")
    table = table[table["level"] != "half"].drop(columns="level")
    header = [title.replace("|", r"\|") for title in table.columns]
    return markdown(header, "|---|---:|---|---:|---|---:|---|---|---|", table.values)


def accuracies(results: Results) -> str:
    """Return the accuracies, with the paper's Table II."""
    paper = results.table("table-ii.csv").set_index(["notches", "dataset"])
    rows = []
    for dataset, title in DATASETS.items():
        for device, notches in SYNAPSES.items():
            count = results.levels(device)["level"].str.isdigit().sum()
            numbers = paper.loc[(str(notches), dataset)]
            rows.append([f"{title}, {count}", "paper", *numbers[list(STAGES[:3])], "–"])
            for recipe, mapping in NETWORKS:
                where = {"dataset": dataset, "recipe": recipe}
                free = results.accuracies(**where, device="none", stage="fp32")
                cells = [of_seeds(free, 2)]
                where |= {"device": device, "mapping": mapping}
                for stage in STAGES[1:]:
                    read = [
                        results.accuracies(optional=True, **where, stage=stage, reading=reading)
                        for reading in READINGS
                    ]
                    texts = [of_seeds(found, 1) for found in read]
                    cells.append(" / ".join(texts) if any(read) else "–")
                rows.append(["", f"{recipe}, `{mapping}`", *cells])
    header = ["data, levels", "", "FP32", "quantised", "fine-tuned", "trained on the levels"]
    return markdown(header, "|---|---|---:|---:|---:|---:|", rows)


def main_numbers(results: Results) -> str:
    """Return the accuracies that a run prints at its end, with the paper's Table II."""
    # the stored table has no validation accuracies, which choose between mappings of equal stages
    rows = [
        {"validation_accuracy": "0", **row}
        for row in results.table("accuracy.csv").to_dict("records")
    ]
    shown = headline.accuracies(rows, SYNAPSES)
    cells = shown.rows()
    for row, before in reversed(list(zip(cells[1:], cells, strict=False))):
        row[0] = "" if row[0] == before[0] else row[0]
    rule = "|---|---|" + "---:|" * (len(shown.columns) - 2)
    return markdown(shown.columns, rule, cells)


def seeds(results: Results) -> str:
    """Return the seeds of the accuracies in the table."""
    found = results.seeds()
    if len(found) == 1:
        return f"seed {found[0]}"
    return f"mean ± sample standard deviation of {len(found)} seeds"


GAPS = (
    ("quantized", "signed-row-fitted"),
    ("quantized", "differential-3sd"),
    ("quantized", "signed-fitted"),
    ("on_levels", "signed-fitted"),
)
"""Stages and mappings for which the accuracy that the levels cost is shown."""


def gaps(results: Results) -> str:
    """Return what the levels cost, with confidence intervals."""
    table = results.table("accuracy-gaps.csv").set_index(
        ["dataset", "device", "reading", "recipe", "mapping", "stage"]
    )
    rows = []
    for dataset, title in DATASETS.items():
        for device in SYNAPSES:
            count = results.levels(device)["level"].str.isdigit().sum()
            for reading in READINGS:
                cells = []
                for stage, mapping in GAPS:
                    found = table.loc[(dataset, device, reading, "tuned", mapping, stage)]
                    cells.append(with_interval(found))
                rows.append([f"{title}, {count}", reading, *cells])
    titles = {"quantized": "quantised", "on_levels": "trained on the levels"}
    header = ["data, levels", "reading", *(f"{titles[s]}, `{mapping}`" for s, mapping in GAPS)]
    return markdown(header, "|---|---|" + len(GAPS) * "---:|", rows)


def mappings(results: Results) -> str:
    """Return what each mapping costs without further training, the mean over both readings."""
    table = results.table("mappings.csv")
    table = table[(table["stage"] == "quantized") & (table["recipe"] == "tuned")]
    rows = []
    for mapping in table["mapping"].unique():
        cells = []
        for dataset in DATASETS:
            for device in SYNAPSES:
                found = table[
                    (table["mapping"] == mapping)
                    & (table["dataset"] == dataset)
                    & (table["device"] == device)
                ].set_index("reading")
                pairs = (found.loc[reading, ["mean", "deviation"]] for reading in READINGS)
                texts = (f"{float(mean):.1f} ± {float(spread):.1f}" for mean, spread in pairs)
                cells.append(" / ".join(texts))
        rows.append([f"`{mapping}`", *cells])
    titles = [
        f"{title}, {results.levels(device)['level'].str.isdigit().sum()}"
        for title in DATASETS.values()
        for device in SYNAPSES
    ]
    return markdown(["mapping", *titles], "|---|---:|---:|---:|---:|", rows)


PARTS = ("mean", "deviation")
CHOICES = ("images", "epochs", "mapping", "scale", "biases", "levels_10", "levels_5")


def readings(results: Results) -> str:
    """Return how many readings of Table II were tried, and those that fit MNIST best."""
    table = results.table("interpretations.csv")
    worst = {name: table[f"{name}_largest_distance"].astype(float) for name in DATASETS}
    fits = table[worst["mnist"] <= 2.0]
    both = int((worst["fashion-mnist"][fits.index] <= 2.0).sum())
    chosen = fits.loc[worst["mnist"][fits.index].sort_values(kind="stable").index][:8]
    rows = []
    for _, row in chosen.iterrows():
        cells = [
            " ± ".join(f"{float(row[f'{name}_{stage}_{part}']):.1f}" for part in PARTS)
            for name in DATASETS
            for stage in ("fp32", "quantized_10", "quantized_5")
        ]
        rows.append([", ".join(row[key] for key in CHOICES), *cells])
    numbers = results.table("table-ii.csv").set_index(["notches", "dataset"])
    told = [
        numbers.loc[(notches, name), stage]
        for name in DATASETS
        for notches, stage in (("10", "fp32"), ("10", "quantized"), ("5", "quantized"))
    ]
    titles = [
        f"{title} {stage}"
        for title in DATASETS.values()
        for stage in ("FP32", "quantised, 10", "quantised, 5")
    ]
    header = ["images, epochs, mapping, scale, biases, levels of 10 and 5 notches", *titles]
    shown = markdown(header, "|---|" + "---:|" * len(titles), [["paper", *told], *rows])
    return (
        f"{len(table)} readings of the paper's text were tried, with five seeds each. {len(fits)} "
        "have all MNIST numbers of the paper within two of our standard deviations. Of these, "
        f"{both} also have all Fashion-MNIST numbers within two. The {len(chosen)} that fit MNIST "
        f"best:\n\n{shown}"
    )


def fp32(results: Results) -> str:
    """Return a sentence that compares the FP32 accuracies with the paper's."""
    paper = results.table("table-ii.csv").set_index(["notches", "dataset"])["fp32"]
    pairs, apart = [], []
    for dataset, title in DATASETS.items():
        ours = results.accuracies(dataset=dataset, device="none", recipe="plain", stage="fp32")
        theirs = paper[("10", dataset)]
        apart.append(abs(statistics.mean(ours) - Decimal(theirs)))
        pairs.append(f"{of_seeds(ours, 2)} against {theirs} on {title}")
    furthest = rounded(max(apart), 2)
    return f"agrees within {furthest} ({', '.join(pairs)}; recipe `plain`, {seeds(results)})."


def neuron(results: Results) -> str:
    """Return a sentence about the deviation of the neuron from ReLU."""
    table = results.table("devices/neuron-activation.csv").set_index("reading")
    apart = {r: float(table.loc[r, "largest deviation from ReLU"]) for r in READINGS}
    error = max(table["largest error"], key=float)
    return (
        f"the normalised response deviates from ReLU by at most {apart['parallel']:.3f} in the "
        "reading `parallel` (cells in parallel, the paper's Eq. 2), and by at most "
        f"{apart['series']:.3f} in the reading `series` (resistance linear in m_z). The largest "
        f"error of a quartic fit is {error}."
    )


def synapses(results: Results) -> str:
    """Return sentences that compare the rest positions of walls with the paper's."""
    literal = results.sweep("synapse-5-literal")
    held = literal.index[literal["held against the current"] == "yes"].max()
    beyond = literal.index[literal.index > held].min()
    sweep, levels = results.sweep("synapse-5"), results.levels("synapse-5")
    for density, state in {0.5: "notch 1", 0.65: "notch 2"}.items():
        if sweep.loc[density, "state"] != state:
            raise SystemExit(
                f"at {density}e12 A/m² the wall of synapse-5 is no longer at {state}, as the paper "
                "says; change the sentence that `synapses` writes"
            )
    later = literal[(literal.index > held) & literal["state"].str.startswith("notch ")]
    later = later[~later["state"].duplicated()]
    beside = " and ".join(f"{row.state} after {density:g}" for density, row in later.iterrows())
    begin = [
        f"{float(levels.loc[state, SMALLEST]):g}" for state in ("notch 3", "notch 4", "reversed")
    ]
    return (
        "The paper states a notch *diameter* of 20 nm. With this diameter no notch holds a wall "
        f"against {beyond:g}e12 A/m² or more (`synapse-5-literal`), although the wall may come to "
        f"rest after the pulse at the notch that it has reached ({beside}e12 A/m²). With a "
        "*radius* of 20 nm the wall rests at notch 1 for 0.5e12 A/m² and at notch 2 for "
        "0.65e12 A/m², as the paper states. The paper's four thresholds between 0.795 and "
        "0.810e12 A/m² cannot all result from a 10 ns pulse: here notch 3, notch 4 and reversal "
        f"begin at {begin[0]}, {begin[1]} and {begin[2]}e12 A/m²."
    )


def levels_of_synapse_5(results: Results) -> str:
    """Return the levels of the synapse with five notches."""
    table = results.levels("synapse-5").reset_index()
    table = table[table["level"].str.isdigit() | (table["level"] == "half")]
    table = table[table["G normalised, parallel"] != "–"]
    table["level"] = table["level"].replace("half", "between")
    # a level that the first pulse of the sweep reaches has ≤ before its number
    table["smallest J"] = table[SMALLEST].map(
        lambda text: re.sub(r"[\d.]+", lambda number: f"{float(number[0]):g}", text)
    )
    shown = {
        "level": "level",
        "state": "state",
        "G normalised, parallel": "G, parallel",
        "G normalised, series": "G, series",
        "smallest J": "reached from J (1e12 A/m²)",
    }
    rows = table[list(shown)].to_numpy().tolist()
    return markdown(list(shown.values()), "|---|---|---:|---:|---:|", rows)


WINDOWS = ("staircase", "shallow", "fixed-ends", "narrow", "narrow-tail", "ten")
"""The windows that are shown."""


def windows(results: Results) -> str:
    """Return the widest stretch of amplitudes that works, and why the amplitudes beside it fail."""
    rows = []
    for name in WINDOWS:
        table = results.table(f"windows/{name}.csv")
        for pulse, points in table.groupby(["variant", "duration (ns)"], sort=False):
            density = points["J (1e12 A/m²)"].astype(float).tolist()
            found = edges((points["outcome"] == WORKS).tolist(), density)
            if pd.isna(found[0]):
                continue
            first, last, below, above = found
            outcome = points["outcome"] + " (" + points["step that failed"] + ")"
            fails = dict(zip(density, outcome, strict=True))
            inner, outer = (
                100 * (high - low) / (high + low) for low, high in ((first, last), (below, above))
            )
            width = f"{inner:.0f} to {outer:.0f}".replace("nan", "–")
            cells = (" to ".join(dict.fromkeys((f"{first:g}", f"{last:g}"))), width)
            beside = (f"{at:g} {fails[at]}" if at in fails else "–" for at in (below, above))
            rows.append([name, pulse[0], f"{float(pulse[1]):g}", *cells, *beside])
    header = ["window", "variant", "duration (ns)", "works at J (1e12 A/m²)", "half width (± %)"]
    return markdown(
        [*header, "fails below", "fails above"], "|---|---|---:|---:|---:|---|---|", rows
    )


def transitions(results: Results) -> str:
    """Return where the pulses from each notch of the rewritable synapse lead."""
    table = results.table("transitions/synapse-rewritable.csv")
    table = table[table["from"].str.startswith("notch ")]
    densities = sorted(table["J (1e12 A/m²)"].unique(), key=float)
    rows = []
    for start, pulses in table.groupby("from", sort=False):
        pulses = pulses.set_index("J (1e12 A/m²)")
        cells = []
        for density in densities:
            end = pulses.loc[density, "state after the pulse"]
            moving = "" if pulses.loc[density, "settled"] == "yes" else ", moving"
            cells.append(f"{end}{moving}".replace("between ", "").replace(" and ", "-"))
        rows.append([start, *cells])
    header = ["from", *(f"{float(each):+g}" for each in densities)]
    return markdown(header, "|---|" + "---|" * len(densities), rows)


def copied(
    name: str, chosen: Callable[[pd.DataFrame], pd.DataFrame] = lambda table: table
) -> Callable[[Results], str]:
    """Return a function that shows a file of `docs/results`, or what is chosen of it."""

    def shown(results: Results) -> str:
        table = chosen(results.table(name))
        numbers = (table[column].str.fullmatch(r"[≥ +-]*[\d.]+|–").all() for column in table)
        rule = "|" + "".join("---:|" if number else "---|" for number in numbers)
        return markdown(list(table.columns), rule, table.to_numpy().tolist())

    return shown


def good_candidates(table: pd.DataFrame) -> pd.DataFrame:
    """Return the parameters of the candidates whose misfit is within 1 of the least."""
    misfit = table["misfit"].astype(float)
    parameters = table.loc[misfit <= misfit.min() + 1, :"read after the pulse (ns)"]
    return parameters.drop_duplicates("candidate").drop(columns="round")


def barriers(results: Results) -> str:
    """Return the states of synapses, their barriers and their lifetimes."""
    parts = []
    for device in KEPT:
        table = results.table(f"barriers/{device}.csv").drop(
            columns=["minimum", "lowest barrier (J)"]
        )
        words = ("state", "leads to", *(name for name in table if name.startswith("kept")))
        rule = "|" + "".join("---|" if name in words else "---:|" for name in table.columns)
        shown = markdown(list(table.columns), rule, table.to_numpy().tolist())
        parts.append(f"`{device}`:\n\n{shown}")
    return "\n\n".join(parts)


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


def validation(results: Results) -> str:
    """Return how many rows of the validation pass."""
    passed = results.table("validation.csv")["passed"].value_counts()
    judged = passed.get("True", 0) + passed.get("False", 0)
    return (
        f"There are {judged} judged rows, of which {passed.get('True', 0)} pass, and "
        f"{passed.get('', 0)} findings."
    )


def each_tolerance(results: Results) -> str:
    """Return the deviation for several values of each tolerance alone."""
    table = results.table("validation.csv").set_index("quantity")
    parts = []
    defaults = FilmSettings()
    for name in ("stray_field_tolerance", "frozen_change"):
        default = getattr(defaults, name)
        values, deviations = [], []
        for quantity, row in table.filter(regex=rf"{name} = .* alone", axis=0).iterrows():
            value = float(str(quantity).split(f"{name} = ")[1].split()[0])
            values.append(f"**{value:.0e}**" if value == default else f"{value:.0e}")
            deviations.append(f"{float(row['ours']):.1e}")
        values = [value.replace("e-0", "e-") for value in values]
        deviations = [deviation.replace("e-0", "e-") for deviation in deviations]
        rule = "|---|" + "---|" * len(values)
        parts.append(markdown((f"`{name}`", *values), rule, [("deviation", *deviations)]))
    return "\n\n".join(parts)


def crosscheck(results: Results) -> str:
    """Return the deviation of the engine from OOMMF, one row a case."""
    rows = [
        (
            row["case"],
            row["damping"],
            f"{float(row['current_density']) / 1e12:.3g}",
            f"{float(row['end_time']) / 1e-9:.2f}",
            f"{float(row['deviation_m']):.1e}",
            *(
                f"{float(row[key]) / 1e-9:.3f}"
                for key in ("deviation_bottom", "deviation_top", "final_deviation")
            ),
            " / ".join(dict.fromkeys((row["state_film"], row["state_oommf"]))),
        )
        for row in results.table("crosscheck.csv").to_dict("records")
    ]
    header = (
        *("case", "α", "J (10¹² A/m²)", "up to (ns)", "max. deviation of \\<m>", "lower end (nm)"),
        *("upper end (nm)", "final mean position (nm)", "final state, engine / OOMMF"),
    )
    return markdown(header, "|---|---:|---:|---:|---:|---:|---:|---:|---|", rows)


def mistakes(results: Results) -> str:
    """Return how many of the known mistakes the tests noticed."""
    table = results.table("mistakes.csv")
    return f"{table['noticed'].astype(int).sum()} of {table['mistakes'].astype(int).sum()}"


def mutants(results: Results) -> str:
    """Return the share of mutants that the tests notice, weighted by stage, with its interval."""
    table = results.table("mutants.csv").set_index("stage").astype(int)
    count = table["mutants"] - table["text or styling"]
    weight = count / count.sum()
    score = (weight * table["noticed"] / table["drawn"]).sum()
    # sample without replacement; share after Agresti and Coull
    near = (table["noticed"] + 2) / (table["drawn"] + 4)
    left = 1 - table["drawn"] / count
    error = 1.96 * (weight**2 * near * (1 - near) / table["drawn"] * left).sum() ** 0.5
    return f"{100 * score:.0f} % ({100 * (score - error):.0f} to {100 * (score + error):.0f} %)"


# Prices of pulses: they depend on the configuration only


def shipped_price(device: str, **changes: Any) -> PriceJob:
    """Return what the price of pulses on a device of the shipped campaign depends on."""
    return price_job(load(ROOT / "config.yaml").simulated[device]).model_copy(update=changes)


def price(results: Results) -> str:
    """Return a sentence about the price of the pulse to notch 2."""
    plain = price_of(shipped_price("synapse-5"), 0.65e12, 10e-9)
    heavy = {
        preset: price_of(
            shipped_price("synapse-5", heavy_metal=HeavyMetal(preset=preset)), 0.65e12, 10e-9
        )
        for preset in PRESETS
    }
    of_metals = " and ".join(
        f"{heavy[preset].energy / 1e-12:.0f} pJ and {heavy[preset].rise.peak:.0f} K with {title}"
        for preset, title in {"pt": "Pt", "beta-w": "β-W"}.items()
    )
    return (
        f"the pulse to notch 2 of `synapse-5` needs {plain.energy / 1e-12:.1f} pJ and heats the "
        f"middle of the track by {plain.rise.peak:.0f} K if the metal has the paper's P = 0.4 as "
        f"its spin Hall angle; it needs {of_metals}, whose angles are smaller."
    )


def caveats(results: Results) -> str:
    """Return what the simulations do not know, and which levels of networks creep, as a list."""
    campaign = load(ROOT / "config.yaml")
    lines = []
    for name, device in campaign.without_optional.simulated.items():
        job, pulse = price_job(device), device.pulse
        rise = price_of(job, pulse.current_densities, pulse.duration).rise.peak
        if caveat := heat_caveat(job, rise):
            lines.append(f"`{name}`: {caveat.replace('beyond_model', '`beyond_model`')}.")
    for name in campaign.networks.synapses:
        levels = results.levels(name)
        for state, level in levels[levels["minimum of the energy"] == "no"].iterrows():
            if level["level"] not in ("half", "none"):
                lines.append(
                    f"`{name}`: level {level['level']} ({state}), which the networks use, is no "
                    "minimum of the energy: from it the wall creeps on by "
                    f"{float(level['moved on by (nm)']):.0f} nm."
                )
    return "\n".join(
        textwrap.fill(line, WIDTH, initial_indent="- ", subsequent_indent="  ") for line in lines
    )


def price_of_metals(results: Results) -> str:
    """Return the price of the pulse to notch 2 with each metal."""
    rows = []
    for preset in (None, *PRESETS):
        job = shipped_price("synapse-5", heavy_metal=HeavyMetal(preset=preset))
        found = price_of(job, 0.65e12, 10e-9)
        rows.append(
            [
                f"`{preset}`" if preset else "none, θ = P = 0.4",
                f"{job.heavy_metal.resistivity / 1e-8:g}",
                f"{found.metal_current_density / 1e12:.2f}",
                f"{resistance(job) / 1e3:.2f}",
                f"{found.current / 1e-3:.2f}",
                f"{found.energy / 1e-12:.1f}",
                f"{found.rise.mean:.0f}",
                f"{found.rise.peak:.0f}",
            ]
        )
    header = (
        *("preset", "ρ (µΩ cm)", "J in the metal (1e12 A/m²)", "R (kΩ)", "I (mA)"),
        *("energy (pJ)", "mean rise (K)", "rise in the middle (K)"),
    )
    return markdown(header, "|---|---:|---:|---:|---:|---:|---:|---:|", rows)


def price_on_oxides(results: Results) -> str:
    """Return the temperature rise of that pulse with oxides of different thickness."""
    plain = shipped_price("synapse-5")
    rows = []
    for nanometres in (20, 50, 100, 300, 1000):
        changes = {"oxide_thickness": nanometres * 1e-9}
        job = plain.model_copy(update={"heating": plain.heating.model_copy(update=changes)})
        after = [price_of(job, 0.65e12, duration).rise for duration in (1e-9, 10e-9, 100e-9)]
        cells = (f"{rise.mean:.0f} / {rise.peak:.0f}" for rise in after)
        rows.append([str(nanometres), *cells])
    header = ["oxide (nm)", *(f"after {t} ns: mean / middle (K)" for t in (1, 10, 100))]
    return markdown(header, "|---:|---:|---:|---:|", rows)


def price_of_levels(results: Results) -> str:
    """Return the price of the smallest pulse that reaches each level of the synapse."""
    job = shipped_price("synapse-5")
    duration = load(ROOT / "config.yaml").simulated["synapse-5"].pulse.duration
    rows = []
    for state, level in results.levels("synapse-5").iterrows():
        text = level.iloc[-1]
        if level["level"] == "none" or text == "–" or float(text) == 0:
            continue
        found = price_of(job, float(text) * 1e12, duration)
        cells = (found.energy / 1e-12, found.rise.mean, found.rise.peak)
        formats = (".1f", ".0f", ".0f")
        rows.append([str(state), text, *map(format, cells, formats)])
    header = (
        *("state", "J (1e12 A/m²)", "energy (pJ)"),
        *("mean rise (K)", "rise in the middle (K)"),
    )
    return markdown(header, "|---|---:|---:|---:|---:|", rows)


def price_of_staircase(results: Results) -> str:
    """Return a sentence about the price of the staircase."""
    program = load(ROOT / "config.yaml").programs["staircase"]
    pulses = list(repeated(program.pulses))
    starts, time = [], 0.0
    for pulse in pulses:
        starts.append(time)
        time += pulse.duration + pulse.pause
    job = shipped_price(program.device)
    found = price_of_program(
        job, [p.current_density for p in pulses], [p.duration for p in pulses], starts
    )
    return (
        f"the staircase of `{program.device}` ([pulses.md](pulses.md#pulse-trains)) costs "
        f"{found.energy[0] / 1e-12:.1f} pJ a pulse, {found.energy.sum() / 1e-12:.0f} pJ for its "
        f"{len(pulses)} pulses. The first pulse heats the middle of the track by "
        f"{found.rise.peak[0]:.0f} K, the last one, on what the others left, by "
        f"{found.rise.peak[-1]:.0f} K."
    )


PROGRAMMED = {"recipe": "tuned", "mapping": "signed-fitted", "reading": "parallel"}
"""Networks whose price of writing is shown."""


def programming(results: Results) -> str:
    """Return what it costs to write the networks of the first seed on the synapse."""
    table = results.table("programming.csv")
    for column, value in {**PROGRAMMED, "device": "synapse-5"}.items():
        table = table[table[column] == value]
    titles = {"quantized": "quantised", "on_levels": "trained on the levels"}
    rows = [
        [
            DATASETS[row["dataset"]],
            titles[row["stage"]],
            row["start"].replace("quantized", "quantised"),
            row["written_by"].replace("staircase", "`staircase`"),
            *(f"{int(row[key]):,}" for key in ("changed", "lowered", "not_written")),
            # what it costs to write a part of a network says little
            *(
                ["–"] * 4
                if int(row["not_written"])
                else [
                    f"{int(row['pulses']):,}",
                    f"{float(row['pulses_a_synapse']):.2f}",
                    f"{float(row['energy_a_synapse']) / 1e-12:.2f}",
                    f"{float(row['energy']) / 1e-9:.0f}",
                ]
            ),
        ]
        for row in table.to_dict("records")
    ]
    header = (
        *("data", "network", "from", "written by", "changed", "lowered", "cannot be written"),
        *("pulses", "pulses a synapse", "energy a synapse (pJ)", "energy (nJ)"),
    )
    synapses = " and ".join(sorted({f"{int(text):,}" for text in table["synapses"]}))
    shown = markdown(header, "|---|---|---|---|---:|---:|---:|---:|---:|---:|---:|", rows)
    return f"Each network has {synapses} synapses.\n\n{shown}"


# The configuration


def configuration(results: Results) -> str:
    """Return all keys of the configuration, one table a block."""
    campaign = schema.of_campaign()
    blocks = {"Campaign": campaign} | campaign["$defs"]
    header = ("key", "unit", "values", "default", "meaning", "source")
    rule = "|---|---|---|---|---|---|"
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
        table = markdown(header, rule, [[cell or " " for cell in row] for row in rows])
        parts.append(f"### {title}\n\n{blocks[name]['description']}\n\n{table}")
    return "\n\n".join(parts)


DESCRIPTION = re.compile(r"(.*?)(?: Unit: (.*?)\.)?(?: Source: (.*?)\.)?\Z")
"""Meaning, unit and source of a key, in the schema."""


def places(blocks: dict[str, Any], name: str, path: str = "") -> dict[str, list[str]]:
    """Return the paths of each block in the file, an outer block before its inner blocks."""
    found: dict[str, list[str]] = {name: [path] if path else []}
    for key, node in blocks[name]["properties"].items():
        for inner, suffix in references(node):
            for other, paths in places(blocks, inner, f"{path}.{key}{suffix}".strip(".")).items():
                found.setdefault(other, []).extend(paths)
    return found


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
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return str(node["const"])
    if "anyOf" in node:
        # leave out that a number may also be given as text
        kinds = [kind for kind in node["anyOf"] if "pattern" not in kind or "title" in kind]
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


BLOCKS: dict[str, Callable[[Results], str]] = {
    "caveats": caveats,
    "headline": main_numbers,
    "accuracies": accuracies,
    "seeds": seeds,
    "gaps": gaps,
    "mappings": mappings,
    "readings": readings,
    "fp32": fp32,
    "neuron": neuron,
    "synapses": synapses,
    "synapse-5-levels": levels_of_synapse_5,
    "staircase": copied("programs/staircase-branches.csv"),
    "windows": windows,
    "rewritable-transitions": transitions,
    "intervals": copied("intervals/synapse-5.csv"),
    "calibration": copied("calibration.csv", good_candidates),
    "calibration-statements": copied("calibration-statements.csv"),
    "calibration-parameters": copied("calibration-parameters.csv"),
    "depinning": copied("depinning/synapse-5.csv"),
    "dwell": copied(
        "depinning/synapse-5-dwell.csv", lambda table: table[table.iloc[:, 0] == "1.2000"]
    ),
    "barriers": barriers,
    "queued-jobs": queued_jobs,
    "all-jobs": all_jobs,
    "campaign-minutes": campaign_minutes,
    "rewritable-networks": rewritable_networks,
    "rewritable-levels": rewritable_levels,
    "rewritable-loss": rewritable_loss,
    "crosscheck": crosscheck,
    "each_tolerance": each_tolerance,
    "validation": validation,
    "mistakes": mistakes,
    "mutants": mutants,
    "price": price,
    "price-metals": price_of_metals,
    "price-oxides": price_on_oxides,
    "price-levels": price_of_levels,
    "price-staircase": price_of_staircase,
    "programming": programming,
    "configuration": configuration,
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

    def replaced(found: re.Match) -> str:
        name = found["name"]
        if name not in BLOCKS:
            raise SystemExit(f"{page.name}: no function generates {name}")
        content = BLOCKS[name](results)
        if found["content"].startswith("\n"):
            content = f"\n\n{content}\n\n"
        elif text[: found.start()].endswith("\n"):
            raise SystemExit(f"{page.name}: the mark of {name} must not begin a line with text")
        else:
            content = wrapped(content, text[text.rfind("\n", 0, found.start()) + 1 :], found)
        if content != found["content"]:
            stale.append(name)
        return f"<!-- table {name} -->{content}<!-- end {name} -->"

    new = BLOCK.sub(replaced, text)
    if len(MARK.findall(text)) != 2 * len(BLOCK.findall(text)):
        raise SystemExit(f"{page.name}: a mark has no counterpart")
    return new, stale


def wrapped(content: str, line: str, found: re.Match) -> str:
    """Break a sentence into lines; it begins in the line of its mark."""
    opening = f"<!-- table {found['name']} -->"
    column = line.index(opening) + len(opening)
    indent = " " * len(re.match(r" *(- )?", line)[0])
    # keep the end mark with the last word: at the beginning of a line it would end the paragraph
    mark = f"<!--\0end\0{found['name']}\0-->"
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
    """Copy the small files of a finished campaign.

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
    folders = ("devices", "programs", "barriers", "intervals", "transitions", "windows")
    for folder in (*folders, "depinning", "levels"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    missing = []
    # table-ii.csv has the paper's own numbers there
    for name in ("accuracy", "accuracy-gaps", "mappings", "programming", "table-ii"):
        table = source / f"tables/{name}.csv"
        if table.exists():
            named = "interpretations" if name == "table-ii" else name
            shutil.copyfile(table, target / f"{named}.csv")
        else:
            missing.append(str(table))
    # targets of their own
    barriers = (f"barriers/{device}" for device in KEPT)
    for place in (*barriers, "levels/synapse-rewritable", "validation"):
        table = source / f"tables/{place}.csv"
        if table.exists():
            shutil.copyfile(table, target / f"{place}.csv")
    devices = ("neuron", "synapse-5", "synapse-5-literal", "synapse-10", "track")
    places = [f"devices/{device}" for device in devices] + ["programs/staircase"]
    # these targets are not part of the whole campaign
    switched = ("synapse-5", "synapse-rewritable", "synapse-rewritable-10")
    others = [f"transitions/{device}" for device in switched]
    others += ["intervals/synapse-5", "programs/staircase-10"]
    others += ["depinning/synapse-5", "calibration"]
    others += [f"windows/{name}" for name in WINDOWS]
    places += [place for place in others if (source / f"tables/{place}.csv").exists()]
    for place in places:
        sweep = source / f"tables/{place}.csv"
        page = sweep.with_suffix(".md")
        if not (sweep.exists() and page.exists()):
            missing.append(str(sweep))
            continue
        shutil.copyfile(sweep, target / f"{place}.csv")
        titled = re.split(r"^## .*?: ", page.read_text(encoding="utf-8"), flags=re.M)
        for part in titled:
            name = COPIED.get(part.split()[0] if part else "")
            if name:
                table = from_markdown(part)
                table.to_csv(target / f"{place}-{name}.csv", index=False, lineterminator="\n")
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
        command = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1"]
        command += ["--snakefile", str(root / "Snakefile"), "--directory", folder]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode:
        raise SystemExit(f"snakemake cannot plan the campaign:\n{told.stdout}{told.stderr}")
    stats = re.search(r"^Job stats:\n(.+?)^total", told.stdout + told.stderr, re.M | re.S)[1]
    counts = dict(re.findall(r"^(\w+) +(\d+)$", stats, re.M))
    places = [root / "Snakefile", *sorted((root / "workflow/rules").glob("*.smk"))]
    code = "\n".join(path.read_text(encoding="utf-8") for path in places)
    # rules that a loop defines are local
    queued = {
        block.split(":")[0]
        for block in re.split(r"^ *(?:rule|checkpoint)\b *", code, flags=re.M)[1:]
        if not re.search(r"^ +localrule:", block, re.M)
    }
    # the only rule with a condition
    devices = load(root / "config.yaml").simulated.values()
    if any(device.wall.relaxation for device in devices):
        queued.add("initial")
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
        "--rewritable", metavar="RESULTS", help="copy accuracies on rewritable levels from there"
    )
    parser.add_argument("--jobs", action="store_true", help="count the jobs again first")
    parsed = parser.parse_args(arguments)
    missing = copy_results(Path(parsed.source), root) if parsed.source else []
    for path in missing:
        print(f"{path} is missing; the copy stays unchanged")
    if parsed.rewritable:
        for name in ("accuracy", "accuracy-gaps"):
            table = Path(parsed.rewritable, f"tables/{name}.csv")
            shutil.copyfile(table, root / f"docs/results/rewritable/{name}.csv")
    if parsed.source or parsed.jobs:
        table = count_jobs(root)
        table.to_csv(root / "docs/results/jobs.csv", index=False, lineterminator="\n")
    results = Results(root)
    stale = False
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
