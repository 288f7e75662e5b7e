import numpy as np
import pytest
import torch

from wallnet.networks.model import Classifier, MeasuredActivation

QUARTIC = (0.02, 1.3, -0.4, 0.2, -0.1)


def curve(current):
    return np.polynomial.polynomial.polyval(current, QUARTIC)


@pytest.mark.parametrize("input_range", [1.0, 10.0])
def test_inside_its_range_the_neuron_follows_its_quartic(input_range):
    current = np.linspace(0.01, 1.0, 50)
    output = MeasuredActivation(QUARTIC, input_range)(torch.tensor(current * input_range))
    np.testing.assert_allclose(output.numpy(), input_range * curve(current), rtol=1e-6)


def test_below_its_range_the_neuron_gives_nothing():
    activation = MeasuredActivation(QUARTIC, 2.0)
    below = torch.tensor([-1e9, -1.0, -1e-6, 0.0])
    assert activation(below).tolist() == [0.0, 0.0, 0.0, 0.0]


def test_above_its_range_the_neuron_saturates_where_a_quartic_would_diverge():
    activation = MeasuredActivation(QUARTIC, 2.0)
    above = activation(torch.tensor([2.0, 2.5, 100.0, 1e9]))
    np.testing.assert_allclose(above.numpy(), 2.0 * curve(1.0), rtol=1e-6)


def test_the_slope_is_the_quartics_inside_and_zero_outside():
    z = torch.tensor([-0.5, 0.5, 3.0], requires_grad=True)
    MeasuredActivation(QUARTIC, 1.0)(z).sum().backward()
    slope = np.polynomial.polynomial.polyval(0.5, np.polynomial.polynomial.polyder(QUARTIC))
    np.testing.assert_allclose(z.grad.numpy(), [0.0, slope, 0.0], rtol=1e-5)


def test_a_straight_curve_is_relu():
    z = torch.linspace(-5.0, 5.0, 41)
    torch.testing.assert_close(MeasuredActivation((0, 1, 0, 0, 0), 10.0)(z), torch.relu(z))


def test_the_network_is_the_papers():
    network = Classifier(784, 128, 10, QUARTIC, 10.0)
    assert network(torch.rand(5, 784)).shape == (5, 10)
    assert sum(p.numel() for p in network.parameters()) == 784 * 128 + 128 + 128 * 10 + 10
    assert network.hparams["quartic"] == list(QUARTIC)
    shapes = {name: tuple(layer.weight.shape) for name, layer in network.layers.items()}
    assert shapes == {"hidden": (128, 784), "output": (10, 128)}


@pytest.fixture
def constant():
    """Return a network that predicts class 0 for every image."""
    network = Classifier(2, 3, 2, QUARTIC, 1.0)
    with torch.no_grad():
        network.output.weight.zero_()
        network.output.bias.copy_(torch.tensor([1.0, 0.0]))
    return network


def test_the_confusion_matrix_has_labels_in_rows(constant):
    constant.test_step((torch.rand(5, 2), torch.tensor([0, 1, 1, 0, 1])), 0)
    assert constant.confusion.compute().tolist() == [[2, 0], [3, 0]]


def test_a_test_larger_than_what_is_counted_at_once_is_counted_whole(constant):
    labels = torch.arange(257) % 2
    constant.test_step((torch.rand(257, 2), labels), 0)
    assert constant.confusion.compute().tolist() == [[129, 0], [128, 0]]


@pytest.mark.filterwarnings("ignore:You are trying to `self.log")
def test_accuracies_are_of_one_epoch(constant):
    """They are weighted by the images of each batch; the last batch is smaller."""
    for training, validation in (((0, 1, 1), (0, 0)), ((1, 1, 1), (1, 0))):
        for labels in (training, (0,)):
            constant.training_step((torch.rand(len(labels), 2), torch.tensor(labels)), 0)
        constant.validation_step((torch.rand(2, 2), torch.tensor(validation)), 0)
        constant.on_validation_epoch_end()
    accuracies = [(p["training_accuracy"], p["validation_accuracy"]) for p in constant.curve]
    assert accuracies == [(50.0, 100.0), (25.0, 50.0)]
