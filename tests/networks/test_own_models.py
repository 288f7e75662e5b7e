"""A model of the user, named ``module:Class``, in the folder of the campaign or on PYTHONPATH."""

import importlib
import sys

import pytest
import torch
from helpers.synthetic import one_sentence
from helpers.training import free, on_levels, programming, trained_on, with_recipe

from wallnet import files
from wallnet.config import ConfigError
from wallnet.jobs.code import code_of
from wallnet.networks import storage
from wallnet.networks.programming import restore

MODULE = '''
import torch
from torch import nn


class Strided(nn.Module):
    """One convolution and one layer, the neuron between them."""

    def __init__(self, shape, activation):
        super().__init__()
        self.kernels = nn.Conv2d(1, 4, 4, stride=2)
        self.activation = activation
        rows, columns = ((size - 4) // 2 + 1 for size in (shape.rows, shape.columns))
        self.last = nn.Linear(4 * rows * columns, shape.classes)

    def forward(self, images):
        return self.last(self.activation(self.kernels(images)).flatten(1))


class Normalized(Strided):
    """With a batch normalisation of the kernels, which have no bias, and a PReLU."""

    def __init__(self, shape, activation):
        super().__init__(shape, activation)
        self.kernels = nn.Conv2d(1, 4, 4, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.slope = nn.PReLU()

    def forward(self, images):
        maps = self.norm(self.kernels(images))
        return self.last(self.activation(self.slope(maps)).flatten(1))


class Binary(Strided):
    def forward(self, images):
        return super().forward(images)[:, :2]


class Weightless(nn.Module):
    def __init__(self, shape, activation):
        super().__init__()

    def forward(self, images):
        return images.flatten(1)[:, :4]


class Failing(Strided):
    def __init__(self, shape, activation):
        raise RuntimeError("no memory\\nfor 3 layers")


class Plain:
    def __init__(self, shape, activation):
        pass
'''


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Return a function that names a class of a module which this process finds."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "own_models.py").write_text(MODULE)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # it is edited within a second
    importlib.invalidate_caches()
    code_of.cache_clear()
    yield lambda name: f"own_models:{name}"
    sys.modules.pop("own_models", None)
    code_of.cache_clear()


def with_model(networks, name, **keys):
    recipe = networks.recipes["plain"].model_copy(update={"model": name, **keys})
    return networks.model_copy(update={"recipes": {"plain": recipe}})


@pytest.mark.parametrize(
    ("name", "keys", "part"),
    [
        ("Weightless", {}, "cannot be used: Weightless has no layer whose weights are synapses"),
        ("Binary", {}, "cannot be used: it returns (2, 2) for (2, 1, 8, 8), not (2, 4)"),
        ("Failing", {}, "cannot be used: no memory for 3 layers"),
        ("Plain", {}, "has no class Plain that derives from torch.nn.Module; it has Strided, "),
        (
            "Normalized",
            {"layers": ("kernel",)},
            "'kernel', which is not the name or the",
        ),
        ("Strided", {"fold_batch_norm": True}, "Strided has no batch normalisation that follows"),
    ],
)
def test_an_unusable_model_is_refused_before_training(
    networks, images, place, tmp_path, own, capsys, name, keys, part
):
    campaign = with_model(networks, own(name), **keys)
    with pytest.raises(ConfigError) as caught:
        free(campaign, images, place, tmp_path / "networks")
    if name != "Plain":  # a class is loaded for all recipes
        assert "networks.recipes.plain" in str(caught.value)
    one_sentence(caught, f"model own_models:{name}", part)
    assert "epoch" not in capsys.readouterr().out
    assert not (tmp_path / "networks").exists()


def every_level_stage(campaign, images, place, tmp_path):
    metrics, start = free(campaign, images, place, tmp_path)
    written = {"fp32": (metrics, start)}
    written["continued"] = trained_on(campaign, images, start, tmp_path)
    return written | on_levels(campaign, images, place, start, tmp_path, "signed")


def parameters(checkpoint):
    return torch.load(checkpoint, weights_only=True)["state_dict"]


def test_layers_that_are_no_synapses_stay_digital_and_are_listed(
    networks, images, place, tmp_path, own, capsys
):
    name = own("Normalized")
    campaign = with_model(networks, name)
    written = every_level_stage(campaign, images, place, tmp_path)
    said = "plain: these layers stay digital: norm (BatchNorm2d), slope (PReLU)\n"
    assert capsys.readouterr().out.count(said) == 1
    for metrics, checkpoint in written.values():
        record = files.read_json(metrics)
        assert record["layers"] == ["kernels", "last"]
        assert record["digital_layers"] == {"norm": "BatchNorm2d", "slope": "PReLU"}
        assert record["parameters"]["model"] == name
        assert record["parameters"]["model_code"].startswith("source ")
        network = storage.load_network(checkpoint, name)
        assert type(network.model).__name__ == "Normalized"
    # between the layers is the measured neuron
    z = torch.linspace(-2, 12, 50)
    share = (z / networks.input_range).clamp(0, 1)
    curve = 1.3 * share - 0.4 * share**2 + 0.2 * share**3 - 0.1 * share**4
    torch.testing.assert_close(network.model.activation(z), curve * networks.input_range)
    start, placed = (parameters(written[stage][1]) for stage in ("fp32", "quantized"))
    digital = [name for name in start if "norm" in name or "slope" in name or "bias" in name]
    assert len(digital) == 7
    assert all(torch.equal(start[name], placed[name]) for name in digital)
    trained = parameters(written["on_levels"][1])
    # below 0 the neuron has no slope, so that of the PReLU is not trained
    trainable = [name for name in digital if "slope" not in name]
    assert all(not torch.equal(start[name], trained[name]) for name in trainable)
    for state in (placed, trained):
        # ± 5 levels and 0
        assert all(len(state[f"model.{name}.weight"].unique()) <= 11 for name in record["layers"])


def test_a_batch_normalisation_is_folded_after_the_training(networks, images, place, tmp_path, own):
    name = own("Normalized")
    plain, _ = free(with_model(networks, name), images, place, tmp_path / "plain")
    campaign = with_model(networks, name, fold_batch_norm=True)
    written = every_level_stage(campaign, images, place, tmp_path)
    before, after = (files.read_json(path) for path in (plain, written["fp32"][0]))
    assert before["training_curve"] == after["training_curve"]
    # images at a boundary between two classes may change by rounding
    assert before["test_accuracy"] == pytest.approx(after["test_accuracy"], abs=1.0)
    for metrics, checkpoint in written.values():
        assert files.read_json(metrics)["digital_layers"] == {"slope": "PReLU"}
        network = storage.load_network(checkpoint, name)
        assert set(network.state_dict()) == {
            "model.kernels.weight",
            "model.kernels.bias",
            "model.slope.weight",
            "model.last.weight",
            "model.last.bias",
        }
    states = [parameters(written[stage][1]) for stage in ("fp32", "continued", "on_levels")]
    for state in states[1:]:
        assert not torch.equal(state["model.kernels.bias"], states[0]["model.kernels.bias"])
    network, restored = (storage.load_network(written["on_levels"][1], name) for _ in range(2))
    for layer in (restored.model.kernels, restored.model.last):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    restore(programming(written["on_levels"][1]), restored.model)
    pixels = torch.rand(4, 1, 8, 8)
    assert torch.equal(network(pixels), restored(pixels))


def test_only_the_chosen_layers_go_on_the_levels(networks, images, place, tmp_path, own):
    campaign = with_model(networks, own("Normalized"), layers=("Linear",))
    campaign = with_recipe(campaign, fp32={"weight_limit": 0.5})
    written = every_level_stage(campaign, images, place, tmp_path)
    for metrics, _ in written.values():
        assert files.read_json(metrics)["layers"] == ["last"]
        assert "kernels" in files.read_json(metrics)["digital_layers"]
    state = parameters(written["on_levels"][1])
    assert len(state["model.last.weight"].unique()) <= 11
    assert len(state["model.kernels.weight"].unique()) > 40
    # the limit is that of weights on the levels
    state = parameters(written["fp32"][1])
    assert state["model.last.weight"].abs().max() <= 0.5 / 36**0.5 * (1 + 1e-6)
    assert state["model.kernels.weight"].abs().max() > 0.5 / 16**0.5
    restored = storage.load_network(written["quantized"][1], own("Normalized")).model
    restore(programming(written["quantized"][1]), restored, layers=("Linear",))


def test_a_trained_network_says_whose_model_is_missing(
    networks, images, place, tmp_path, own, monkeypatch
):
    """The checkpoint is not at fault, and is not computed again."""
    folder = tmp_path / "results/networks"
    name = own("Strided")
    _, start = free(with_model(networks, name), images, place, folder)
    sys.modules.pop("own_models")
    (tmp_path / "modules/own_models.py").write_text("import no_such_module_at_all\n")
    importlib.invalidate_caches()
    with pytest.raises(ConfigError) as caught:
        storage.load_network(start, name)
    one_sentence(caught, name, "cannot be imported")
    assert files.find_damaged(tmp_path) == {}
