"""A model of the user, named ``module:Class``, in the folder of the campaign or on PYTHONPATH."""

import importlib
import sys

import pytest
import torch
from helpers.synthetic import one_sentence
from helpers.training import free, on_levels, outputs, programming, trained_on, with_recipe

from wallnet import files
from wallnet.config import ConfigError
from wallnet.files import FileError
from wallnet.jobs import mapping_job, training_job
from wallnet.jobs.code import code_of
from wallnet.networks import stages, storage
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


class Deciding(Normalized):
    def forward(self, images):
        return super().forward(images if images.sum() > 0 else -images)


class Binary(Strided):
    def forward(self, images):
        return super().forward(images)[:, :2]


class Flat(Strided):
    def forward(self, images):
        return super().forward(images.flatten(1))


class Inherited(nn.Linear):
    def __init__(self, shape, activation):
        super().__init__(shape.rows * shape.columns, shape.classes)

    def forward(self, images):
        return super().forward(images.flatten(1))


class Weightless(nn.Module):
    def __init__(self, shape, activation):
        super().__init__()

    def forward(self, images):
        return images.flatten(1)[:, :4]


class Listed(Strided):
    def forward(self, images):
        return [super().forward(images)]


class Narrow(nn.Module):
    def __init__(self, shape):
        super().__init__()


class Failing(Strided):
    def __init__(self, shape, activation):
        raise RuntimeError("no memory\\nfor 3 layers")


class Plain:
    def __init__(self, shape, activation):
        pass


def function(shape, activation):
    return Strided(shape, activation)
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


def test_a_model_of_ones_own_goes_through_every_stage(networks, images, place, tmp_path, own):
    name = own("Strided")
    campaign = with_model(networks, name)
    metrics, start = free(campaign, images, place, tmp_path)
    record = files.read_json(metrics)
    assert record["test_accuracy"] > 50.0  # chance level is 25
    assert record["parameters"]["model"] == name
    assert record["parameters"]["model_code"].startswith("source ")
    assert set(record["weights"]) == {"kernels", "last"}
    written = {"continued": trained_on(campaign, images, start, tmp_path)}
    written |= on_levels(campaign, images, place, start, tmp_path, "signed-row")
    state = torch.load(start, weights_only=True)["state_dict"]
    assert {key: tuple(value.shape) for key, value in state.items()} == {
        "model.kernels.weight": (4, 1, 4, 4),
        "model.kernels.bias": (4,),
        "model.last.weight": (4, 36),
        "model.last.bias": (4,),
    }
    for stage, (_, checkpoint) in written.items():
        network = storage.load_network(checkpoint, name)
        assert type(network.model).__name__ == "Strided"
        if stage in ("quantized", "fine_tuned_snapped", "on_levels"):
            assert programming(checkpoint).exists()
            for layer in (network.model.kernels, network.model.last):
                # 11 values in each output: 6 levels on either side of 0
                assert all(len(row.unique()) <= 11 for row in layer.weight.flatten(1))


def test_a_model_of_ones_own_has_the_measured_neuron(networks, images, place, tmp_path, own):
    _, start = free(with_model(networks, own("Strided")), images, place, tmp_path)
    model = storage.load_network(start, own("Strided")).model
    z = torch.linspace(-2, 12, 50)
    share = (z / networks.input_range).clamp(0, 1)
    curve = 1.3 * share - 0.4 * share**2 + 0.2 * share**3 - 0.1 * share**4
    torch.testing.assert_close(model.activation(z), curve * networks.input_range)


def test_the_package_has_a_convolutional_model(networks, images, place, tmp_path):
    campaign = with_model(networks, "convolutional")
    metrics, start = free(campaign, images, place, tmp_path)
    layers = ["first", "second", "third", "fourth", "output"]
    assert set(files.read_json(metrics)["weights"]) == set(layers)
    written = on_levels(
        with_recipe(campaign, fine_tuned=None, on_levels=None), images, place, start, tmp_path
    )
    record = files.read_json(written["quantized"][0])
    assert set(record["circuits"]) == set(layers)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Inherited", "cannot be used: Inherited has no layer whose weights are synapses"),
        ("Weightless", "cannot be used: Weightless has no layer whose weights are synapses"),
        ("Binary", "cannot be used: it returns (2, 2) for (2, 1, 8, 8), not (2, 4)"),
        ("Flat", "cannot be used: "),
        ("Listed", "cannot be used: "),
        ("Narrow", "cannot be used: "),
        ("Failing", "cannot be used: no memory for 3 layers"),
        ("Plain", "has no class Plain that derives from torch.nn.Module; it has Strided, "),
        ("function", "has no class function that derives from torch.nn.Module"),
        ("Missing", "has no class Missing that derives from torch.nn.Module"),
    ],
)
def test_an_unusable_model_is_refused_before_training(
    networks, images, place, tmp_path, own, capsys, name, part
):
    campaign = with_model(networks, own(name))
    with pytest.raises(ConfigError) as caught:
        free(campaign, images, place, tmp_path / "networks")
    one_sentence(caught, f"model own_models:{name}", part)
    assert "epoch" not in capsys.readouterr().out
    assert not (tmp_path / "networks").exists()


@pytest.mark.parametrize(
    ("name", "keys", "part"),
    [
        ("Normalized", {"layers": ("kernel",)}, "'kernel', which the model does not have (did you"),
        ("Normalized", {"layers": ("norm",)}, "layer norm is a BatchNorm2d, which has no matrix"),
        ("Strided", {"fold_batch_norm": True}, "Strided has no batch normalisation that follows"),
        ("Deciding", {"fold_batch_norm": True}, "torch.fx cannot follow the model"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_before_training(
    networks, images, place, tmp_path, own, capsys, name, keys, part
):
    campaign = with_model(networks, own(name), **keys)
    with pytest.raises(ConfigError) as caught:
        free(campaign, images, place, tmp_path / "networks")
    one_sentence(caught, f"networks.recipes.plain.model own_models:{name}", part)
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
    campaign = with_model(networks, own("Normalized"))
    written = every_level_stage(campaign, images, place, tmp_path)
    said = "plain: these layers stay digital: norm (BatchNorm2d), slope (PReLU)\n"
    assert capsys.readouterr().out.count(said) == 1
    for metrics, checkpoint in written.values():
        record = files.read_json(metrics)
        assert record["layers"] == ["kernels", "last"]
        assert record["digital_layers"] == {"norm": "BatchNorm2d", "slope": "PReLU"}
        storage.load_network(checkpoint, own("Normalized"))
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


@pytest.mark.parametrize("name", ["Failing"])
def test_the_message_names_the_recipe(networks, images, place, tmp_path, own, name):
    with pytest.raises(ConfigError, match=r"networks\.recipes\.plain\.model own_models"):
        free(with_model(networks, own(name)), images, place, tmp_path)


def test_a_module_that_cannot_be_imported_is_refused(networks, images, place, tmp_path, own):
    (tmp_path / "modules/torn_models.py").write_text("import no_such_module_at_all\n")
    importlib.invalidate_caches()
    with pytest.raises(ConfigError) as caught:
        free(with_model(networks, "torn_models:Model"), images, place, tmp_path)
    one_sentence(caught, "module torn_models cannot be imported", "no_such_module_at_all")


def test_the_check_of_a_model_draws_no_random_numbers(
    results, networks, images, place, tmp_path, monkeypatch
):
    monkeypatch.setattr(stages, "_check_model", lambda network, data: None)
    _, checkpoint = free(networks, images, place, tmp_path)
    assert checkpoint.read_bytes() == results["fp32"][1].read_bytes()


def test_the_check_of_a_model_leaves_it_in_training(networks, images, place, tmp_path, monkeypatch):
    """Otherwise dropout would not act."""
    modes = []

    def fit(run, stage, network, *beside, **more):
        modes.extend(module.training for module in network.modules())
        return network

    monkeypatch.setattr(stages.Run, "train", fit)
    free(with_recipe(networks, fp32={"dropout": 0.5}), images, place, tmp_path)
    assert modes
    assert all(modes)


def test_an_edit_of_the_model_is_part_of_its_jobs(networks, tmp_path, own):
    campaign = with_model(networks, own("Strided"))

    def told():
        importlib.invalidate_caches()
        code_of.cache_clear()
        jobs = (
            training_job(campaign, "blots", "plain", 3),
            mapping_job(campaign, "blots", "synapse", "series", 3),
        )
        return tuple(job.to_json() for job in jobs)

    source = tmp_path / "modules/own_models.py"
    before = told()
    assert all('"model_code":"source ' in text for text in before)
    source.write_text(MODULE + "\n# a remark\n")
    assert told() == before
    source.write_text(MODULE.replace("stride=2", "stride=1"))
    assert all(now != then for now, then in zip(told(), before, strict=True))
    # a model of the package has a revision
    for name in ("dense", "convolutional"):
        job = training_job(with_model(networks, name), "blots", "plain", 3)
        assert job.model_code is None
        assert "model_code" not in job.to_json()


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


def test_a_network_does_not_fit_an_edited_model(networks, images, place, tmp_path, own):
    name = own("Strided")
    _, start = free(with_model(networks, name), images, place, tmp_path)
    sys.modules.pop("own_models")
    (tmp_path / "modules/own_models.py").write_text(MODULE.replace("Conv2d(1, 4,", "Conv2d(1, 5,"))
    importlib.invalidate_caches()
    with pytest.raises(FileError) as caught:
        storage.load_network(start, name)
    one_sentence(caught, str(start), "size mismatch")
    assert outputs(tmp_path, "fp32")[1] == start
