from types import SimpleNamespace

import numpy as np
import pytest
import torch
from pytorch_lightning import Callback
from scipy.interpolate import PPoly
from torch import nn
from torch.nn import functional

from wallnet.config.networks import Training
from wallnet.files.compact import Curve
from wallnet.networks.callbacks import FollowEpochs
from wallnet.networks.classifier import Classifier, Teacher
from wallnet.networks.model import Convolutional, FullyConnected, MeasuredActivation, Shape
from wallnet.networks.stages import fit

QUARTIC = (0.02, 1.3, -0.4, 0.2, -0.1)
ONE_PIECE = Curve((0.0, 1.0), (QUARTIC,))
STRAIGHT = Curve((0.0, 1.0), ((0.0, 1.0),))


def curve(current):
    return np.polynomial.polynomial.polyval(current, QUARTIC)


@pytest.mark.parametrize("input_range", [1.0, 10.0])
def test_inside_its_range_the_neuron_follows_its_quartic(input_range):
    current = np.linspace(0.01, 1.0, 50)
    output = MeasuredActivation(*ONE_PIECE, input_range)(torch.tensor(current * input_range))
    np.testing.assert_allclose(output.numpy(), input_range * curve(current), rtol=1e-6)


def test_below_its_range_the_neuron_gives_nothing():
    activation = MeasuredActivation(*ONE_PIECE, 2.0)
    below = torch.tensor([-1e9, -1.0, -1e-6, 0.0])
    assert activation(below).tolist() == [0.0, 0.0, 0.0, 0.0]


def test_above_its_range_the_neuron_saturates_where_a_quartic_would_diverge():
    activation = MeasuredActivation(*ONE_PIECE, 2.0)
    above = activation(torch.tensor([2.0, 2.5, 100.0, 1e9]))
    np.testing.assert_allclose(above.numpy(), 2.0 * curve(1.0), rtol=1e-6)


def test_the_slope_is_the_quartics_inside_and_zero_outside():
    z = torch.tensor([-0.5, 0.5, 3.0], requires_grad=True)
    MeasuredActivation(*ONE_PIECE, 1.0)(z).sum().backward()
    slope = np.polynomial.polynomial.polyval(0.5, np.polynomial.polynomial.polyder(QUARTIC))
    np.testing.assert_allclose(z.grad.numpy(), [0.0, slope, 0.0], rtol=1e-5)


BREAKS = (0.0, 0.25, 0.375, 0.75, 1.0)
PIECES = (
    (0.0, 0.4, 3.0, -1.0),
    (0.35, 1.2, -2.0, 8.0),
    (0.4, 1.0, 0.5, -0.7),
    (0.9, 0.3, -0.4, 0.2),
)
"""Pieces that do not meet, so that a value of the wrong piece is noticed; exact breaks."""


@pytest.mark.parametrize("input_range", [1.0, 8.0])
def test_several_pieces_follow_scipys_piecewise_polynomial(input_range):
    """Values and slopes, also at the breaks, where the upper piece counts."""
    piecewise = PPoly(np.array(PIECES).T[::-1], np.array(BREAKS))
    current = np.concatenate([np.linspace(0.003, 0.997, 143), BREAKS[1:-1]])
    z = torch.tensor(current * input_range, dtype=torch.float32, requires_grad=True)
    output = MeasuredActivation(BREAKS, PIECES, input_range)(z)
    output.sum().backward()
    # single precision deviates by 3e-7 of the range
    expected = input_range * piecewise(current)
    np.testing.assert_allclose(output.detach().numpy(), expected, rtol=0, atol=1e-6 * input_range)
    np.testing.assert_allclose(z.grad.numpy(), piecewise(current, nu=1), rtol=0, atol=5e-6)


def test_an_activation_is_made_of_plain_parameters():
    plain = {"breaks": list(BREAKS), "coefficients": list(map(list, PIECES)), "input_range": 3.0}
    z = torch.linspace(-1, 4, 30)
    expected = MeasuredActivation(BREAKS, PIECES, 3.0)(z)
    assert torch.equal(MeasuredActivation(**plain)(z), expected)
    assert list(MeasuredActivation(**plain).parameters()) == []


def classifier(rows, columns, classes, hidden, curve=STRAIGHT, input_range=10.0, **more):
    activation = {**curve._asdict(), "input_range": input_range}
    return Classifier([rows, columns, classes, hidden, 0.0], activation, **more)


@pytest.mark.parametrize(("rows", "columns"), [(28, 28), (7, 10)])
def test_the_convolutional_network_is_of_the_size_of_lenet(rows, columns):
    """Its parts are called one after the other, as functions."""
    torch.manual_seed(1)
    network = Convolutional(Shape(rows, columns, 10, 128, 0.5), nn.Tanh()).eval()
    if rows == 28:
        weights = {name: p.numel() for name, p in network.named_parameters() if "weight" in name}
        expected = [6 * 25, 16 * 6 * 25, 120 * 16 * 49, 84 * 120, 10 * 84]
        assert list(weights.values()) == expected
    p = dict(network.named_parameters())
    images = torch.rand(3, 1, rows, columns)
    maps = images
    for name in ("first", "second"):
        maps = functional.conv2d(maps, p[f"{name}.weight"], p[f"{name}.bias"], padding=2)
        maps = functional.avg_pool2d(torch.tanh(maps), 2, ceil_mode=True)
    values = maps.reshape(3, -1)
    for name in ("third", "fourth"):
        values = torch.tanh(values @ p[f"{name}.weight"].T + p[f"{name}.bias"])
    logits = values @ p["output.weight"].T + p["output.bias"]
    torch.testing.assert_close(network(images), logits)


@pytest.mark.parametrize("factory", [FullyConnected, Convolutional])
def test_dropout_leaves_out_hidden_neurons_in_training_alone(factory):
    torch.manual_seed(1)
    images = torch.rand(4, 1, 8, 8)
    network = factory(Shape(8, 8, 4, 50, 0.4), nn.ReLU())
    assert not torch.equal(network(images), network(images))
    kept = []
    network.dropout.register_forward_hook(lambda layer, inputs, out: kept.append((inputs[0], out)))
    for _ in range(50):
        network(images)
    shares = [float((out[inputs > 0] > 0).float().mean()) for inputs, out in kept]
    assert np.mean(shares) == pytest.approx(0.6, abs=0.03)
    network.eval()
    assert torch.equal(network(images), network(images))
    assert not torch.equal(network(images), network.train()(images))


def still(epochs):
    """Return a training whose learning rate is that of the network, 0."""
    return Training(epochs=epochs, learning_rate=1e-3)


@pytest.fixture
def constant():
    """Return a network that predicts class 0 for every image."""
    network = classifier(1, 2, 2, 3, ONE_PIECE, 1.0, learning_rate=0.0)
    with torch.no_grad():
        network.model.output.weight.zero_()
        network.model.output.bias.copy_(torch.tensor([1.0, 0.0]))
    return network


class Epochs:
    """Batches that differ from one epoch to the next."""

    def __init__(self, epochs):
        self.epochs = iter(epochs)

    def __iter__(self):
        return iter(next(self.epochs))


def data_of(epochs, held_out):
    """Return data with these batches in each epoch, and these of images held out."""
    return SimpleNamespace(shuffled=lambda size, shift: Epochs(epochs), whole=lambda part: held_out)


def batch(labels):
    return torch.rand(len(labels), 1, 1, 2), torch.tensor(labels)


def test_accuracies_are_of_one_epoch(constant, capsys):
    """They are weighted by the images of each batch; the last batch is smaller."""
    epochs = [[batch((0, 1, 1)), batch((0,))], [batch((1, 1, 1)), batch((0,))]]
    data = data_of(epochs, [batch((0, 0, 0, 1)), batch((1,))])
    fit(constant, data, still(2), FollowEpochs("recipes.plain"))
    accuracies = [(p["training_accuracy"], p["validation_accuracy"]) for p in constant.curve]
    assert accuracies == [(50.0, 60.0), (25.0, 60.0)]
    assert capsys.readouterr().out.splitlines() == [
        "recipes.plain epoch 1: training 50.00 %, validation 60.00 %",
        "recipes.plain epoch 2: training 25.00 %, validation 60.00 %",
    ]


@pytest.mark.parametrize(("last", "epoch"), [(False, 2), (True, 4)])
def test_the_weights_of_the_best_or_of_the_last_epoch_are_kept(constant, last, epoch):
    """The first of equal ones."""

    class Turned(Callback):
        def on_train_batch_end(self, trainer, pl_module, *_):
            number = trainer.current_epoch + 1
            bias = [-number, 0.0] if number % 2 else [number, 0.0]
            pl_module.model.output.bias.data = torch.tensor(bias)

    data = data_of([[batch((0, 1))]] * 4, [batch((0, 0, 1))])
    fit(constant, data, still(4), Turned(), FollowEpochs("recipes.plain", last))
    assert [round(point["validation_accuracy"]) for point in constant.curve] == [33, 67, 33, 67]
    assert constant.best_epoch == epoch
    assert constant.model.output.bias[0].item() == epoch


# What is learned


def test_a_teacher_has_its_share_of_the_loss():
    """With logits divided by 2, and the square of this as a factor; labels have the rest."""
    images = torch.tensor([[1.0, -2.0], [0.5, 3.0]])
    teacher = nn.Linear(2, 3)
    logits = torch.tensor([[0.3, -1.1, 2.0], [1.7, 0.2, -0.4]], requires_grad=True)
    loss = Teacher(teacher, 0.3).loss(images, logits, torch.tensor([2, 1]))
    loss.backward()
    assert teacher.weight.grad is None

    def shares(values):
        powers = np.exp(np.array(values, dtype=float))
        return powers / powers.sum(axis=1, keepdims=True)

    teacher_logits = teacher(images).detach().numpy()
    plain, soft = (shares(logits.detach().numpy() / temperature) for temperature in (1, 2))
    by_teacher = -4 * (shares(teacher_logits / 2) * np.log(soft)).sum(axis=1).mean()
    by_labels = -np.log(plain[[0, 1], [2, 1]]).mean()
    assert loss.item() == pytest.approx(0.3 * by_teacher + 0.7 * by_labels, rel=1e-5, abs=0)
    # of logits that agree with the teacher's, only the labels have a gradient
    logits = torch.tensor(teacher_logits, requires_grad=True)
    Teacher(teacher, 1.0).loss(images, logits, torch.tensor([2, 1])).backward()
    assert logits.grad.abs().max() < 1e-6


def test_a_network_is_validated_with_labels_whatever_it_learns():
    network = classifier(1, 2, 3, 4, learning_rate=0.0)
    images = [batch((0, 2, 1, 1, 0))]
    points = []
    for teacher in (None, Teacher(classifier(1, 2, 3, 4), 0.7)):
        network.teacher = teacher
        fit(network, data_of([images], images), still(1))
        points += network.curve
    assert points[0]["validation_loss"] == points[1]["validation_loss"] > 0
    assert points[0]["training_loss"] != points[1]["training_loss"]
