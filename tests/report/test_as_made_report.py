"""Networks as made, in a table, a figure and on the page, counted by hand."""

import csv
import json
import statistics

import numpy as np
import pytest
from helpers.pictures import content_of
from helpers.synthetic import one_sentence

from wallnet import files
from wallnet.config import Figures
from wallnet.files import FileError
from wallnet.page.findings import best_networks, of_networks
from wallnet.report import as_made

NAN = np.nan
CAUSES = {"stuck": {"share": 0.001}, "device_to_device": {"size": 1.0}}

ROWS = (
    ("all", "", NAN, [60.0, 70.0, NAN]),
    ("stuck", "", NAN, [96.0, 97.0, 95.0]),
    ("device_to_device", "", NAN, [75.0, 65.0, 70.0]),
    ("cycle_to_cycle", "", NAN, [97.5, 97.0, 98.0]),
    ("device_to_device", "size", 2.0, [40.0, 44.0, NAN]),
)


def evaluation(folder, clean=98.0, better=0.0, seed=1, **place):
    """Write the draws of one network; return the path."""
    facets = {"dataset": "mnist", "device": "five", "reading": "parallel", "mapping": "signed"}
    facets |= {"recipe": "tuned", "stage": "on_levels", **place}
    values = {
        "as_made_accuracy": [np.add(row[3], better) for row in ROWS],
        "clean_accuracy": clean,
        "cause": [row[0] for row in ROWS],
        "varied_key": [row[1] for row in ROWS],
        "varied_value": [row[2] for row in ROWS],
        "draw": range(3),
    }
    about = {**facets, "seed": seed, "parameters": json.dumps({"causes": CAUSES})}
    path = folder / files.AS_MADE_NETWORK.format(causes="usual", seed=seed, **facets)
    files.write_dataset(files.dataset("as_made", values, about), path, "as_made", {})
    return str(path)


@pytest.fixture
def sources(tmp_path):
    own = evaluation(tmp_path), evaluation(tmp_path, 97.0, -1.0, seed=2)
    return {"evaluations": [*own, evaluation(tmp_path, device="ten", better=1.0)]}


def test_causes_are_sorted_by_what_they_cost(sources):
    text = as_made.tabulate(sources)
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text["markdown"].splitlines()
        if line.startswith("|")
    ]
    assert rows[0] == ["Cause", "MNIST, five, parallel", "MNIST, ten, parallel"]
    assert [row[0] for row in rows[2:]] == [
        *("on the levels", "all together", "device to device", "stuck", "cycle to cycle")
    ]
    of_five = [96.0, 97.0, 95.0, 95.0, 96.0, 94.0]
    assert rows[5][1] == f"95.50 ± {statistics.stdev(of_five):.2f}"
    # a device without a second seed has draws, too
    assert rows[3][2] == f"66.00 ± {statistics.stdev([61.0, 71.0]):.2f}"
    assert rows[2][1:] == [f"97.50 ± {statistics.stdev([98, 97]):.2f}", "98.00"]


def test_the_table_of_numbers_has_the_set_as_a_point_of_its_curves(sources):
    rows = [*csv.DictReader(as_made.tabulate(sources)["csv"].splitlines())]
    five = {
        (row["cause"], row["key"], row["value"]): row for row in rows if row["device"] == "five"
    }
    assert set(five) == {
        *(("all", "", ""), ("stuck", "", ""), ("device_to_device", "", "")),
        ("cycle_to_cycle", "", ""),
        *(("device_to_device", "size", "1"), ("device_to_device", "size", "2")),
    }
    doubled = five["device_to_device", "size", "2"]
    assert (doubled["seeds"], doubled["draws"]) == ("2", "4")
    assert float(doubled["mean"]) == pytest.approx(41.5, abs=1e-9)
    # 98 - 42 of one seed and 97 - 41 of the other
    assert float(doubled["lost"]) == pytest.approx(56.0, abs=1e-9)
    alone, own = five["device_to_device", "", ""], five["device_to_device", "size", "1"]
    for key in ("mean", "deviation", "lost", "draws"):
        assert own[key] == alone[key]


def test_the_figure_has_the_losses_and_a_panel_for_each_curve(sources):
    from matplotlib import pyplot

    figure, _ = as_made.draw(sources, "", Figures())
    panels = content_of(figure)
    pyplot.close(figure)
    losses, curve, legend = panels
    text = str(losses)
    assert "all together" in text
    assert "accuracy lost (% points)" in text
    assert "spread, over that of the device" in str(curve)
    assert "41.5" in str(curve)
    assert "'MNIST, five, parallel'" in str(legend)


def rows_of(device, reading, accuracies, recipe="tuned", stage="on_levels", mapping="signed"):
    place = {"dataset": "mnist", "device": device, "reading": reading, "mapping": mapping}
    return [
        {**place, "recipe": recipe, "stage": stage, "seed": str(seed)}
        | {"test_accuracy": value, "validation_accuracy": value - 1}
        for seed, value in enumerate(accuracies, 1)
    ]


def test_the_page_begins_with_the_networks(sources, tmp_path):
    table = tmp_path / "as-made.csv"
    table.write_text(as_made.tabulate(sources)["csv"], encoding="utf-8")
    rows = [
        *rows_of("none", "none", [98.6, 98.8], stage="fp32", mapping="none"),
        *rows_of("five", "parallel", [98.0, 97.0]),
        *rows_of("five", "parallel", [90.0, 91.0], stage="quantized"),
        *rows_of("five", "series", [99.0, 99.0]),
        *rows_of("six", "parallel", [97.5]),
    ]
    costs = as_made.read(table)
    first, second = of_networks(best_networks(rows, costs))
    assert first == (
        "MNIST on five: 98.70 ± 0.14 % in FP32, 97.50 ± 0.71 % on the levels (parallel), "
        f"64.50 ± {statistics.stdev([60, 70, 59, 69]):.2f} % as made, where device to device "
        "costs most"
    )
    assert second == "MNIST on six: 98.70 ± 0.14 % in FP32, 97.50 % on the levels (parallel)"
    assert as_made.read(tmp_path / "other.csv") == {}


def test_a_damaged_table_is_one_sentence(tmp_path):
    (tmp_path / "as-made.csv").write_text("a,b\n1,2\n")
    with pytest.raises(FileError) as caught:
        as_made.read(tmp_path / "as-made.csv")
    one_sentence(caught, "as-made.csv")
