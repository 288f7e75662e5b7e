"""The numbers in README.md and docs/*.md are those of the files in docs/results."""

import csv
import importlib.util
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from wallnet import config
from wallnet.report.networks import COLUMNS, TABLE_II

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs/write_tables.py"


@pytest.fixture(scope="module")
def writer():
    specification = importlib.util.spec_from_file_location("write_tables", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path):
    """The pages and the files that they are written from, free to be changed."""
    shutil.copy(ROOT / "README.md", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("figures"))
    shutil.copytree(ROOT / "benchmarks", tmp_path / "benchmarks")
    return tmp_path


def rows(name):
    with open(ROOT / "docs/results" / name, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def block(page, name):
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.search(rf"<!-- table {name} -->(.*?)<!-- end {name} -->", text, re.S)[1]


def test_no_page_is_stale():
    told = subprocess.run(
        [sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_every_block_is_on_a_page(writer):
    pages = "".join(page.read_text(encoding="utf-8") for page in writer.pages(ROOT))
    assert [name for name in writer.BLOCKS if f"<!-- table {name} -->" not in pages] == []


def accuracy(**where):
    """Compute a cell of the accuracies without the script."""
    found = [
        float(row["test_accuracy"])
        for row in rows("accuracy.csv")
        if all(row[column] == value for column, value in where.items())
    ]
    decimals = 2 if where["stage"] == "fp32" else 1
    mean = f"{sum(found) / len(found) + 1e-9:.{decimals}f}"  # halves are rounded up
    return mean if len(found) == 1 else f"{mean} ± {statistics.stdev(found) + 1e-9:.{decimals}f}"


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize(
    ("place", "recipe", "mapping"),
    [
        (1, "plain", "layer"),
        (2, "tuned", "signed-row-fitted"),
        (3, "tuned", "differential-3sd"),
        (4, "tuned", "signed-fitted"),
    ],
)
@pytest.mark.parametrize("stage", ["fp32", "quantized", "fine_tuned", "on_levels"])
def test_accuracies_are_those_of_the_file(dataset, place, recipe, mapping, stage):
    title = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}[dataset]
    lines = block("docs/networks.md", "accuracies").splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(f"| {title}, 6 "))
    cells = [cell.strip() for cell in lines[first + place].strip("|").split("|")]
    assert cells[1] == f"{recipe}, `{mapping}`"
    number = ["fp32", "quantized", "fine_tuned", "on_levels"].index(stage)
    where = {"dataset": dataset, "recipe": recipe, "stage": stage}
    computed = {"layer": "fine_tuned", "signed-fitted": "on_levels"}
    if stage == "fp32":
        expected = accuracy(**where)
    elif stage in ("quantized", computed.get(mapping)):
        where |= {"device": "synapse-5", "mapping": mapping}
        expected = " / ".join(accuracy(**where, reading=r) for r in ("parallel", "series"))
    else:
        expected = "–"
    assert cells[2 + number] == expected


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
def test_what_the_levels_cost_is_the_mean_over_seeds_with_students_interval(dataset):
    """It is computed from the accuracies of the networks."""
    title = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}[dataset]
    lines = block("docs/networks.md", "gaps").splitlines()
    (line,) = [line for line in lines if line.startswith(f"| {title}, 6 | series ")]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    shown = (
        ("quantized", "signed-row-fitted", "fp32"),
        ("quantized", "differential-3sd", "fp32"),
        ("quantized", "signed-fitted", "fp32"),
        ("on_levels", "signed-fitted", "continued"),
    )
    for cell, (stage, mapping, reference) in zip(cells[2:], shown, strict=True):
        found = {}
        for row in rows("accuracy.csv"):
            if (row["dataset"], row["recipe"]) != (dataset, "tuned"):
                continue
            free = row["stage"] == reference
            bound = (row["device"], row["reading"], row["mapping"], row["stage"]) == (
                *("synapse-5", "series"),
                *(mapping, stage),
            )
            if free or bound:
                sign = 1 if free else -1
                lost = found.setdefault(row["seed"], 0.0)
                found[row["seed"]] = lost + sign * float(row["test_accuracy"])
        values = list(found.values())
        mean = statistics.fmean(values)
        # Student's t of 4 degrees of freedom
        assert len(values) == 5
        half = 2.776445 * statistics.stdev(values) / 5**0.5
        told = [float(number) for number in re.findall(r"-?\d+\.\d+", cell)]
        assert told == pytest.approx([mean, mean - half, mean + half], abs=6e-3)


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize(("recipe", "mapping"), [("plain", "layer"), ("tuned", "signed-fitted")])
def test_the_headline_has_the_accuracies_of_the_parallel_reading(dataset, recipe, mapping):
    title = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}[dataset]
    lines = block("README.md", "headline").splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(f"| {title}, synapse-5 "))
    line = lines[first + ["plain", "tuned"].index(recipe) + 1]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[:2] == ["", f"{recipe}, {mapping}"]
    place = {"device": "synapse-5", "reading": "parallel", "mapping": mapping}
    for cell, stage in zip(
        cells[2:], ("fp32", "quantized", "fine_tuned", "on_levels"), strict=True
    ):
        where = {} if stage == "fp32" else place
        found = [
            float(row["test_accuracy"])
            for row in rows("accuracy.csv")
            if (row["dataset"], row["recipe"], row["stage"]) == (dataset, recipe, stage)
            and all(row[key] == value for key, value in where.items())
        ]
        if not found:
            assert cell == "–"
            continue
        told = [float(number) for number in cell.split(" ± ")]
        expected = [statistics.fmean(found), statistics.stdev(found)]
        assert told == pytest.approx(expected, rel=0, abs=6e-3)


def test_the_paper_is_quoted_as_the_report_quotes_it():
    quoted = {
        (int(row["notches"]), row["dataset"]): tuple(
            float(row[stage]) for stage in ("fp32", "quantized", "fine_tuned")
        )
        for row in rows("table-ii.csv")
    }
    assert quoted == TABLE_II


def test_accuracies_have_the_columns_of_a_campaign():
    # the stored table needs no validation accuracies, which are the last column
    assert tuple(rows("accuracy.csv")[0]) in (COLUMNS, COLUMNS[:-1])


def test_thresholds_are_where_the_sweep_first_ends_in_a_state():
    first = {}
    for row in rows("devices/synapse-5.csv"):
        first.setdefault(row["state"], float(row["J (1e12 A/m²)"]))
    wanted = [first[state] for state in ("notch 3", "notch 4", "reversed")]
    text = " ".join(block("docs/results.md", "synapses").split())
    told = re.search(r"begin at ([\d.]+), ([\d.]+) and ([\d.]+)e12", text)
    assert [float(number) for number in told.groups()] == wanted


def test_a_window_is_between_what_works_and_the_neighbours_that_fail():
    """From 0.66 to 0.78; 0.62 and 0.82 fail. The middle of both is 0.72."""
    lines = block("docs/pulses.md", "windows").splitlines()
    (line,) = [line for line in lines if line.startswith("| fixed-ends ")]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[3:] == ["0.66 to 0.78", "8 to 14", "0.62 sticks (2)", "0.82 skips (1)"]


def test_the_edges_of_intervals_hold_with_finer_settings_and_with_oommf():
    """As docs/pulses.md says in words."""
    edges = [
        [(row["state after the pulse"], row["from (1e12 A/m²)"]) for row in rows(name)]
        for name in ("intervals/synapse-5.csv", "intervals/synapse-5-fine.csv")
    ]
    assert edges[0] == edges[1]
    pulses = rows("intervals/synapse-5-oommf.csv")
    assert len({pulse["state_film"] for pulse in pulses}) == 2
    assert all(pulse["state_film"] == pulse["state_oommf"] for pulse in pulses)


def test_jobs_are_those_of_the_shipped_campaign(writer):
    planned = writer.count_jobs(ROOT)
    noted = {row["rule"]: (row["where"], int(row["jobs"])) for row in rows("jobs.csv")}
    now = {rule: (where, jobs) for rule, where, jobs in planned.itertuples(index=False)}
    assert now == noted, "run python docs/write_tables.py --jobs"
    devices = config.load(ROOT / "config.yaml").without_optional.devices.values()
    assert noted["trace"] == ("queue", sum(len(d.pulse.current_densities) for d in devices))


def test_the_configuration_has_a_table_for_each_block_and_a_row_for_each_key():
    page = block("docs/configuration.md", "configuration")
    tables = dict(re.findall(r"^### (.*?)\n(.*?)(?=^### |\Z)", page, re.M | re.S))
    keys = {title: re.findall(r"^\| `(\w+)` ", table, re.M) for title, table in tables.items()}
    assert keys["`devices.X`"] == list(config.Device.model_fields)
    assert keys["`devices.X.track.notches`"] == list(config.Notches.model_fields)
    assert keys["`networks`"] == list(config.Networks.model_fields)
    assert keys["`networks.recipes.X.fine_tuned`, `networks.recipes.X.on_levels`"]
    rows = {
        tuple(cell.strip() for cell in line.strip("|").split("|"))[:4]
        for table in tables.values()
        for line in table.splitlines()
    }
    assert {
        ("`cell_size`", "m", "1e-10 to 0.001", "required"),
        ("`damping`", "", "0.0001 to 10", "required"),
        ("`dmi_constant`", "J/m²", "±(1e-07 to 0.1) or 0", "required"),
        ("`read_at`", "s", "`pulse_end`, `rest` or 1e-15 to 0.001", "rest"),
        ("`count`", "", "1 to 1000 or null", "none"),
        ("`seeds`", "", "list of 0 to 4294967295", "1"),
        ("`recipes`", "", "block, by name", "none"),
        ("`output`", "", "block", "as below"),
    } <= rows


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_changed_digit_in_a_page_is_caught_and_written_anew(writer, copy, capsys):
    assert writer.main(["--check"], copy) == 0
    page = copy / "docs/networks.md"
    whole = page.read_text(encoding="utf-8")
    change(page, "| 97.41 | 93.84 | 96.91 |", "| 97.41 | 93.85 | 96.91 |")
    assert writer.main(["--check"], copy) == 1
    assert "networks.md: accuracies is stale" in capsys.readouterr().out
    assert writer.main([], copy) == 0
    assert page.read_text(encoding="utf-8") == whole


@pytest.mark.parametrize(
    ("name", "column", "stale"),
    [
        ("accuracy.csv", "test_accuracy", {"README.md", "docs/networks.md"}),
        ("jobs.csv", "jobs", {"README.md", "docs/cluster.md"}),
        ("table-ii.csv", "fp32", {"docs/networks.md"}),
        ("devices/synapse-5-levels.csv", "G normalised, parallel", {"docs/results.md"}),
        ("devices/neuron-activation.csv", "largest deviation from ReLU", {"docs/results.md"}),
    ],
)
def test_a_changed_digit_in_a_result_is_caught(writer, copy, capsys, name, column, stale):
    changed = rows(name)
    changed[0][column] = re.sub(
        r"\d", lambda digit: str((int(digit[0]) + 1) % 10), changed[0][column]
    )
    with open(copy / "docs/results" / name, "w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, changed[0])
        table.writeheader()
        table.writerows(changed)
    assert writer.main(["--check"], copy) == 1
    told = capsys.readouterr().out
    assert {line.partition(":")[0] for line in told.splitlines()} == stale


def test_several_seeds_have_mean_and_sample_deviation(writer, copy):
    path = copy / "docs/results/accuracy.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    for line in lines[1:]:
        *names, seed, accuracy = line.split(",")
        lines.append(",".join([*names, str(int(seed) + 1000), f"{float(accuracy) - 0.2:.2f}"]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert writer.main([], copy) == 0
    text = (copy / "docs/networks.md").read_text(encoding="utf-8")
    assert re.search(r"mean ± sample standard deviation of \d+ seeds", " ".join(text.split()))
    assert re.search(r"plain, `layer` \| \d\d\.\d\d ± 0\.\d\d \| \d+\.\d ± \d+\.\d / ", text)
    assert writer.main(["--check"], copy) == 0


def test_a_stage_that_a_recipe_lacks_is_a_dash(writer, copy):
    path = copy / "docs/results/accuracy.csv"
    kept = [
        line
        for line in path.read_text(encoding="utf-8").splitlines()
        if ",plain,fine_tuned," not in line
    ]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert writer.main([], copy) == 0
    text = (copy / "docs/networks.md").read_text(encoding="utf-8")
    plain = re.findall(r"^\| \| plain, `layer` \|.*$", text, re.MULTILINE)
    assert len(plain) == 4
    assert all(re.search(r"\d / [\d.]+ ± [\d.]+ \| – \| – \|$", line) for line in plain)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<!-- end seeds -->", ""),
        ("<!-- table seeds -->", "<!-- table seed -->"),
        ("<!-- table fp32 -->", "\n<!-- table fp32 -->"),
    ],
)
def test_marks_that_do_not_work_are_refused(writer, copy, old, new):
    page = copy / ("docs/networks.md" if "fp32" in old else "README.md")
    change(page, old, new)
    with pytest.raises(SystemExit):
        writer.main(["--check"], copy)


def test_results_of_a_campaign_are_copied(writer, copy, tmp_path):
    tables = tmp_path / "results/tables/devices"
    tables.mkdir(parents=True)
    (tables.parent / "accuracy.csv").write_text("dataset\n")
    (tables / "synapse-5.csv").write_text("J\n0.5\n")
    (tables / "synapse-5.md").write_text(
        "## synapse-5: after each pulse\n\n| J |\n| --- |\n| 0.5 |\n\n"
        "## synapse-5: levels\n\n| level | state |\n| --- | --- |\n| 1 | a &lt; b \\| c |\n"
    )
    missing = writer.copy_results(tmp_path / "results", copy)
    assert {Path(path).stem for path in missing} == {
        *("accuracy-gaps", "mappings", "programming", "table-ii"),
        *("neuron", "synapse-5-literal", "synapse-10", "track", "staircase"),
    }
    copied = copy / "docs/results"
    assert (copied / "accuracy.csv").read_text() == "dataset\n"
    assert (copied / "devices/synapse-5.csv").read_text() == "J\n0.5\n"
    assert (copied / "devices/synapse-5-levels.csv").read_text() == "level,state\n1,a < b | c\n"


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist"])
def test_networks_on_rewritable_levels_lose_the_mean_over_seeds(dataset):
    """The table in kept.md is computed again from the accuracies of the networks."""
    title = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}[dataset]
    quantised = {"mnist": "signed-row-fitted", "fashion-mnist": "differential-3sd"}[dataset]
    lines = block("docs/kept.md", "rewritable-networks").splitlines()
    (line,) = [line for line in lines if line.startswith(f"| {title} | parallel ")]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert (cells[3], cells[6]) == (f"`{quantised}`", "`signed-fitted`")

    def accuracies(stage, mapping="none"):
        reading = "none" if mapping == "none" else "parallel"
        wanted = (dataset, "tuned", reading, mapping, stage)
        keys = ("dataset", "recipe", "reading", "mapping", "stage")
        found = rows("rewritable/accuracy.csv")
        return [float(r["test_accuracy"]) for r in found if tuple(r[key] for key in keys) == wanted]

    free, further = accuracies("fp32"), accuracies("continued")
    on_levels = (accuracies("quantized", f"{quantised}-rewritable"), free, 4)
    trained = (accuracies("on_levels", "signed-fitted-rewritable"), further, 7)
    for found, reference, place in (on_levels, trained):
        lost = [whole - left for whole, left in zip(reference, found, strict=True)]
        mean, half = statistics.fmean(lost), 2.776445 * statistics.stdev(lost) / 5**0.5
        told = [float(n) for cell in cells[place : place + 2] for n in cell_numbers(cell)]
        expected = [statistics.fmean(found), statistics.stdev(found)]
        expected += [mean, mean - half, mean + half]
        assert told == pytest.approx(expected, abs=6e-3)


def cell_numbers(cell):
    return re.findall(r"-?\d+\.\d+", cell)


def test_accuracies_on_rewritable_levels_are_copied_from_their_own_campaign(writer, copy, tmp_path):
    tables = tmp_path / "results/tables"
    tables.mkdir(parents=True)
    ours = copy / "docs/results/rewritable"
    for name in ("accuracy.csv", "accuracy-gaps.csv"):
        (tables / name).write_text((ours / name).read_text())
    change(tables / "accuracy-gaps.csv", "on_levels,continued,5,0.", "on_levels,continued,5,0.9")
    before = (copy / "docs/results/accuracy.csv").read_bytes()
    assert writer.main(["--rewritable", str(tmp_path / "results")], copy) == 0
    assert (ours / "accuracy-gaps.csv").read_bytes() == (tables / "accuracy-gaps.csv").read_bytes()
    assert (copy / "docs/results/accuracy.csv").read_bytes() == before
    assert "to 0.9" in (copy / "README.md").read_text()
