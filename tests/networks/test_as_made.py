"""Evaluation of finished networks as made: the file of all draws, against NumPy."""

import numpy as np
import pytest
import torch
from helpers.made import imperfections
from helpers.synthetic import one_sentence

from wallnet import files
from wallnet.config.imperfections import AsMade
from wallnet.files import FileError
from wallnet.jobs.networks import AsMadeJob
from wallnet.networks import as_made, storage
from wallnet.networks.imperfections import generator_of

QUIET = dict.fromkeys(("disturb", "retention", "wires", "neurons", "converters", "stuck"))


def evaluated(results, images, folder, device=None, **settings):
    """Evaluate the network that was trained on levels; return the file and its metrics."""
    metrics, checkpoint = results["on_levels"]
    programming = str(checkpoint).replace("best.ckpt", "programming.nc")
    levels = files.read_dataset(programming, "programming")["usable_conductance"].values
    own = device or of_levels(levels, metrics["reading"])
    files.write_dataset(own.data, folder / "known.nc", "imperfections", {"sources": "{}"})
    job = AsMadeJob(
        **{name: metrics[name] for name in ("dataset", "device", "reading", "mapping", "recipe")},
        seed=metrics["seed"],
        model="dense",
        validation_fraction=0.1,
        threads=1,
        stage="on_levels",
        causes=AsMade.model_validate({"curves": {}, **QUIET, **settings}),
    )
    out = folder / "out.nc"
    as_made.evaluate(job, images, checkpoint, programming, folder / "known.nc", out)
    return files.read_dataset(out, "as_made"), metrics, checkpoint, programming


def of_levels(levels, reading, **changes):
    """Return the imperfections of a device with some levels; each pulse may miss its level."""
    count = len(levels)
    shares = np.zeros((1, count, count, count), int)
    for level in range(1, count):
        shares[0, 0, level, [level - 1, level]] = [1, 9]
    values = {
        "is_level": np.ones(count, int),
        "state_conductance": [levels],
        "level_spread": np.zeros(count),
        "cycle_spread": np.full(count, 0.02),
        "read_noise": np.zeros(count),
        "gain_spread": 0.05,
        "landing_count": shares,
        "write_current_density": np.full(count, np.nan),
        "write_duration": np.full(count, np.nan),
        "half_select": np.zeros(count, int),
        "escape_barrier": np.full((1, 2, count, count), np.nan),
        "readout": [reading],
        "device_state": [f"level {k}" for k in range(count)],
        "start_state": [f"level {k}" for k in range(count)],
        "write_pulse": np.arange(count),
    }
    return imperfections(**values | changes)


def test_the_network_on_its_levels_has_the_accuracy_of_its_metrics(results, images, tmp_path):
    data, metrics, *_ = evaluated(results, images, tmp_path, draws=1)
    assert float(data["clean_accuracy"]) == metrics["test_accuracy"]
    assert data["cause"].values.tolist() == [
        *("all", "programming", "device_to_device", "cycle_to_cycle", "read_noise")
    ]
    assert int(data.attrs["seed"]) == metrics["seed"]
    assert data.attrs["device"] == metrics["device"]
    # without read noise nothing changes
    assert float(data["as_made_accuracy"][4, 0]) == pytest.approx(metrics["test_accuracy"], abs=0.6)


def test_accuracies_are_those_of_an_evaluation_in_numpy(results, images, tmp_path):
    """Writing, devices and cycles, by hand from the same random numbers."""
    data, metrics, checkpoint, programming = evaluated(results, images, tmp_path, draws=3)
    table = files.read_dataset(programming, "programming")
    levels, usable = table["programmed_level"].values, table["usable_conductance"].values
    network = storage.load_network(checkpoint, "dense")
    shown = images.test_images.reshape(len(images.test_images), -1) / np.float32(255)
    for draw in range(3):
        seed, count = metrics["seed"], len(usable)
        present = levels >= 0
        # the devices are all the same one
        generator_of(seed, draw, "device")
        uniform = generator_of(seed, draw, "programming").random(present.sum())
        missed = (uniform < 0.1) & (levels[present] > 0)
        states = levels.copy()
        states[present] -= missed
        conductance = np.where(present, usable[states], np.nan)
        devices = generator_of(seed, draw, "device_to_device")
        conductance = conductance * (1 + 0.05 * devices.standard_normal(levels.shape))
        cycles = generator_of(seed, draw, "cycle_to_cycle").standard_normal(levels.shape)
        conductance = np.maximum(conductance * (1 + 0.02 * cycles), 0.0)
        normalised = (conductance - usable[0]) / (usable[-1] - usable[0])
        entry = normalised[:, 0] - np.where(present[:, 1], normalised[:, 1], 0.0)
        values = shown
        for layer in range(2):
            own, outputs = (table[f"{kind}_layer"].values == layer for kind in ("weight", "output"))
            offset, scale, bias = (
                table[name].values[outputs] for name in ("weight_offset", "weight_scale", "bias")
            )
            matrix = offset[:, None] + scale[:, None] * entry[own].reshape(outputs.sum(), -1)
            values = values @ matrix.T + bias
            if not layer:
                with torch.no_grad():
                    hidden = torch.from_numpy(values.astype(np.float32))
                    values = network.model.activation(hidden).numpy()
        accuracy = 100 * (values.argmax(axis=1) == images.test_labels).mean()
        # a borderline image may fall to the other side by rounding
        assert float(data["as_made_accuracy"][0, draw]) == pytest.approx(accuracy, abs=0.51)
        assert count == 6


def test_draws_of_a_case_and_of_a_curve_are_those_that_are_asked_for(results, images, tmp_path):
    curves = {"programming.attempts": [2, 5], "wires.resistance": [3.0]}
    data, *_ = evaluated(
        results, images, tmp_path, draws=3, curve_draws=2, curves=curves,
        cycle_to_cycle={"draws": 1},
    )  # fmt: skip
    counts = np.isfinite(data["as_made_accuracy"].values).sum(axis=1)
    rows = zip(
        data["cause"].values, data["varied_key"].values, data["varied_value"].values, counts,
        strict=True,
    )  # fmt: skip
    assert [(str(a), str(b), None if np.isnan(c) else float(c), int(n)) for a, b, c, n in rows] == [
        ("all", "", None, 1),
        ("programming", "", None, 3),
        ("device_to_device", "", None, 3),
        ("cycle_to_cycle", "", None, 1),
        ("read_noise", "", None, 3),
        # wires do not act in this set
        ("programming", "attempts", 2.0, 2),
        ("programming", "attempts", 5.0, 2),
    ]


def test_a_file_of_other_levels_is_refused(results, images, tmp_path):
    with pytest.raises(FileError) as caught:
        evaluated(results, images, tmp_path, of_levels(np.linspace(1e-5, 2e-5, 6), "series"))
    one_sentence(caught, "known.nc has other levels than the network", "give the file of")
    with pytest.raises(FileError) as caught:
        metrics = results["on_levels"][0]
        own = of_levels(np.linspace(1e-5, 2e-5, 6), metrics["reading"], cycle_spread=[np.nan] * 6)
        evaluated(results, images, tmp_path, own)
    one_sentence(caught, "known.nc lacks cycle_spread of a level")
