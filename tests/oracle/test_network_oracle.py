"""The networks of a campaign, compared with the same trainings in plain PyTorch."""

import csv
import json

import network_oracle as oracle
import numpy as np
import pytest
import torch
import xarray
from oracle_campaign import NETWORKS

FREE = (("none", "fp32"), ("none", "continued"))
MAPPINGS = NETWORKS["mappings"]
LEVEL_STAGES = ("quantized", "fine_tuned", "fine_tuned_snapped", "on_levels")
STAGES = (*FREE, *((mapping, stage) for mapping in MAPPINGS for stage in LEVEL_STAGES))
"""Mapping and name of every stage."""

TRAINED = tuple(key for key in STAGES if key[1] not in ("quantized", "fine_tuned_snapped"))
PROGRAMMED = tuple(key for key in STAGES if key not in FREE and key[1] != "fine_tuned")
every_stage = pytest.mark.parametrize("stage", STAGES, ids="-".join)


def folder_of(results, stage):
    mapping, name = stage
    place = "none/none/none" if stage in FREE else f"synapse/parallel/{mapping}"
    return results / f"networks/blots/{place}/plain/{name}/seed-3"


@pytest.fixture(scope="module")
def metrics(results):
    return {s: json.loads((folder_of(results, s) / "metrics.json").read_text()) for s in STAGES}


@pytest.fixture(scope="module")
def conductances(results):
    """Return the conductances of the levels in S, ascending."""
    synapse = json.loads((results / "compact_models/synapse.json").read_text())
    reading = NETWORKS["readings"][0]
    return sorted(
        state["conductance"][reading]
        for state in synapse["levels"]
        if state["stable"] and not state["half"]
    )


@pytest.fixture(scope="module")
def expected(results, conductances):
    neuron = json.loads((results / "compact_models/neuron.json").read_text())
    (quartic,) = neuron["activation"][NETWORKS["neuron_reading"]]["coefficients"]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield oracle.all_stages(results.parent / "data/Blots/raw", NETWORKS, quartic, conductances)
    torch.set_num_threads(threads)


def test_the_trainings_are_as_asymmetric_as_they_should_be(expected):
    """The best epoch is neither the first nor the last, and of two equal ones it is the first."""
    trainings = {stage: expected[stage].training for stage in TRAINED}
    repeated = 0
    for training in trainings.values():
        accuracies = training.accuracies
        assert 1 < training.best_epoch < len(accuracies)
        repeated += accuracies.count(max(accuracies)) > 1
    assert repeated
    limit = NETWORKS["recipes"]["plain"]["fp32"]["weight_limit"]
    for stage in FREE:
        hidden = expected[stage].state[0]
        assert hidden.abs().max() == pytest.approx(limit / hidden.shape[1] ** 0.5, rel=1e-6, abs=0)
    # the fitted scale clips some weights, but is not the least of those that are tried
    trained, snapped = expected["none", "fp32"].state, expected["signed-fitted", "quantized"].state
    for weight, on_level in zip(trained[::2], snapped[::2], strict=True):
        assert 0.15 * weight.abs().max() < on_level.abs().max() < 0.95 * weight.abs().max()


@pytest.mark.parametrize("stage", TRAINED, ids="-".join)
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
    names = [f"model.{layer}.{kind}" for layer in oracle.LAYERS for kind in ("weight", "bias")]
    assert set(state) == set(names)
    for name, values in zip(names, expected[stage].state, strict=True):
        torch.testing.assert_close(state[name], values, rtol=0, atol=2e-5)


@every_stage
def test_every_stage_reads_the_test_images_alike(metrics, expected, stage):
    stage_metrics, stage = metrics[stage], expected[stage]
    assert stage_metrics["confusion_matrix"] == stage.confusion.tolist()
    assert stage_metrics["test_accuracy"] == pytest.approx(stage.test_accuracy, abs=1e-4)
    assert stage_metrics["validation_accuracy"] == pytest.approx(
        stage.validation_accuracy, abs=1e-4
    )


def test_the_table_of_accuracies_holds_every_stage(results, expected):
    with open(results / "tables/accuracy.csv", newline="", encoding="utf-8") as stream:
        rows = {(row["mapping"], row["stage"]): row for row in csv.DictReader(stream)}
    assert set(rows) == set(STAGES)
    for stage, row in rows.items():
        assert row["device"] == ("none" if stage in FREE else "synapse")
        assert row["seed"] == "3"
        assert float(row["test_accuracy"]) == pytest.approx(expected[stage].test_accuracy, abs=6e-3)


def test_the_table_of_gaps_compares_with_the_stages_in_fp32(results, expected):
    with open(results / "tables/accuracy-gaps.csv", newline="", encoding="utf-8") as stream:
        rows = {
            (row["mapping"], row["stage"], row["reference"]): row for row in csv.DictReader(stream)
        }
    pairs = [("quantized", "fp32"), ("on_levels", "continued"), ("on_levels", "fp32")]
    assert set(rows) == {(mapping, *pair) for mapping in MAPPINGS for pair in pairs}
    for (mapping, stage, reference), row in rows.items():
        lost = expected["none", reference].test_accuracy - expected[mapping, stage].test_accuracy
        assert float(row["mean"]) == pytest.approx(lost, abs=1e-4)


def test_the_metrics_say_which_weights_the_levels_allow(metrics, expected, conductances):
    trained = expected["none", "fp32"].state
    shares = np.array(conductances) - conductances[0]
    levels = shares / shares[-1]
    for number, name in enumerate(oracle.LAYERS):
        weight = trained[2 * number]
        least, greatest = float(weight.min()), float(weight.max())
        # every snapped network has the greatest of its allowed magnitudes
        largest = float(expected["signed-fitted", "quantized"].state[2 * number].abs().max())
        allowed = {
            "layer": least + (greatest - least) * levels,
            "signed-fitted": largest * np.concatenate([-levels[:0:-1], levels]),
        }
        for stage in set(STAGES) - set(FREE):
            stage_metrics = metrics[stage]
            assert stage_metrics["levels"] == pytest.approx(levels, abs=1e-6)
            assert stage_metrics["conductances"] == pytest.approx(conductances, rel=1e-12, abs=0)
            assert stage_metrics["weight_values"][name] == pytest.approx(
                allowed[stage[0]], abs=2e-5
            )


@pytest.mark.parametrize("stage", PROGRAMMED, ids="-".join)
def test_every_programming_holds_the_weights_in_siemens(results, expected, conductances, stage):
    """They are computed from the conductances, as someone who measures a chip does."""
    with xarray.open_dataset(folder_of(results, stage) / "programming.nc") as data:
        programmed = data.load()
    plus, minus = programmed["programmed_conductance"].values.T
    assert set(plus[np.isfinite(plus)]) | set(minus[np.isfinite(minus)]) == set(conductances)
    span = conductances[-1] - conductances[0]
    if stage[0] == "layer":
        assert np.isnan(minus).all()
        entries = (plus - conductances[0]) / span
    else:
        assert (np.minimum(plus, minus) == conductances[0]).all()
        entries = (plus - minus) / span
    for number in range(len(oracle.LAYERS)):
        weight, bias = expected[stage].state[2 * number : 2 * number + 2]
        weights = programmed["weight_layer"].values == number
        outputs = programmed["output_layer"].values == number
        offset, scale = (
            programmed[key].values[outputs].astype(float)
            for key in ("weight_offset", "weight_scale")
        )
        rows = programmed["weight_row"].values[weights]
        columns = programmed["weight_column"].values[weights]
        computed = np.full(weight.shape, np.nan)
        computed[rows, columns] = offset[rows] + scale[rows] * entries[weights]
        np.testing.assert_allclose(computed, weight.numpy(), rtol=0, atol=2e-5)
        assert programmed["output_row"].values[outputs].tolist() == list(range(len(bias)))
        np.testing.assert_allclose(
            programmed["bias"].values[outputs], bias.numpy(), rtol=0, atol=2e-5
        )
