"""Studies of mappings and of the paper's quantisation, compared with plain NumPy and PyTorch."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.synthetic import one_sentence, write_neuron
from helpers.training import start_from
from torch.nn.functional import cross_entropy

from wallnet import files
from wallnet.config import ConfigError
from wallnet.config.networks import Interpretation, Interpretations, Training
from wallnet.jobs.networks import comparison_job, interpretation_job
from wallnet.networks import batches, storage, studies
from wallnet.networks.batches import ImageData
from wallnet.networks.model import FullyConnected, Shape
from wallnet.networks.studies import quantized


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
    told = [
        np.concatenate([w.ravel(), b]) if how.biases == "on levels" else w.ravel()
        for w, b in layers
    ]
    if how.scale == "network":
        told = [np.concatenate(told)] * len(layers)
    steps = np.linspace(0.0, 1.0, how.levels)
    for (weights, biases), values in zip(layers, told, strict=True):
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
    how = Interpretation("0 to 1", 5, mapping, scale, biases, levels)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = quantized(model, how)
    layers = [
        (layer.weight.detach().numpy(), layer.bias.detach().numpy())
        for layer in (model.hidden, model.output)
    ]
    for layer, (weights, biases) in zip(
        (found.hidden, found.output), expected(layers, how), strict=True
    ):
        np.testing.assert_allclose(layer.weight.detach(), weights, atol=1e-5)
        np.testing.assert_allclose(layer.bias.detach(), biases, atol=1e-5)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_all_combinations_are_tried_once():
    given = Interpretations(epochs=(5, 10), levels=(4, 6, 11))
    found = given.combinations()
    assert len(found) == len(set(found)) == 2 * 2 * 2 * 3 * 2 * 3


# Runs on small images

SEED = 3
HELD_OUT = 60
"""Validation images: a tenth of 600."""

LAYERS = ("hidden", "output")
TRAINING = {"epochs": 2, "batch_size": 16, "learning_rate": 5e-3}
NAMES = ("layer", "signed-3sd")
CENTRED = {"0 to 1": False, "-1 to 1": True}


def inputs(grey, centred=False):
    """Return images as rows of numbers from 0 or -1 to 1."""
    values = torch.from_numpy(grey.reshape(len(grey), -1).astype(np.float32)) / 255.0
    return 2.0 * values - 1.0 if centred else values


def logits(weights, values):
    """Return the output of the network; its activation is that of `helpers.synthetic`."""
    (first, first_bias), (second, second_bias) = weights
    drive = values @ first.T + first_bias
    x = (drive / 10.0).clamp(0.0, 1.0)
    hidden = torch.where(drive > 0, 10.0 * (1.3 * x - 0.4 * x**2 + 0.2 * x**3 - 0.1 * x**4), 0.0)
    return hidden @ second.T + second_bias


def accuracy(weights, values, labels):
    right = logits(weights, values).argmax(dim=1).numpy() == labels
    return 100.0 * right.mean()


def layers_of(state):
    return [(state[f"model.{name}.weight"], state[f"model.{name}.bias"]) for name in LAYERS]


def parts(images):
    """Return the indices of the validation images and those of the training images."""
    order = torch.randperm(600, generator=torch.Generator().manual_seed(SEED)).numpy()
    return order[:HELD_OUT], order[HELD_OUT:]


def trained(weights, images, epochs, centred=False, rate=5e-3):
    """Train with Adam and free weights; return the weights after the last epoch."""
    _, chosen = parts(images)
    values = inputs(images.training_images[chosen], centred)
    labels = torch.from_numpy(images.training_labels[chosen].astype(np.int64))
    weights = [tuple(part.clone().requires_grad_() for part in layer) for layer in weights]
    adam = torch.optim.Adam([part for layer in weights for part in layer], lr=rate)
    order = torch.Generator().manual_seed(SEED)
    for _ in range(epochs):
        for batch in torch.randperm(len(labels), generator=order).split(16):
            adam.zero_grad()
            cross_entropy(logits(weights, values[batch]), labels[batch]).backward()
            adam.step()
    return [tuple(part.detach() for part in layer) for layer in weights]


def initial():
    torch.manual_seed(SEED)
    made = torch.nn.Linear(64, 12), torch.nn.Linear(12, 4)
    return [(layer.weight.detach(), layer.bias.detach()) for layer in made]


def as_arrays(weights):
    return [tuple(part.numpy() for part in layer) for layer in weights]


def as_tensors(layers):
    return [tuple(torch.from_numpy(np.asarray(part, np.float32)) for part in o) for o in layers]


def with_interpretations(networks, **changes):
    # the longest training is not the last
    settings = {"epochs": (2, 1), "levels": (2, 5), "training": Training(**TRAINING)}
    given = Interpretations(**settings | {"seeds": (3, 4)} | changes)
    return networks.model_copy(update={"interpretations": given})


@pytest.fixture(scope="module")
def job(networks):
    return interpretation_job(with_interpretations(networks), "blots", SEED)


@pytest.fixture(scope="module")
def interpreted(job, place, tmp_path_factory):
    """Return a folder with the result and the weights of `interpret`."""
    from wallnet.networks import images

    folder = tmp_path_factory.mktemp("interpreted")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        data = images.load(place / "blots.json", place / "data")
        studies.interpret(job, data, place / "neuron.json", "out.json", "free.ckpt")
    return folder


@pytest.fixture
def rows(interpreted):
    found = json.loads((interpreted / "out.json").read_text())
    return {
        Interpretation(**{key: row[key] for key in Interpretation._fields}): row["test_accuracy"]
        for row in found["rows"]
    }


@pytest.fixture
def weights(interpreted):
    stored = torch.load(interpreted / "free.ckpt", weights_only=True)["weights"]
    return {
        (name, epochs): layers_of(state)
        for name, by_epochs in stored.items()
        for epochs, state in by_epochs.items()
    }


def test_nothing_but_the_outputs_is_written(interpreted):
    """Lightning would by itself write checkpoints in the current folder."""
    found = {path.name for path in interpreted.rglob("*")}
    assert found == {"out.json", "free.ckpt"}


@pytest.mark.parametrize("name", CENTRED)
@pytest.mark.parametrize("epochs", [1, 2])
def test_the_free_network_is_that_of_plain_training_on_its_images(images, weights, name, epochs):
    """The weights are those after so many epochs of one training, whichever epoch was the best."""
    expected = trained(initial(), images, epochs, CENTRED[name])
    for found, layer in zip(weights[name, epochs], expected, strict=True):
        for part, values in zip(found, layer, strict=True):
            torch.testing.assert_close(part, values, rtol=1e-4, atol=1e-5)


def test_accuracies_are_measured_without_dropout(images, monkeypatch):
    """In several batches, the last of which is smaller."""
    monkeypatch.setattr(batches, "EVALUATION_BATCH", 64)
    torch.manual_seed(3)
    size, classes = images.test_images[0].size, len(images.classes)
    model = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Dropout(0.9), torch.nn.Linear(size, classes)
    )
    weight, bias = (each.detach().numpy() for each in model[2].parameters())
    values = images.test_images.reshape(len(images.test_labels), -1) / 255
    right = (values @ weight.T + bias).argmax(axis=1) == images.test_labels
    found = studies._accuracy(model.train(), ImageData(images, 0.1, seed=3))
    assert found == pytest.approx(100 * right.mean(), rel=1e-9, abs=0)


def test_accuracies_are_those_of_the_written_weights_on_the_test_images(images, rows, weights):
    hows = [(*choice, "", "", "", 0) for choice in weights]
    hows += [
        (*choice, *more)
        for choice in weights
        for more in itertools.product(
            *(("layer", "signed"), ("layer", "network", "fixed"), ("free", "on levels"), (2, 5))
        )
    ]
    assert sorted(rows) == sorted(Interpretation(*how) for how in hows)
    for how, found in rows.items():
        layers = weights[how.images, how.epochs]
        if how.levels:
            layers = as_tensors(expected(as_arrays(layers), how))
        values = inputs(images.test_images, CENTRED[how.images])
        assert found == pytest.approx(accuracy(layers, values, images.test_labels), abs=1e-9), how
    # other networks than the free one, and not all the same
    assert len({round(value, 6) for value in rows.values()}) > 10


CHOSEN = (Interpretation("0 to 1", 1, "layer", "layer", "free", 2),)


@pytest.fixture
def worst(rows):
    """Return the combination with the lowest accuracy for each range of the images.

    With a fixed scale and few levels all weights are 0, and rounding decides the accuracy. One
    epoch is another number than that of the fine-tuning.
    """
    quantised = [how for how in rows if how.levels and how.scale != "fixed" and how.epochs == 1]
    return [min((h for h in quantised if h.images == name), key=rows.get) for name in CENTRED]


def tuned(job, images, place, interpreted, folder, rows=None, weights=None):
    """Fine-tune; return the accuracies by combination."""
    chosen, out = folder / "chosen.json", folder / "tuned.json"
    if rows is None:
        rows = [how._asdict() for how in CHOSEN]
    files.write_json({"chosen": rows}, chosen)
    weights = weights or interpreted / "free.ckpt"
    studies.fine_tune(job, images, place / "neuron.json", weights, chosen, out)
    found = json.loads(out.read_text())
    assert (found["kind"], found["dataset"], found["seed"]) == ("interpretations", "blots", SEED)
    return {
        Interpretation(**{key: row[key] for key in Interpretation._fields}): row["test_accuracy"]
        for row in found["rows"]
    }


def test_fine_tuning_trains_the_quantised_network_on_with_free_weights(
    networks, images, place, interpreted, weights, worst, rows, tmp_path, monkeypatch
):
    """The epochs are those of the settings, from the quantised weights; no file but one changes."""
    monkeypatch.chdir(tmp_path)
    before = (interpreted / "free.ckpt").read_bytes()
    training = Training(**TRAINING | {"learning_rate": 5e-4})
    job = interpretation_job(with_interpretations(networks, training=training), "blots", SEED)
    found = tuned(job, images, place, interpreted, tmp_path, [how._asdict() for how in worst])
    assert set(found) == set(worst)
    for how in worst:
        centred = CENTRED[how.images]
        start = as_tensors(expected(as_arrays(weights[how.images, how.epochs]), how))
        after = trained(start, images, 2, centred, rate=5e-4)
        values = inputs(images.test_images, centred)
        # rounding may turn one of 200 images; each epoch reads more of them
        reached = accuracy(after, values, images.test_labels)
        assert found[how] == pytest.approx(reached, abs=0.51), how
        assert found[how] > rows[how] + 2.0
    assert (interpreted / "free.ckpt").read_bytes() == before
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"chosen.json", "tuned.json"}


def test_fine_tuning_starts_from_the_levels(
    networks, images, place, interpreted, rows, worst, tmp_path
):
    """A learning rate of nearly 0 leaves the quantised accuracies, not those of free weights."""
    slow = Training(**TRAINING | {"epochs": 1, "learning_rate": 1e-7})
    job = interpretation_job(with_interpretations(networks, training=slow), "blots", SEED)
    chosen = [how._asdict() for how in worst]
    for how, found in tuned(job, images, place, interpreted, tmp_path, chosen).items():
        assert found == pytest.approx(rows[how], abs=1e-9)
        assert found < rows[Interpretation(how.images, how.epochs, "", "", "", 0)] - 2.0


def test_settings_of_the_training_hold(networks, images, place, weights, tmp_path):
    """Shift and dropout change the weights, and a shift of another data set does not."""
    for changes in ({"shift": {"blots": 1}}, {"dropout": 0.4}, {"shift": {"mnist": 1}}):
        training = Training(**TRAINING | changes)
        given = with_interpretations(networks, epochs=(1,), levels=(2,), training=training)
        out = tmp_path / "out.json", tmp_path / "free.ckpt"
        job = interpretation_job(given, "blots", SEED)
        studies.interpret(job, images, place / "neuron.json", *out)
        found = layers_of(torch.load(out[1], weights_only=True)["weights"]["0 to 1"][1])
        same = torch.equal(found[0][0], weights["0 to 1", 1][0][0])
        assert same == (changes == {"shift": {"mnist": 1}}), changes


def test_an_unsuitable_neuron_is_refused_unless_allowed(networks, images, interpreted, tmp_path):
    neuron = write_neuron(tmp_path / "neuron.json", fault="it is not monotonic")
    given = with_interpretations(networks, epochs=(1,), levels=(2,))
    job = interpretation_job(given, "blots", SEED)
    out = tmp_path / "out.json", tmp_path / "free.ckpt"
    with pytest.raises(ConfigError, match=r"networks\.neuron is no activation .* not monotonic"):
        studies.interpret(job, images, neuron, *out)
    with pytest.raises(ConfigError, match=r"networks\.neuron is no activation .* not monotonic"):
        tuned(job, images, tmp_path, interpreted, tmp_path)
    allowed = given.model_copy(update={"allow_unsuitable_neuron": True})
    studies.interpret(interpretation_job(allowed, "blots", SEED), images, neuron, *out)
    assert files.read_json(out[0])["kind"] == "interpretations"


@pytest.mark.parametrize(
    "rows",
    [
        [{**CHOSEN[0]._asdict(), "epochs": 7}],
        [{**CHOSEN[0]._asdict(), "images": "0 to 255"}],
        [{**CHOSEN[0]._asdict(), "mapping": "colour"}],
        [[1, 2]],
        7,
    ],
    ids=str,
)
def test_a_choice_that_cannot_be_used_is_one_sentence(
    job, images, place, interpreted, tmp_path, rows
):
    with pytest.raises(files.FileError) as caught:
        tuned(job, images, place, interpreted, tmp_path, rows=rows)
    one_sentence(caught, "chosen.json", "snakemake")


# Comparison of mappings


@pytest.fixture(scope="module")
def compared(networks):
    changed = networks.model_copy(update={"compared": NAMES, "mappings": ("row",)})
    return comparison_job(changed, "blots", "synapse", "series", SEED)


def comparison(job, images, place, results, folder):
    start_from(Path(results["fp32"][1]), folder / "networks")
    out = folder / "mappings/seed-3.json"
    # as of an attempt that was killed
    unfinished = folder / "mappings/.seed-3/blots/.best.unfinished.ckpt"
    unfinished.parent.mkdir(parents=True)
    unfinished.write_bytes(b"")
    studies.compare(job, images, place / "synapse.json", folder / "networks", out)
    return files.read_json(out)


@pytest.fixture(scope="module")
def mapped(compared, place, results, tmp_path_factory):
    """Return the result of `compare`, and its folder."""
    from wallnet.networks import images

    folder = tmp_path_factory.mktemp("compared")
    data = images.load(place / "blots.json", place / "data")
    return comparison(compared, data, place, results, folder), folder


def accuracies(found):
    return {(row["mapping"], row["stage"]): row["validation_accuracy"] for row in found["rows"]}


def test_a_comparison_has_the_numbers_of_the_stages_themselves(mapped, results):
    """`wallnet map` computes the same stages; a comparison has no fine-tuned network."""
    found = accuracies(mapped[0])
    assert set(found) == {(name, stage) for name in NAMES for stage in ("quantized", "on_levels")}
    for stage in ("quantized", "on_levels"):
        expected = results[stage][0]["validation_accuracy"]
        assert found["layer", stage] == pytest.approx(expected, abs=1e-9)
    told = {key: mapped[0][key] for key in ("kind", "dataset", "device", "reading", "seed")}
    assert tuple(told.values()) == ("comparison", "blots", "synapse", "series", SEED)
    assert (mapped[0]["device_levels"], mapped[0]["rows"][0]["recipe"]) == (6, "plain")


def test_a_comparison_has_a_row_for_every_recipe(networks, images, place, results, tmp_path):
    """The network of the second recipe reads the third class in every image."""
    plain = networks.recipes["plain"].model_copy(update={"on_levels": None})
    recipes = {"plain": plain, "other": plain}
    both = networks.model_copy(update={"recipes": recipes, "compared": ("layer",)})
    network = storage.load_network(results["fp32"][1], "dense")
    with torch.no_grad():
        network.model.output.bias[2] += 1e3
    place_of = tmp_path / "networks/blots/none/none/none/other/fp32/seed-3/best.ckpt"
    storage.save_network(network, place_of, {})
    job = comparison_job(both, "blots", "synapse", "series", SEED)
    plain_row, other_row = comparison(job, images, place, results, tmp_path)["rows"]
    assert (plain_row["recipe"], other_row["recipe"]) == ("plain", "other")
    thirds = images.training_labels[parts(images)[0]] == 2
    assert other_row["validation_accuracy"] == pytest.approx(100 * thirds.mean(), abs=1e-4)
    expected = results["quantized"][0]["validation_accuracy"]
    assert plain_row["validation_accuracy"] == pytest.approx(expected, abs=1e-4)


def test_a_comparison_leaves_only_its_result(mapped):
    folder = mapped[1]
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    started = "networks/blots/none/none/none/plain/fp32/seed-3/best.ckpt"
    assert found == {started, "mappings/seed-3.json"}


def test_a_comparison_never_reads_the_test_images(
    compared, images, place, results, mapped, tmp_path
):
    turned = images._replace(
        test_images=255 - images.test_images, test_labels=(images.test_labels + 1) % 4
    )
    found = comparison(compared, turned, place, results, tmp_path)
    assert accuracies(found) == accuracies(mapped[0])
