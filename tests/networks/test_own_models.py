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
    def __init__(self, shape, activation):
        super().__init__(shape, activation)
        self.norm = nn.BatchNorm2d(4)


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


def with_model(networks, name):
    recipe = networks.recipes["plain"].model_copy(update={"model": name})
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
        ("Normalized", "cannot be used: layer norm is a BatchNorm2d, whose"),
        ("Inherited", "cannot be used: layer of the model itself is a Inherited, whose"),
        ("Weightless", "cannot be used: Weightless has no layer with weights"),
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


@pytest.mark.parametrize("name", ["Normalized", "Failing"])
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
