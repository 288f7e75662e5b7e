"""The main numbers of a campaign, as a table and as text of 80 columns."""

import statistics

import pytest

from wallnet.report import headline
from wallnet.report.networks import TABLE_II

SEEDS = {"1": 90.0, "2": 92.0}


def row(dataset="mnist", device="s", mapping="layer", stage="quantized", seed="1", **more):
    record = {"dataset": dataset, "device": device, "reading": "parallel", "mapping": mapping}
    record |= {"recipe": "plain", "stage": stage, "seed": seed, "test_accuracy": "50.00"}
    record["validation_accuracy"] = "50.00"
    return record | more


def free(dataset="mnist", seed="1", accuracy="97.00", **more):
    none = {"device": "none", "reading": "none", "mapping": "none", "stage": "fp32"}
    return row(dataset, seed=seed, test_accuracy=accuracy) | none | more


def test_accuracies_stand_below_those_of_the_paper_in_blocks():
    rows = [free(seed=seed, accuracy=f"{number + 5}") for seed, number in SEEDS.items()]
    rows += [row(seed=seed, test_accuracy=f"{number}") for seed, number in SEEDS.items()]
    rows += [row(seed=seed, stage="fine_tuned", test_accuracy="96.5") for seed in SEEDS]
    table = headline.accuracies(rows, {"s": 5})
    deviation = statistics.stdev(SEEDS.values())
    assert table.columns == ["data set, synapse", "network", "FP32", "Quantised", "Fine-tuned"]
    assert table.rows() == [
        ["MNIST, s", "paper, Table II", *(f"{told:.2f}" for told in TABLE_II[5, "mnist"])],
        [
            *("MNIST, s", "plain, layer"),
            *(f"96.00 ± {deviation:.2f}", f"91.00 ± {deviation:.2f}", "96.50 ± 0.00"),
        ],
    ]
    assert table.set_apart == {0}
    assert "paper" not in str(headline.accuracies(rows, {}).rows())


def test_the_first_reading_and_the_mapping_with_the_most_stages_are_shown():
    rows = [free()]
    for mapping, stages in {"few": ["quantized"], "many": ["quantized", "on_levels"]}.items():
        rows += [row(mapping=mapping, stage=s, test_accuracy="70") for s in stages]
    rows += [row(mapping="many", reading="series", test_accuracy="10")]
    rows += [row(recipe="other", mapping="few", test_accuracy="60")]
    table = headline.accuracies(rows, {})
    assert table.rows() == [
        ["MNIST, s", "plain, many", "97.00", "70.00", "70.00"],
        ["MNIST, s", "other, few", "–", "60.00", "–"],
    ]
    # of two with the same stages, the better one by the validation images
    for stage, accuracy in (("quantized", "49.00"), ("on_levels", "52.00")):
        rows.append(row(mapping="better", stage=stage, validation_accuracy=accuracy))
    assert headline.accuracies(rows, {}).rows()[0][:2] == ["MNIST, s", "plain, better"]
    del rows[-2:]
    assert headline.conditions(rows) == "of one seed; reading: parallel"
    # the reading of the first synapse, also if the rows end with another one
    assert headline.conditions(rows[:-1]) == "of one seed; reading: parallel"
    two = [*rows, free(seed="2")]
    assert headline.conditions(two).startswith("mean ± standard deviation of 2 seeds")


def test_each_synapse_has_its_own_accuracies_below_those_of_its_paper():
    told = {"s": ("60.00", "61.00"), "t": ("70.00", "71.00")}
    rows = [free(), free("fashion-mnist", accuracy="88.00")]
    for dataset, position in (("mnist", 0), ("fashion-mnist", 1)):
        rows += [row(dataset, each, test_accuracy=told[each][position]) for each in told]
    table = headline.accuracies(rows, {"s": 5, "t": 10})
    paper = {key: [f"{value:.2f}" for value in numbers[:2]] for key, numbers in TABLE_II.items()}
    found = [cells[1:] for cells in table.rows()]
    assert found == [
        *(["paper, Table II", *paper[5, "mnist"]], ["plain, layer", "97.00", "60.00"]),
        *(["paper, Table II", *paper[10, "mnist"]], ["plain, layer", "97.00", "70.00"]),
        *(["paper, Table II", *paper[5, "fashion-mnist"]], ["plain, layer", "88.00", "61.00"]),
        *(["paper, Table II", *paper[10, "fashion-mnist"]], ["plain, layer", "88.00", "71.00"]),
    ]
    titles = [cells[0] for cells in table.rows()]
    assert [title.split(", ")[1] for title in titles] == [*"sstt", *"sstt"]
    assert table.set_apart == {0, 2, 4, 6}


def test_networks_without_a_synapse_are_shown_by_data_set():
    rows = [free(), free("own", accuracy="80.00")]
    assert headline.accuracies(rows, {}).rows() == [
        ["MNIST", "plain", "97.00"],
        ["own", "plain", "80.00"],
    ]
    assert headline.conditions(rows) == "of one seed"


@pytest.mark.parametrize("length", [3, 80])
def test_text_has_blocks_and_at_most_80_columns(length):
    device, recipe = "d" * length, "r" * length
    rows = [free(recipe=recipe, accuracy="9.5")]
    for stage in ("quantized", "fine_tuned", "on_levels"):
        for seed in ("1", "2"):
            found = {"1": "100.00", "2": "0.00"}[seed]
            rows.append(
                row(device=device, recipe=recipe, stage=stage, seed=seed, test_accuracy=found)
            )
    text = headline.as_text(headline.accuracies(rows, {device: 10}))
    lines = text.splitlines()
    assert max(map(len, lines)) <= headline.WIDTH
    assert lines[0] == "Test accuracy in per cent"
    assert lines[1].split() == ["FP32", "Quantised", "Fine-tuned", "On", "levels"]
    assert lines[2] == f"MNIST, {device}"[:80]
    assert lines[3].split() == ["paper,", "Table", "II", "97.41", "94.67", "97.17", "–"]
    assert lines[4].endswith("9.50  50.00 ± 70.71  50.00 ± 70.71  50.00 ± 70.71")
    assert len(lines) == 5


def test_a_block_begins_where_the_place_changes():
    rows = [free(), free("own"), row(), row("own")]
    lines = headline.as_text(headline.accuracies(rows, {})).splitlines()
    assert [line for line in lines[2:] if not line.startswith("  ")] == ["MNIST, s", "own, s"]


def test_devices_have_their_pulses_and_final_states(neuron, synapse):
    found = {"n": neuron.gather(), "s": synapse.gather()}
    found["s"]["settled"].values[-1] = 0
    table = headline.devices(found)
    assert table.rows() == [["n", "neuron", "8", "1"], ["s", "synapse", "5", "4"]]
    assert headline.as_text(table).splitlines()[1:] == [
        "device     kind  pulses  final states",
        "n        neuron       8             1",
        "s       synapse       5             4",
    ]
