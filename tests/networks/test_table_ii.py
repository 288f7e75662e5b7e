"""examples/table_ii.py, compared with plain NumPy and with the stored result."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
import torch
from helpers.small_campaign import ROOT
from helpers.synthetic import write_neuron

from wallnet import files
from wallnet.networks.model import FullyConnected, Shape

spec = importlib.util.spec_from_file_location("table_ii", ROOT / "examples/table_ii.py")
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)


@pytest.fixture
def model():
    torch.manual_seed(5)
    network = FullyConnected(Shape(3, 4, 5, 6, 0.0), torch.nn.ReLU())
    with torch.no_grad():
        # other ranges in each layer, biases beyond the weights, weights beyond [-1, 1]
        network.hidden.weight.mul_(5.0).add_(0.3)
        network.output.weight.mul_(0.4)
        network.hidden.bias.add_(2.5)
        network.output.bias.sub_(0.7)
    return network


def nearest(values, table):
    return table[np.abs(values[..., None] - table).argmin(axis=-1)]


def expected(layers, how):
    """Quantise by the words of the interpretation: layers are pairs of weights and biases."""
    parameters = [
        np.concatenate([w.ravel(), b]) if how.biases == "on levels" else w.ravel()
        for w, b in layers
    ]
    if how.scale == "network":
        parameters = [np.concatenate(parameters)] * len(layers)
    steps = np.linspace(0.0, 1.0, how.levels)
    for (weights, biases), values in zip(layers, parameters, strict=True):
        if how.mapping == "layer":
            low, high = (-1.0, 1.0) if how.scale == "fixed" else (values.min(), values.max())
            table = low + (high - low) * steps
        else:
            largest = 1.0 if how.scale == "fixed" else np.abs(values).max()
            table = largest * np.concatenate([-steps[:0:-1], steps])
        yield (
            nearest(weights, table),
            (nearest(biases, table) if how.biases == "on levels" else biases),
        )


@pytest.mark.parametrize("mapping", ["layer", "signed"])
@pytest.mark.parametrize("scale", ["layer", "network", "fixed"])
@pytest.mark.parametrize("biases", ["free", "on levels"])
@pytest.mark.parametrize("levels", [4, 5])
def test_an_interpretation_quantises_as_its_words_say(model, mapping, scale, biases, levels):
    how = example.How("0 to 1", 5, mapping, scale, biases, levels)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    network = example.quantized(model, how)
    layers = [
        (layer.weight.detach().numpy(), layer.bias.detach().numpy())
        for layer in (model.hidden, model.output)
    ]
    for layer, (weights, biases) in zip(
        (network.hidden, network.output), expected(layers, how), strict=True
    ):
        np.testing.assert_allclose(layer.weight.detach(), weights, atol=1e-5)
        np.testing.assert_allclose(layer.bias.detach(), biases, atol=1e-5)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def stored():
    return pd.read_csv(ROOT / "docs/results/interpretations.csv")


def test_the_readings_are_those_of_the_stored_result():
    keys = ["images", "epochs", "mapping", "scale", "biases", "levels_10", "levels_5"]
    readings = {(*ten, five.levels) for ten, five in example.readings()}
    assert readings == set(stored()[keys].itertuples(index=False, name=None))
    assert len(readings) == len(example.readings()) == 3456


def test_networks_are_trained_quantised_and_trained_further(networks, place, tmp_path, monkeypatch):
    monkeypatch.setattr(example, "EPOCHS", (1, 2))
    monkeypatch.setattr(example, "LEVELS", (2, 5))
    monkeypatch.setattr(example, "FREE", {"batch_size": 16, "learning_rate": 5e-3})
    record = tmp_path / files.DATA.format(dataset="blots")
    record.parent.mkdir(parents=True)
    record.write_bytes((place / "blots.json").read_bytes())
    neuron = tmp_path / files.COMPACT_MODEL.format(device=networks.neuron)
    neuron.parent.mkdir(parents=True)
    write_neuron(neuron)
    own = networks.model_copy(update={"data_folder": str(place / "data")})
    experiment = example.Experiment(own, tmp_path, "blots", 3)
    accuracies = dict(experiment.quantized())
    free = {how: value for how, value in accuracies.items() if not how.levels}
    assert len(free) == 2 * 2
    assert len(accuracies) == 4 + 2 * 2 * 2 * 3 * 2 * 2
    worst = min(
        (how for how in accuracies if how.levels and how.scale == "layer"), key=accuracies.get
    )
    assert accuracies[worst] < free[worst.free()] - 2
    assert experiment.fine_tuned(worst) > accuracies[worst] + 2
