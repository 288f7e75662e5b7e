"""The numbers in README.md and docs/*.md are those of the files in docs/results."""

import csv
import importlib.util
import re
import shutil
import statistics
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import fisher_exact

from wallnet import config, plan, revisions
from wallnet.config.networks import Networks
from wallnet.config.track import Notches
from wallnet.report.networks import TABLE_II

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
    shutil.copytree(
        ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("figures", "_build")
    )
    shutil.copytree(ROOT / "benchmarks", tmp_path / "benchmarks")
    return tmp_path


def rows(name):
    with open(ROOT / "docs/results" / name, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def block(page, name):
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.search(rf"<!-- table {name} -->(.*?)<!-- end {name} -->", text, re.S)[1]


def test_no_page_is_stale(writer, capsys):
    assert writer.main(["--check"]) == 0, capsys.readouterr().out
    pages = "".join(page.read_text(encoding="utf-8") for page in writer.pages(ROOT))
    assert [name for name in writer.BLOCKS if f"<!-- table {name} -->" not in pages] == []


def test_what_the_levels_cost_is_the_mean_over_seeds_with_students_interval():
    """It is computed from the accuracies of the networks."""
    header, _, *lines = block("docs/networks.md", "gaps").strip().splitlines()
    (line,) = [line for line in lines if line.startswith("| fashion-mnist | synapse-5 | series |")]
    cells = dict(zip(cells_of(header), cells_of(line), strict=True))
    for column, reference in {
        "quantized": "fp32",
        "compensated": "fp32",
        "on_levels": "fp32",
        "on_levels, below continued": "continued",
    }.items():
        stage, losses = column.split(",")[0], {}
        for row in rows("few-levels/accuracy.csv"):
            if (row["dataset"], row["recipe"]) != ("fashion-mnist", "tuned"):
                continue
            free = row["stage"] == reference
            bound = (row["device"], row["reading"], row["mapping"], row["stage"]) == (
                *("synapse-5", "series"),
                *("signed-fitted", stage),
            )
            if free or bound:
                sign = 1 if free else -1
                lost = losses.setdefault(row["seed"], 0.0)
                losses[row["seed"]] = lost + sign * float(row["test_accuracy"])
        values = list(losses.values())
        mean = statistics.fmean(values)
        # Student's t of 9 degrees of freedom
        assert len(values) == 10
        half = 2.262157 * statistics.stdev(values) / 10**0.5
        numbers = [float(number) for number in re.findall(r"-?\d+\.\d+", cells[column])]
        assert numbers == pytest.approx([mean, mean - half, mean + half], abs=6e-3)


def test_a_wall_that_moves_is_said_to_once_and_half_states_are_short(writer):
    states = {"0.7": "between 2 and 3", "-0.5": "still moving", "-1": "free", "0.6": "notch 3"}
    table = pd.DataFrame({"J (1e12 A/m²)": states.keys(), "state after the pulse": states.values()})
    table = table.assign(**{"from": "notch 2", "settled": ["yes", "no", "no", "yes"]})
    assert writer.transitions(table).to_dict("records") == [
        {
            "from": "notch 2",
            **{"-1": "free, moving", "-0.5": "still moving", "+0.6": "notch 3", "+0.7": "2-3"},
        }
    ]


def cells_of(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


@pytest.mark.parametrize(
    ("title", "dataset", "row", "recipe", "mapping"),
    [
        ("MNIST", "mnist", 1, "plain", "layer"),
        ("Fashion-MNIST", "fashion-mnist", 2, "tuned", "signed-fitted"),
    ],
)
def test_the_headline_has_the_accuracies_of_the_parallel_reading(
    title, dataset, row, recipe, mapping
):
    lines = block("docs/networks.md", "headline").splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(f"| {title}, synapse-5 "))
    cells = cells_of(lines[first + row])
    assert cells[:2] == ["", f"{recipe}, {mapping}"]
    place = {"device": "synapse-5", "reading": "parallel", "mapping": mapping}
    for cell, stage in zip(
        cells[2:], ("fp32", "quantized", "compensated", "fine_tuned", "on_levels"), strict=True
    ):
        where = {} if stage == "fp32" else place
        accuracies = [
            float(row["test_accuracy"])
            for row in rows("accuracy.csv")
            if (row["dataset"], row["recipe"], row["stage"]) == (dataset, recipe, stage)
            and all(row[key] == value for key, value in where.items())
        ]
        if not accuracies:
            assert cell == "–"
            continue
        numbers = [float(number) for number in cell.split(" ± ")]
        expected = [statistics.fmean(accuracies), statistics.stdev(accuracies)]
        assert numbers == pytest.approx(expected, rel=0, abs=6e-3)


def test_what_comes_out_is_of_the_smooth_synapse_and_its_networks():
    """The five lines of README have the numbers of five files, which are read again here."""
    lines = block("README.md", "outcome").strip().splitlines()
    levels, threshold, write, retention, accuracy = lines
    notches = [
        row for row in rows("devices/synapse-5-smooth-levels.csv") if "notch" in row["state"]
    ]
    notches = [row for row in notches if row["level"] in "1234"]
    for row in notches:
        assert f"{float(row['G normalised, parallel']):.2f}" in levels
    first, *_, last = (float(row["mean wall position (nm)"]) for row in notches)
    assert f"notches {first:.0f} to {last:.0f} nm" in levels
    freed = rows("depinning/synapse-5-smooth.csv")[0]["both ends leave, by (1e12 A/m²)"]
    assert f"of {freed}e12 A/m²" in threshold
    reached = [row for row in rows("devices/synapse-5-smooth.csv") if row["state"] == "notch 2"]
    energy, rise = reached[0]["energy (pJ)"], reached[0]["temperature rise, middle (K)"]
    assert f"{float(energy):.1f} pJ" in write
    assert f"by {float(rise):.0f} K" in write
    barriers = rows("barriers/synapse-5.csv")
    least = min(float(r["lowest barrier (k_B T)"]) for r in barriers if r["state"][:5] == "notch")
    assert f"is {least:.0f} k_B T" in retention
    table = block("docs/networks.md", "headline").splitlines()
    start = next(i for i, line in enumerate(table) if line.startswith("| MNIST, synapse-5 "))
    *_, fp32, _, _, _, on_levels = cells_of(table[start + 2])
    assert f"{fp32} % in FP32, {on_levels} % on the levels" in accuracy


def test_devices_are_compared_by_their_own_writes():
    """README has the writes of the published runs, and none where there are no runs."""
    table = [cells_of(line) for line in block("README.md", "devices-compared").strip().splitlines()]
    shown = {name: cells for name, *cells in table[2:]}
    for name, subject in (("synapse-5", "reset-5"), ("synapse-rewritable-10", "staircase-10")):
        scheme = rows(f"thermal/{subject}-writing.csv")[-1]
        right = f"{scheme['right state']} ({scheme['at least']} to {scheme['at most']})"
        costs = [scheme["energy (pJ)"], scheme["time (ns)"]]
        assert shown.pop(name)[:4] == [right, scheme["runs"], *costs]
    assert {tuple(cells[:4]) for cells in shown.values()} == {("–", "–", "–", "–")}
    fifteen, of_synapse = (float(shown[n][-1].split()[0]) for n in ("junctions-15", "synapse-10"))
    assert fifteen > of_synapse + 10


def test_causes_of_networks_as_made_stand_by_what_they_cost():
    head, _, *lines = map(cells_of, block("docs/imperfections.md", "as-made").strip().splitlines())
    columns, shown = head[1:], {line[0]: line[1:] for line in lines}
    costs = dict[str, list[float]]()
    for row in rows("as-made.csv"):
        if row["key"]:
            continue
        place = ", ".join(
            [{"mnist": "MNIST"}.get(row["dataset"], "Fashion-MNIST"), row["device"], row["reading"]]
        )
        title = {"all": "all together"}.get(row["cause"], row["cause"].replace("_", " "))
        mean, deviation = shown[title][columns.index(place)].split(" ± ")
        assert float(mean) == pytest.approx(float(row["mean"]), abs=6e-3)
        assert float(deviation) == pytest.approx(float(row["deviation"]), abs=6e-3)
        costs.setdefault(title, []).append(float(row["lost"]))
    order = [title for title in shown if title in costs and title != "all together"]
    means = [statistics.fmean(costs[title]) for title in order]
    assert means == sorted(means, reverse=True)
    assert len(order) == 10


def test_values_by_hand_are_those_of_a_calculation_without_the_package():
    """The film at 25 and 85 °C is that of Bloch's law, in digits of its simulations."""
    lines = block("docs/own-device.md", "own-hand").strip().splitlines()[2:]
    by_hand = {cells[0]: float(cells[1]) for cells in map(cells_of, lines)}
    unit, film = 1.380649e-23, {}
    for kelvin, ms, a, d, ku in (
        (298.15, 1.102e6, 1.60582e-11, 0.342909e-3, 904912.0),
        (358.15, 1.03416e6, 1.41419e-11, 0.301989e-3, 747870.0),
    ):
        k = ku - 0.97738 * 2e-7 * np.pi * ms**2
        sigma = 4 * np.sqrt(a * k) - np.pi * d
        film[kelvin] = k, np.sqrt(a / k), sigma * 1.2e-9 * 40e-9
    k, delta, barrier = film[298.15]
    assert by_hand["K (kJ/m³)"] == pytest.approx(k / 1e3, rel=0, abs=0.6)
    assert by_hand["Δ = √(A/K) (nm)"] == pytest.approx(delta / 1e-9, rel=0, abs=0.06)
    # ħ/e = 6.5821e-16 V s; the wall passes 30 nm on 80 nm of width
    threshold = barrier / 30e-9 / (np.pi * 6.5821e-16 * 0.3 / 2 * 80e-9) / 1e12
    assert by_hand["threshold (1e12 A/m²)"] == pytest.approx(threshold, rel=0, abs=6e-3)
    for kelvin, celsius in ((298.15, 25), (358.15, 85)):
        expected = film[kelvin][2] / (unit * kelvin)
        name = f"barrier of notch 1 at {celsius} °C (k_B T)"
        assert by_hand[name] == pytest.approx(expected, rel=0, abs=0.6)


def test_the_paper_is_quoted_as_the_report_quotes_it():
    quoted = {
        (int(row["notches"]), row["dataset"]): tuple(
            float(row[stage]) for stage in ("fp32", "quantized", "fine_tuned")
        )
        for row in rows("table-ii.csv")
    }
    assert quoted == TABLE_II


@pytest.mark.slow
def test_jobs_are_those_of_the_shipped_campaign(writer):
    planned = writer.count_jobs(ROOT)
    noted = {row["rule"]: (row["where"], int(row["jobs"])) for row in rows("jobs.csv")}
    now = {rule: (where, jobs) for rule, where, jobs in planned.itertuples(index=False)}
    assert now == noted, "run python docs/write_tables.py --jobs"
    devices = plan.load(ROOT / "config.yaml").without_optional.devices.values()
    pulses = sum(len(device.pulse.current_densities) for device in devices)
    assert noted["run"][0] == "queue"
    assert noted["run"][1] > pulses > noted["initial"][1]


def test_levels_and_thresholds_stand_beside_those_of_stairs():
    """Each level of either device has a row, in the order of conductance."""
    header, _, *lines = block("docs/results.md", "levels-by-edges").strip().splitlines()
    assert [cell.split(", ")[-1] for cell in cells_of(header)[2:]] == ["stairs", "smooth"] * 2
    *shown, one, both = map(cells_of, lines)
    flag = " (no minimum)"
    assert [cells[1] for cells in shown if flag in cells[1]] == [f"initial{flag}"]
    shown = [[level, state.removesuffix(flag), *cells] for level, state, *cells in shown]
    conductance, reached = "G normalised, parallel", "smallest J that reaches it (1e12 A/m²)"
    places = set()
    for column, name in ((0, "synapse-5"), (1, "synapse-5-smooth")):
        kept = [row for row in rows(f"devices/{name}-levels.csv") if row[conductance] != "–"]
        own = {(row["level"], row["state"]): (row[conductance], row[reached]) for row in kept}
        for level, state, *cells in shown:
            assert (cells[column], cells[2 + column]) == own.get((level, state), ("–", "–"))
        first = rows(f"depinning/{name}.csv")[0]
        assert one[4 + column] == first["one end leaves, by (1e12 A/m²)"]
        assert both[4 + column] == first["both ends leave, by (1e12 A/m²)"]
        places |= {*own}
    assert {tuple(cells[:2]) for cells in shown} == places
    order = [float(max(cells[2:4], key=lambda text: text.strip("–"))) for cells in shown]
    assert order == sorted(order)


def test_networks_on_smooth_edges_are_below_those_on_stairs(writer, copy):
    """Of their file, only rows with the levels at smooth edges count."""
    table = pd.read_csv(copy / "docs/results/accuracy.csv", dtype=str)
    own = table[table["device"] == "synapse-5"].assign(device="synapse-5-smooth")
    own.loc[own["recipe"] == "tuned", "test_accuracy"] = "12.34"
    (copy / "docs/results/smooth-edges").mkdir(exist_ok=True)
    pd.concat([table, own]).to_csv(copy / "docs/results/smooth-edges/accuracy.csv", index=False)
    writer.main([], copy)
    said = (copy / "docs/networks.md").read_text(encoding="utf-8")
    headline = re.search(r"<!-- table headline -->(.*?)<!-- end headline -->", said, re.S)[1]
    (place,) = re.findall(r"^\| MNIST, synapse-5-smooth .*\n\| .*tuned.*$", headline, re.M)
    assert place.count("12.34 ± 0.00") == 3
    shipped = block("docs/networks.md", "headline")
    before = shipped.partition("| MNIST, synapse-5-smooth ")[0].strip().splitlines()
    assert [line for line in before if line not in headline.splitlines()] == []


def test_the_configuration_has_a_table_for_each_block_and_a_row_for_each_key():
    page = block("docs/configuration.md", "configuration")
    tables = dict(re.findall(r"^### (.*?)\n(.*?)(?=^### |\Z)", page, re.M | re.S))
    keys = {title: re.findall(r"^\| `(\w+)` ", table, re.M) for title, table in tables.items()}
    assert keys["`devices.X`"] == list(config.Device.model_fields)
    assert keys["`devices.X.track.notches`"] == list(Notches.model_fields)
    assert keys["`networks`"] == list(Networks.model_fields)
    assert keys["`networks.recipes.X.on_levels`"]
    rows = {tuple(cells_of(line)[:4]) for line in page.splitlines()}
    assert {
        ("`dmi_constant`", "J/m²", "±(1e-07 to 0.01) or 0", "required"),
        ("`read_at`", "s", "`pulse_end`, `rest` or 1e-15 to 0.001", "rest"),
        ("`count`", "", "1 to 1000 or null", "none"),
        ("`output`", "", "block", "as below"),
    } <= rows


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_changed_digit_in_a_page_is_caught_and_written_anew(writer, copy, capsys):
    page = copy / "docs/networks.md"
    whole = page.read_text(encoding="utf-8")
    change(page, "97.41 | 93.84 | – | 96.91 |", "97.41 | 93.85 | – | 96.91 |")
    assert writer.main(["--check"], copy) == 1
    assert "networks.md: headline is stale" in capsys.readouterr().out
    assert writer.main([], copy) == 0
    assert page.read_text(encoding="utf-8") == whole


def test_a_changed_digit_in_a_result_is_caught(writer, copy, capsys):
    for name, column in (
        ("accuracy.csv", "test_accuracy"),
        ("jobs.csv", "jobs"),
        ("devices/synapse-5-levels.csv", "G normalised, parallel"),
    ):
        changed = rows(name)
        digits = re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), changed[0][column])
        changed[0][column] = digits
        with open(copy / "docs/results" / name, "w", newline="", encoding="utf-8") as stream:
            table = csv.DictWriter(stream, changed[0])
            table.writeheader()
            table.writerows(changed)
    assert writer.main(["--check"], copy) == 1
    stale = {line.partition(":")[0] for line in capsys.readouterr().out.splitlines()}
    assert stale == {
        *("README.md", "docs/results.md", "docs/networks.md", "docs/cluster.md"),
        *("docs/results/accuracy.csv", "docs/results/jobs.csv"),
        "docs/results/devices/synapse-5-levels.csv",
    }


def test_each_published_table_names_the_revisions_that_computed_it(writer):
    noted = writer.noted_revisions(ROOT)
    assert writer.unnoted(ROOT) == []
    assert noted.keys() == writer.published(ROOT).keys()
    page = block("docs/reruns.md", "earlier-revisions")
    for name, note in noted.items():
        numbers = {key: number for key, number in note.items() if key != "digest"}
        assert numbers.keys() == set(writer.stages_of(name))
        earlier = {stage for stage, number in numbers.items() if number < revisions.of(stage)}
        assert all(number <= revisions.of(stage) for stage, number in numbers.items())
        listed = re.compile(rf"[ :]{name}[,; ]")
        lines = [line for line in page.splitlines() if listed.search(line)]
        assert {cells_of(line)[0].strip("`") for line in lines} == earlier
    assert noted["table-ii"].keys() == {"digest", "devices", "networks"}
    assert noted["thermal/reset-5"].keys() == {"digest", "film", "thermal"}


def test_a_table_made_again_is_of_the_present_revisions(writer, copy, capsys):
    """An edited text keeps its revisions, a result that was made again has the present ones."""
    table, page = copy / "docs/results/thermal/w-cofeb.csv", copy / "docs/reruns.md"
    before = writer.noted_revisions(copy)["thermal/w-cofeb"]
    assert before["film"] < revisions.of("film")
    table.write_text(f"{table.read_text(encoding='utf-8')}\n", encoding="utf-8")
    assert writer.main(["--check"], copy) == 1
    assert "thermal/w-cofeb.csv: changed; add --made" in capsys.readouterr().out
    writer.main(["--edited", "thermal/w-cofeb"], copy)
    after = writer.noted_revisions(copy)["thermal/w-cofeb"]
    assert after == {**before, "digest": after["digest"]} != before
    assert "thermal/w-cofeb" in page.read_text(encoding="utf-8")
    writer.main(["--made", "thermal/w-cofeb"], copy)
    assert writer.noted_revisions(copy)["thermal/w-cofeb"]["film"] == revisions.of("film")
    assert "thermal/w-cofeb" not in page.read_text(encoding="utf-8")
    assert writer.main(["--check"], copy) == 0
    with pytest.raises(SystemExit, match="no table thermal/unknown"):
        writer.main(["--made", "thermal/unknown"], copy)


def test_a_mark_that_does_not_work_is_refused(writer, copy):
    change(copy / "docs/networks.md", "<!-- end seeds -->", "")
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
    figures = tmp_path / "results/figures/devices"
    figures.mkdir(parents=True)
    for name in ("track-wall-position", "track-unknown"):
        (figures / f"{name}.png").write_text(name)
    pictures = copy / "docs/figures"
    pictures.mkdir()
    (pictures / "track-wall-position.png").write_text("old")
    missing = writer.copy_results(tmp_path / "results", copy)
    assert (pictures / "track-wall-position.png").read_text() == "track-wall-position"
    assert not (pictures / "track-unknown.png").exists()
    assert {Path(path).stem for path in missing} == {
        *("accuracy-gaps", "mappings", "programming"),
        *("neuron", "synapse-5-smooth", "synapse-5-literal", "synapse-10", "track", "stepwise"),
    }
    copied = copy / "docs/results"
    assert (copied / "accuracy.csv").read_text() == "dataset\n"
    assert writer.noted_revisions(copy)["accuracy"]["devices"] == revisions.of("devices")
    assert writer.unnoted(copy) == []
    assert (copied / "devices/synapse-5.csv").read_text() == "J\n0.5\n"
    assert (copied / "devices/synapse-5-levels.csv").read_text() == "level,state\n1,a < b | c\n"


def test_conditions_are_those_of_each_device():
    """Pulses that end as at 0 K, and hot ones, are counted again from the tables of results."""
    header, _, *lines = block("docs/results.md", "conditions").strip().splitlines()
    conditions = {
        cells[0]: dict(zip(cells_of(header), cells, strict=True)) for cells in map(cells_of, lines)
    }
    for name in ("synapse-5", "synapse-10"):
        for model, title in (("isothermal", "300 K"), ("heated-3", "heated, p = 3")):
            kept = [
                float(row["probability"]) if row["state"] == row["state at 0 K"] else 0.0
                for row in rows(f"thermal/{name}.csv")
                if row["model"] == model
            ]
            shown = {row["J (1e12 A/m²)"] for row in rows(f"thermal/{name}.csv")}
            cell = conditions[f"end as at 0 K, {title} (%)"][f"`{name}`"]
            assert float(cell) == pytest.approx(100 * sum(kept) / len(shown), abs=0.51)
    swept = rows("devices/synapse-5.csv")
    hot = [float(row["temperature rise, middle (K)"]) for row in swept]
    counts = {
        "pulses of the sweep": len(swept),
        "heated by more than 50 K: parameters change, estimates": sum(rise > 50 for rise in hot),
        "heated to 525 K or more: beyond the model, results mean nothing": sum(
            row["beyond_model"] == "yes" for row in swept
        ),
        "largest rise (K)": round(max(hot)),
    }
    assert {key: int(conditions[key]["`synapse-5`"]) for key in counts} == counts
    assert conditions["levels that only pulses beyond the model reach"]["`synapse-5`"] == "5"
    assert conditions["levels that are no minimum of the energy"]["`synapse-10`"] == "0, by 37 nm"


def test_accuracies_on_rewritable_levels_are_copied_from_their_own_campaign(writer, copy, tmp_path):
    tables, ours = tmp_path / "results/tables", copy / "docs/results/rewritable"
    shutil.copytree(ours, tables)
    change(tables / "accuracy-gaps.csv", "on_levels,continued,5,0.", "on_levels,continued,5,0.9")
    before = (copy / "docs/results/accuracy.csv").read_bytes()
    assert writer.main(["--rewritable", str(tmp_path / "results")], copy) == 0
    assert (ours / "accuracy-gaps.csv").read_bytes() == (tables / "accuracy-gaps.csv").read_bytes()
    assert (copy / "docs/results/accuracy.csv").read_bytes() == before
    assert "to 0.9" in (copy / "docs/results.md").read_text()


def test_errors_of_edges_are_the_largest_of_each_track():
    """They are computed again from the thresholds and barriers."""
    errors = {"stairs": [0.0, 0.0], "smooth": [0.0, 0.0]}
    table = rows("edges.csv")
    fine = {row["track"]: row for row in table}  # the last one
    for row in table:
        for edges, largest in errors.items():
            for index, quantity in enumerate(("threshold, {} (1e12 A/m²)", "barrier, {} (k_B T)")):
                exact = float(fine[row["track"]][quantity.format("smooth")])
                error = abs(float(row[quantity.format(edges)]) - exact)
                largest[index] = max(largest[index], error if index else 100 * error / exact)
    numbers = re.findall(r"[\d.]+(?= %| k_B)", block("docs/validation.md", "edges-errors"))
    expected = [*errors["stairs"], *errors["smooth"]]
    assert [float(number) for number in numbers] == pytest.approx(expected, rel=0, abs=0.51)


def test_the_staircase_is_its_own_mirror_image():
    """Steps from notch k to the right and from 11 - k to the left (Fisher, Bonferroni at 1 %)."""
    counts = {}
    for row in rows("thermal/staircase-10.csv"):
        start, up = int(row["from"].split()[1]), not row["J (1e12 A/m²)"].startswith("-")
        moved = counts.get((start, up), (0, 0))[0]
        if row["state"] == f"notch {start + (1 if up else -1)}":
            moved = int(row["known at the reading time"])
        counts[start, up] = moved, int(row["after the pause"].split()[2])
    chances = []
    for start in range(1, 10):
        tables = [counts[start, True], counts[11 - start, False]]
        chances.append(fisher_exact([[moved, runs - moved] for moved, runs in tables]).pvalue)
    assert min(chances) > 0.01 / len(chances)


def test_the_edges_of_intervals_hold_with_finer_settings_and_with_oommf():
    """As docs/pulses.md says in words."""
    # the finer search began at 0.6e12 A/m²
    edges = [
        [
            (row["state after the pulse"], float(row["from (1e12 A/m²)"]))
            for row in rows(name)
            if row["from (1e12 A/m²)"] != "–" and 0.6 < float(row["from (1e12 A/m²)"]) < 0.7
        ]
        for name in ("intervals/synapse-5.csv", "intervals/synapse-5-fine.csv")
    ]
    assert len(edges[0]) == 3
    assert edges[0] == edges[1]
    pulses = rows("intervals/synapse-5-oommf.csv")
    assert len({pulse["state_film"] for pulse in pulses}) == 2
    assert all(pulse["state_film"] == pulse["state_oommf"] for pulse in pulses)


def test_the_share_of_right_steps_counts_all_pulses_with_a_next_notch():
    """Counted here again, by start and sign of the current."""
    table = rows("thermal/staircase-10.csv")
    right, runs = 0, {}
    for row in table:
        start, up = int(row["from"].split()[1]), not row["J (1e12 A/m²)"].startswith("-")
        following = start + (1 if up else -1)
        if 1 <= following <= 10:
            runs[start, up] = int(row["after the pause"].split()[2])
            if row["state"] == f"notch {following}":
                right += int(row["known at the reading time"])
    assert len(runs) == 18
    assert f"{right} of {sum(runs.values())} (" in " ".join(
        block("docs/pulses.md", "heated").split()
    )
