"""The networks of a campaign, compared with the same trainings in plain PyTorch."""

import ast
import csv
import json
from pathlib import Path

import network_oracle as oracle
import numpy as np
import pytest
import torch
from oracle_campaign import NETWORKS

STAGES = ("fp32", "quantized", "fine_tuned", "fine_tuned_snapped", "on_levels")
TRAINED = ("fp32", "fine_tuned", "on_levels")
every_stage = pytest.mark.parametrize("stage", STAGES)


def folder_of(results, stage):
    place = "none/none/none" if stage == "fp32" else "synapse/parallel/layer"
    return results / f"networks/blots/{place}/plain/{stage}/seed-3"


@pytest.fixture(scope="module")
def metrics(results):
    return {s: json.loads((folder_of(results, s) / "metrics.json").read_text()) for s in STAGES}


@pytest.fixture(scope="module")
def expected(results):
    neuron = json.loads((results / "compact_models/neuron.json").read_text())
    synapse = json.loads((results / "compact_models/synapse.json").read_text())
    quartic = neuron["activation"][NETWORKS["neuron_reading"]]["quartic"]
    levels = [
        state["normalized_conductance"][NETWORKS["readings"][0]]
        for state in synapse["levels"]
        if state["stable"] and not state["half"]
    ]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield oracle.all_stages(results.parent / "data/Blots/raw", NETWORKS, quartic, levels)
    torch.set_num_threads(threads)


def test_the_trainings_are_as_asymmetric_as_they_should_be(expected):
    """The best epoch is neither the first nor the last, and of two equal ones it is the first."""
    for stage in TRAINED:
        accuracies = expected[stage].training.accuracies
        assert 1 < expected[stage].training.best_epoch < len(accuracies)
        assert accuracies[-1] != max(accuracies) or stage == "on_levels"
    assert (
        expected["on_levels"].training.accuracies.count(
            max(expected["on_levels"].training.accuracies)
        )
        > 1
    )
    limit = NETWORKS["recipes"]["plain"]["fp32"]["weight_limit"]
    hidden = expected["fp32"].state[0]
    assert hidden.abs().max() == pytest.approx(limit / hidden.shape[1] ** 0.5, rel=1e-6, abs=0)


@pytest.mark.parametrize("stage", TRAINED)
def test_every_training_takes_the_same_course(metrics, expected, stage):
    curve, training = metrics[stage]["training_curve"], expected[stage].training
    assert [point["validation_accuracy"] for point in curve] == pytest.approx(
        training.accuracies, abs=1e-4
    )
    assert [point["training_loss"] for point in curve] == pytest.approx(
        training.losses, rel=1e-4, abs=0
    )
    assert metrics[stage]["best_epoch"] == training.best_epoch


@every_stage
def test_every_stage_has_the_same_weights(results, expected, stage):
    state = torch.load(folder_of(results, stage) / "best.ckpt", weights_only=True)["state_dict"]
    names = ("hidden.weight", "hidden.bias", "output.weight", "output.bias")
    assert set(state) == set(names)
    for name, values in zip(names, expected[stage].state, strict=True):
        torch.testing.assert_close(state[name], values, rtol=0, atol=2e-5)


@every_stage
def test_every_stage_reads_the_test_images_alike(metrics, expected, stage):
    found, stage = metrics[stage], expected[stage]
    assert found["confusion_matrix"] == stage.confusion.tolist()
    assert found["test_accuracy"] == pytest.approx(stage.test_accuracy, abs=1e-4)
    assert found["validation_accuracy"] == pytest.approx(stage.validation_accuracy, abs=1e-4)


def test_the_table_of_accuracies_holds_every_stage(results, expected):
    with open(results / "tables/accuracy.csv", newline="", encoding="utf-8") as stream:
        rows = {row["stage"]: row for row in csv.DictReader(stream)}
    assert set(rows) == set(STAGES)
    for stage, row in rows.items():
        assert row["device"] == ("none" if stage == "fp32" else "synapse")
        assert row["seed"] == "3"
        assert float(row["test_accuracy"]) == pytest.approx(expected[stage].test_accuracy, abs=6e-3)


def test_the_metrics_say_which_weights_the_levels_allow(metrics, expected):
    trained = expected["fp32"].state
    for name, weight in (("hidden", trained[0]), ("output", trained[2])):
        levels = np.array(metrics["quantized"]["levels"])
        least, greatest = float(weight.min()), float(weight.max())
        allowed = least + (greatest - least) * levels
        for stage in STAGES[1:]:
            assert metrics[stage]["weight_values"][name] == pytest.approx(allowed, abs=2e-5)


def test_the_oracle_shares_no_code_with_what_it_judges():
    for module in ("device_oracle", "network_oracle"):
        tree = ast.parse((Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8"))
        imported = {
            name.split(".")[0]
            for node in ast.walk(tree)
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert imported <= {"dataclasses", "json", "math", "pathlib", "numpy", "torch", "xarray"}
