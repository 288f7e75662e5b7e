"""Energy and time of an inference: hand calculations, and loops over all products."""

import numpy as np
import pytest
import torch
from helpers.synthetic import one_sentence
from torch import nn

from wallnet.networks import ProgrammedNetwork, quantize

LEVELS = [10e-6, 14e-6, 30e-6]

PLUS = np.array([[10.0, 20.0, 30.0], [40.0, 50.0, 65.0]]) * 1e-6
MINUS = np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]) * 1e-6


def programmed_of(model, mapping="signed", seed=3):
    """Return a model on levels, whose conductances are then all different."""
    made = ProgrammedNetwork.of(quantize(model, LEVELS, mapping))
    random = np.random.default_rng(seed).uniform(5e-6, 50e-6, made.levels.shape)
    return made.with_conductances(random)


def two_by_three():
    made = ProgrammedNetwork.of(quantize(nn.Linear(3, 2), LEVELS, "signed"))
    return made.with_conductances(np.stack([PLUS.ravel(), MINUS.ravel()], axis=1))


def test_all_inputs_at_the_read_voltage():
    """278 µS at 0.2 V for 4 ns need 44.48 fJ; 3 inputs and 2 outputs are converted."""
    cost = two_by_three().inference_energy(
        read_voltage=0.2, read_time=4e-9, conversion_energy=3e-12, conversion_time=0.7e-9
    )
    expected = {
        "synapse_energy": 278e-6 * 0.04 * 4e-9,
        "converter_energy": 15e-12,
        "energy": 15e-12 + 44.48e-15,
        "input_conversions": 3,
        "output_conversions": 2,
        "reads": 1,
        # inputs are set, read, and both outputs converted at once
        "time": 5.4e-9,
    }
    assert cost == pytest.approx(expected, rel=1e-9, abs=0)


def test_a_mean_square_of_the_inputs_is_a_share_of_the_energy_of_synapses():
    cost = two_by_three().inference_energy(0.3, read_voltage=0.2, read_time=4e-9)
    assert cost["synapse_energy"] == pytest.approx(0.3 * 44.48e-15, rel=1e-9, abs=0)


def test_inputs_are_scaled_to_the_read_voltage():
    """Columns have 59, 88 and 131 µS; the largest input, -4, has 0.2 V.

    The first image has 1/4, -1, 1/2 of it, the second 0, 0, 3/4: 0.25 · (59/16 + 88 + 131/4) + …
    """
    images = torch.tensor([[1.0, -4.0, 2.0], [0.0, 0.0, 3.0]])
    cost = two_by_three().inference_energy(images, read_voltage=0.2, read_time=4e-9)
    squares = (59 / 16 + 88 + 131 / 4 + 131 * 9 / 16) / 2
    assert cost["synapse_energy"] == pytest.approx(squares * 1e-6 * 0.04 * 4e-9, rel=1e-6, abs=0)
    assert (cost["reads"], cost["input_conversions"], cost["output_conversions"]) == (1, 3, 2)


@pytest.mark.parametrize(("together", "rounds"), [(1, 1), (2, 2), (3, 3), (8, 5)])
def test_outputs_that_share_a_converter_are_converted_one_after_another(together, rounds):
    """Layers of 5 and 3 outputs, one after the other."""
    model = programmed_of(nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)))
    cost = model.inference_energy(
        read_time=2e-9, conversion_time=0.5e-9, outputs_per_converter=together
    )
    last = min(together, 3)
    assert cost["time"] == pytest.approx(5e-9 + (rounds + last) * 0.5e-9, rel=1e-9, abs=0)
    assert (cost["input_conversions"], cost["output_conversions"], cost["reads"]) == (9, 8, 2)


def test_a_layer_reads_what_the_layer_before_gives():
    """Inputs of the second layer are those of the model with these conductances."""
    torch.manual_seed(1)
    made = programmed_of(nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)))
    images = torch.rand(7, 4)
    hidden = made.model()[:2](images).detach().double().numpy()
    expected = 0.0
    for inputs, (plus, minus) in zip(
        (images.double().numpy(), hidden), made.matrices.values(), strict=True
    ):
        volts = 0.1 * inputs / np.abs(inputs).max()
        expected += 10e-9 * np.mean((volts**2) @ (plus + minus).sum(axis=0))
    cost = made.inference_energy(images)
    assert cost["synapse_energy"] == pytest.approx(expected, rel=1e-6, abs=0)


def test_a_convolution_is_read_at_each_position():
    """Groups read their own channels; beyond the edge, the voltage is 0. By loops."""
    torch.manual_seed(2)
    layer = nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), groups=2)
    made = programmed_of(layer, "layer")
    images = torch.rand(3, 4, 5, 6) - 0.3
    (total, none), voltages = made.matrices[""], images.double().numpy()
    assert np.isnan(none).all()
    voltages = np.pad(0.1 * voltages / np.abs(voltages).max(), [(0, 0), (0, 0), (1, 1), (0, 0)])
    energy = 0.0
    for image in voltages:
        for row in range(0, 5, 2):
            for column in range(5):
                patch = image[:, row : row + 3, column : column + 2]
                for output in range(6):
                    own = patch[2 * (output // 3) :][:2].ravel()
                    energy += 10e-9 * np.sum(total[output] * own**2)
    cost = made.inference_energy(images)
    assert cost["synapse_energy"] == pytest.approx(energy / 3, rel=1e-6, abs=0)
    # 3 × 5 positions, each with 4 × 6 inputs and 6 outputs
    assert (cost["reads"], cost["input_conversions"], cost["output_conversions"]) == (15, 360, 90)


def test_each_call_of_a_layer_counts():
    """Layers that share their weights are one array."""

    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)
            self.second.weight = self.first.weight

        def forward(self, inputs):
            return self.second(torch.ones_like(self.first(inputs)))

    made = programmed_of(Twice())
    cost = made.inference_energy(torch.ones(2, 3))
    assert cost["reads"] == 2
    expected = 2 * np.nansum(made.conductances) * 0.01 * 10e-9
    assert cost["synapse_energy"] == pytest.approx(expected, rel=1e-6, abs=0)


def test_inputs_of_zero_need_no_energy_of_synapses():
    cost = two_by_three().inference_energy(torch.zeros(2, 3))
    assert cost["synapse_energy"] == 0
    assert cost["energy"] == cost["converter_energy"] > 0


def test_the_paper_s_network_needs_more_energy_in_converters_than_in_synapses():
    """The numbers of docs/write-energy.md: 10 kΩ and 20 kΩ are 100 and 50 µS."""
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    made = ProgrammedNetwork.of(quantize(model, [50e-6, 100e-6], "signed"))
    for conductance, energy in ((50e-6, 1.016e-9), (100e-6, 2.033e-9)):
        equal = made.with_conductances(np.full((101_632, 2), conductance))
        cost = equal.inference_energy()
        assert cost["synapse_energy"] == pytest.approx(energy, rel=1e-3, abs=0)
        assert cost["input_conversions"] + cost["output_conversions"] == 1050
        assert cost["converter_energy"] == pytest.approx(3.78e-9, rel=1e-3, abs=0)
        assert cost["time"] == pytest.approx(22.52e-9, rel=1e-3, abs=0)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"inputs": -0.1}, "inputs = -0.1 "),
        ({"inputs": 1.5}, "inputs = 1.5 "),
        ({"inputs": torch.full((2, 3), torch.nan)}, "has values that are not finite; leave out"),
        ({"inputs": torch.ones(0, 3)}, "has no inputs; give some"),
        ({"inputs": torch.ones(2, 4)}, "inputs cannot be read by the model (mat1 and mat2"),
        ({"read_voltage": 100}, "100 mV are 0.1 V"),
        ({"read_time": 0}, "times are in seconds"),
        ({"conversion_energy": 2}, "2 pJ are 2e-12 J"),
        ({"outputs_per_converter": 0}, "outputs_per_converter = 0 "),
    ],
)
def test_bad_arguments_are_one_sentence(arguments, part):
    with pytest.raises(ValueError, match="; ") as caught:
        two_by_three().inference_energy(**arguments)
    one_sentence(caught, part)


@pytest.mark.parametrize(
    ("model", "inputs", "part"),
    [
        (nn.Conv2d(1, 2, 3), 1.0, "is read at each position of its kernel; give inputs of the"),
        (nn.LSTM(3, 2), torch.ones(2, 1, 3), "inputs of layer weight_ih_l0 are not known, "),
    ],
)
def test_a_layer_whose_reads_are_not_known_is_named(model, inputs, part):
    layers = [type(model)]
    made = ProgrammedNetwork.of(quantize(model, LEVELS, layers=layers))
    with pytest.raises(ValueError, match="; ") as caught:
        made.inference_energy(inputs)
    one_sentence(caught, part)


def test_a_recurrent_layer_may_be_read_once_with_a_mean_square():
    made = ProgrammedNetwork.of(quantize(nn.LSTM(3, 2), LEVELS, layers=nn.LSTM))
    assert made.inference_energy(0.5)["reads"] == 2
