"""Each cause of imperfect networks, alone, against its moments or a closed form."""

import math

import numpy as np
import pytest
import torch
from helpers.made import CONDUCTANCES, LEVELS, imperfections
from helpers.synthetic import one_sentence
from torch import nn

from wallnet.config.imperfections import CAUSES
from wallnet.files import FileError
from wallnet.networks import ProgrammedNetwork, imperfect, quantize
from wallnet.networks.imperfections import (
    IMPERFECTIONS,
    MadeNetwork,
    after,
    effective,
    generator_of,
    made,
    ranges_of,
    rounding,
    transitions,
)


@pytest.fixture(scope="module")
def programmed():
    """Return 60,000 weights of one synapse each, on all three levels, and a smaller layer."""
    torch.manual_seed(2)
    model = nn.Sequential(nn.Linear(300, 200, bias=False), nn.ReLU(), nn.Linear(200, 5))
    return ProgrammedNetwork.of(quantize(model, LEVELS, "layer"))


def acting(programmed, device, name, seed=4, **keys):
    """Return the network after one cause."""
    network = MadeNetwork.of(programmed, device, "series", generator_of(seed, 0, "device"))
    cause = IMPERFECTIONS[name](CAUSES[name](**keys))
    return cause.programmed(network, generator_of(seed, 0, name))


def ratios(network, programmed, level):
    """Return the conductances of the synapses at a level, over that of the level."""
    chosen = programmed.levels[:, 0] == level
    return network.network.conductances[chosen, 0] / LEVELS[level]


def test_each_cause_has_its_keys_and_its_class_in_the_same_order():
    assert list(IMPERFECTIONS) == list(CAUSES)
    for name, cause in IMPERFECTIONS.items():
        assert cause.__name__ == CAUSES[name].__name__


def test_without_causes_a_network_is_the_one_that_was_programmed(programmed):
    model = made(programmed, imperfections(), "series", {}, 1)
    for name, weights in programmed.template.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], weights, rtol=0, atol=1e-7)


def test_a_device_has_a_gain_for_all_levels_and_a_ratio_of_its_own(programmed):
    device = imperfections(gain_spread=0.10, ratio_spread=0.03, level_spread=[0.02] * 4)
    network = acting(programmed, device, "device_to_device")
    for level, ratio_share in enumerate((0.0, 50 * 12 / (30 * 32), 1.0)):
        values = ratios(network, programmed, level)
        spread = math.sqrt(0.10**2 + (0.03 * ratio_share) ** 2 + 0.02**2)
        assert len(values) > 500
        assert values.mean() == pytest.approx(1.0, abs=5 * spread / math.sqrt(len(values)))
        assert values.std() == pytest.approx(spread, rel=4 / math.sqrt(2 * len(values)), abs=0)
    doubled = acting(programmed, device, "device_to_device", size=2.0)
    first, second = (n.network.conductances[:, 0] for n in (network, doubled))
    assert (second / programmed.conductances[:, 0]).std() > 1.9 * (
        first / programmed.conductances[:, 0]
    ).std()


def test_each_writing_has_the_spread_of_its_level(programmed):
    device = imperfections(cycle_spread=[0.01, 0.02, 0.05, np.nan])
    network = acting(programmed, device, "cycle_to_cycle")
    for level, spread in enumerate((0.01, 0.02, 0.05)):
        values = ratios(network, programmed, level)
        assert values.std() == pytest.approx(spread, rel=4 / math.sqrt(2 * len(values)), abs=0)


def test_some_devices_are_stuck_at_any_level(programmed):
    network = acting(programmed, imperfections(), "stuck", share=0.3)
    count = programmed.levels[:, 0].size
    moved = network.states[:, 0] != programmed.levels[:, 0]
    # a third of the stuck devices have the level that was to be written
    assert moved.mean() == pytest.approx(0.2, abs=4 * math.sqrt(0.2 * 0.8 / count))
    assert set(np.unique(network.states[moved, 0])) == {0, 1, 2}
    assert (network.states[:, 1] == -1).all()


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        # the first pulse leads most probably to notch 1
        (1, {1: (0.10, 0.70, 0.15, 0.05), 2: (0.05, 0.20, 0.75, 0.0)}),
        # from notch 1 to reversed by the second pulse; from reversed and free after a reset
        (
            2,
            {
                1: (
                    0.1 * 0.1 + 0.15 * 0.1 + 0.05 * 0.1,
                    0.7 + 0.1 * 0.7 + 0.15 * 0.7 + 0.05 * 0.7,
                    0.3 * 0.15,
                    0.3 * 0.05,
                ),
                2: (0.05 * 0.05, 0.05 * 0.2 + 0.2 * 0.1, 0.75 + 0.05 * 0.75 + 0.2 * 0.9, 0.0),
            },
        ),
    ],
)
def test_landing_follows_from_a_known_matrix(programmed, attempts, expected):
    network = acting(programmed, imperfections(), "programming", attempts=attempts)
    levels, states = programmed.levels[:, 0], network.states[:, 0]
    assert (states[levels == 0] == 0).all()
    for level, shares in expected.items():
        ends = states[levels == level]
        for state, share in enumerate(shares):
            error = 4 * math.sqrt(share * (1 - share) / len(ends))
            assert (ends == state).mean() == pytest.approx(share, abs=error)
    np.testing.assert_array_equal(network.network.conductances[:, 0], CONDUCTANCES[states])


def test_of_equally_probable_pulses_the_one_with_the_least_error_writes():
    shares = np.full((2, 3, 3), np.nan)
    shares[:, 0] = [[0.5, 0.0, 0.5], [0.5, 0.5, 0.0]]
    conductances = np.array([1.0, 2.0, 4.0])
    # neither leads to the last level but by half; to the middle one the second does
    np.testing.assert_array_equal(transitions(shares, conductances, 2, 0)[0], [0.5, 0.0, 0.5])
    shares[:, 0] = [[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]]
    np.testing.assert_array_equal(transitions(shares, conductances, 2, 0)[0], [0.2, 0.8, 0.0])


def test_a_level_without_pulses_of_its_own_is_kept_when_it_is_the_target():
    shares = np.full((1, 3, 3), np.nan)
    shares[0, 0] = [0.0, 0.25, 0.75]
    rows = transitions(shares, np.array([1.0, 2.0, 4.0]), 1, 0)
    np.testing.assert_array_equal(rows, [[0, 0.25, 0.75], [0, 1, 0], [0, 0.25, 0.75]])


def test_half_select_pulses_move_a_share_of_the_walls(programmed):
    network = acting(programmed, imperfections(), "disturb", pulses=400)
    levels, states = programmed.levels[:, 0], network.states[:, 0]
    ends = states[levels == 1]
    share = 0.998**400
    error = 4 * math.sqrt(share * (1 - share) / len(ends))
    assert (ends == 1).mean() == pytest.approx(share, abs=error)
    assert (states[levels != 1] == levels[levels != 1]).all()


def rates(barrier, temperature, frequency=1e9):
    return frequency * math.exp(-barrier / (1.380649e-23 * temperature))


def test_walls_escape_exponentially_and_come_to_equilibrium(programmed):
    barriers = np.full((1, 2, 4, 4), np.nan)
    barriers[0, 0, 1, 2] = 1.0e-19  # at 300 K
    barriers[0, 1, 1, 2] = 0.8e-19  # at 358 K
    device = imperfections(escape_barrier=barriers)
    # between both temperatures, on a line
    lifetime = 1 / rates((1.0 - 0.2 * 50 / 58) * 1e-19, 350.0)
    time = 0.6 * lifetime
    network = acting(programmed, device, "retention", time=time, temperature=350.0)
    levels, states = programmed.levels[:, 0], network.states[:, 0]
    left = states[levels == 1]
    assert set(np.unique(left)) == {1, 2}
    share = math.exp(-0.6)
    error = 4 * math.sqrt(share * (1 - share) / len(left))
    assert (left == 1).mean() == pytest.approx(share, abs=error)
    assert (states[levels != 1] == levels[levels != 1]).all()


def test_two_states_come_to_the_shares_of_their_rates_however_long_it_takes():
    forward, backward = 3.0e9, 1.0e9
    matrix = np.array([[-forward, forward, 0.0], [backward, -backward, 0.0], [0.0, 0.0, 0.0]])
    for time in (1e-12, 1e-10, 1.0, 3e8):
        one = after(matrix, time)
        decay = math.exp(-(forward + backward) * time)
        expected = 0.25 + 0.75 * decay
        assert one[0, 0] == pytest.approx(expected, abs=1e-12)
        np.testing.assert_allclose(one.sum(axis=1), 1.0, rtol=0, atol=1e-12)
        assert one[2, 2] == pytest.approx(1.0, abs=1e-12)


def test_a_slow_escape_beside_a_fast_one_keeps_its_digits():
    # to and fro 1e12 times per second, and away once in 10,000 years from the second
    slow = 3e-12
    matrix = np.array([[-1e12, 1e12, 0.0], [3e12, -3e12 - slow, slow], [0.0, 0.0, 0.0]])
    one = after(matrix, 3e8)
    assert one[0, 2] == pytest.approx(0.25 * slow * 3e8, rel=1e-3, abs=0)
    assert one[0, 1] == pytest.approx(0.25, abs=1e-3)


def test_the_attempt_frequency_is_between_the_two_of_the_file(programmed):
    barriers = np.full((1, 2, 4, 4), np.nan)
    barriers[0, :, 1, 0] = 1.0e-19
    device = imperfections(escape_barrier=barriers, attempt_frequency=[1e9, 1e12])
    time = 1 / rates(1.0e-19, 300.0, 1e10)
    shares = []
    for seed in range(8):
        network = acting(programmed, device, "retention", seed, time=time, temperature=300.0)
        shares.append((network.states[programmed.levels[:, 0] == 1, 0] == 1).mean())
    # -ln of what stays is the frequency over 1e10
    frequencies = -np.log(np.maximum(shares, 1e-4)) * 1e10
    assert frequencies.min() > 0.9e9
    assert frequencies.max() > 5 * frequencies.min()


def test_a_line_of_cells_loses_what_a_transmission_line_does():
    # 64 cells of 10 kΩ with 1 Ω between them: the end of a row has 83 % of the voltage
    row = np.full((1, 64), 1e-4)
    # columns are ideal if their one segment is short: a column of one cell
    voltages = effective(row, 1.0)[0] / 1e-4
    assert voltages[-1] == pytest.approx(1 / math.cosh(0.64), abs=0.006)
    # a column of 64 cells, of which the last is nearest to the output
    column = effective(row.T, 1.0)[:, 0] / 1e-4
    assert column[0] == pytest.approx(1 / math.cosh(0.64), abs=0.006)
    assert column[-1] == pytest.approx(1.0, abs=0.05)


def test_a_tile_of_four_cells_is_that_of_kirchhoffs_laws():
    conductances, resistance = np.array([[1e-3, 3e-3], [2e-3, 5e-3]]), 20.0
    wire = 1 / resistance
    # nodes: rows a0 a1, b0 b1, then columns c0 c1 (upper), d0 d1 (lower)
    laplacian = np.zeros((8, 8))

    def connect(one, other, value):
        for node in (one, other):
            if node is not None:
                laplacian[node, node] += value
        if other is not None and one is not None:
            laplacian[one, other] -= value
            laplacian[other, one] -= value

    a, b, c, d = (0, 1), (2, 3), (4, 5), (6, 7)
    for row, column, values in ((a, c, conductances[0]), (b, d, conductances[1])):
        connect(row[0], None, wire)
        connect(row[0], row[1], wire)
        for j in range(2):
            connect(row[j], column[j], values[j])
    for j in range(2):
        connect(c[j], d[j], wire)
        connect(d[j], None, wire)
    expected = np.empty((2, 2))
    for i, row in enumerate((a, b)):
        source = np.zeros(8)
        source[row[0]] = wire
        potential = np.linalg.solve(laplacian, source)
        expected[i] = potential[list(d)] * wire
    np.testing.assert_allclose(effective(conductances, resistance), expected, rtol=1e-9, atol=0)


def test_wires_act_on_each_tile_alone(programmed):
    network = acting(programmed, imperfections(), "wires", resistance=5.0, tile=32)
    before, _ = programmed.matrices["0"]
    now, _ = network.network.matrices["0"]
    place = slice(192, 200), slice(288, 300)
    np.testing.assert_allclose(now[place], effective(before[place].T, 5.0).T, rtol=1e-9, atol=0)
    assert (now < before).all()


def test_neurons_have_stretched_curves_and_the_last_layer_has_none(programmed):
    network = acting(programmed, imperfections(), "neurons", spread=0.07)
    before, now = programmed.data, network.network.data
    factor = before["weight_scale"].values / now["weight_scale"].values
    assert factor[:200].std() == pytest.approx(0.07, rel=4 / math.sqrt(400), abs=0)
    assert (factor[200:] == 1.0).all()
    x = torch.rand(3, 300)
    first, second = programmed.template[0](x), network.network.model()[0](x)
    stretched = second * torch.from_numpy(factor[:200].astype(np.float32))
    torch.testing.assert_close(stretched, first, rtol=0, atol=1e-5)


def test_conductances_differ_at_each_reading(programmed):
    device = imperfections(read_noise=[0.03, 0.01, 0.02, np.nan])
    causes = {"read_noise": CAUSES["read_noise"]()}
    model = made(programmed, device, "series", causes, 5)
    model(torch.zeros(1, 300))
    first = model[0].weight.detach().clone()
    model(torch.zeros(1, 300))
    second = model[0].weight.detach()
    levels = programmed.levels[: 200 * 300, 0].reshape(200, 300)
    scale = float(programmed.data["weight_scale"].values[0])
    for level, spread in enumerate((0.03, 0.01, 0.02)):
        chosen = levels == level
        difference = (second - first).numpy()[chosen] / scale * np.ptp(LEVELS) / LEVELS[level]
        count = chosen.sum()
        assert difference.std() == pytest.approx(
            spread * math.sqrt(2), rel=5 / math.sqrt(2 * count), abs=0
        )


def test_converters_round_and_clip_inputs_and_outputs(programmed):
    x = torch.rand(50, 300, generator=torch.Generator().manual_seed(3))
    ranges = ranges_of(programmed.template, ["0", "2"], x)
    causes = {"converters": CAUSES["converters"](input_bits=3, output_bits=4, output_range=0.5)}
    model = made(programmed, imperfections(), "series", causes, 1, ranges=ranges)
    largest = float(x.max())
    rounded = (x / largest * 7).round() / 7 * largest
    weights, bias = programmed.template[2].weight, programmed.template[2].bias
    first = rounded @ model[0].weight.T
    end = 0.5 * float((x @ programmed.template[0].weight.detach().T).abs().max())
    first = ((first / end * 7).round().clamp(-7, 7) / 7 * end).relu()
    assert len(torch.unique(first)) <= 8
    least, high, output = ranges["2"]
    assert least == 0.0
    second = (first / high * 7).round().clamp(0, 7) / 7 * high
    second = second @ weights.T
    second = (second / (0.5 * output) * 7).round().clamp(-7, 7) / 7 * (0.5 * output)
    torch.testing.assert_close(model(x), second + bias, rtol=0, atol=1e-5)


def test_inputs_of_both_signs_have_steps_on_both_sides():
    values = torch.tensor([-9.0, -2.6, -0.4, 0.4, 1.6, 9.0])
    assert rounding(3.0, 3, -1.0)(values).tolist() == [-3.0, -3.0, -0.0, 0.0, 2.0, 3.0]
    assert rounding(7.0, 3, 0.0)(values).tolist() == [0.0, 0.0, 0.0, 0.0, 2.0, 7.0]


def test_another_cause_changes_no_random_number_of_a_cause(programmed):
    numbers = [
        generator_of(*key).random()
        for key in ((3, 7, "stuck"), (3, 7, "wires"), (3, 8, "stuck"), (4, 7, "stuck"))
    ]
    assert len(set(numbers)) == 4
    device = imperfections(cycle_spread=[0.02] * 4)
    alone = made(programmed, device, "series", {"stuck": CAUSES["stuck"](share=0.2)}, 3, 7)
    both = {"stuck": CAUSES["stuck"](share=0.2), "cycle_to_cycle": CAUSES["cycle_to_cycle"](size=0)}
    torch.testing.assert_close(
        made(programmed, device, "series", both, 3, 7)[0].weight, alone[0].weight, rtol=0, atol=1e-7
    )
    other = made(programmed, device, "series", {"stuck": CAUSES["stuck"](share=0.2)}, 3, 8)
    assert not torch.equal(other[0].weight, alone[0].weight)


def test_any_model_on_levels_can_be_made():
    torch.manual_seed(1)
    model = quantize(nn.Sequential(nn.Conv2d(1, 3, 3), nn.Flatten(), nn.Linear(12, 2)), LEVELS)
    device = imperfections(gain_spread=0.1, read_noise=[0.01] * 4)
    data = torch.rand(8, 1, 4, 4)
    quiet = {"retention": None, "disturb": None, "wires": None}
    one = imperfect(model, device, quiet, seed=1, data=data)
    assert type(one) is nn.Sequential
    assert torch.isfinite(one(data)).all()
    again = imperfect(model, device, quiet, seed=1, data=data)
    torch.testing.assert_close(
        again(data), imperfect(model, device, quiet, seed=1, data=data)(data)
    )
    other = imperfect(model, device, quiet, seed=1, draw=1, data=data)
    assert not torch.equal(other(data), again(data))
    # the model itself is as it was
    assert not torch.equal(model(data), again(data))
    assert torch.equal(model(data), model(data))


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ({"causes": {"stuk": {}}}, ["stuk", "stuck"]),
        ({"causes": {"stuck": {"share": 2.0}}}, ["share", "0 to 1"]),
        ({"causes": {}}, ["has no barriers", "escape_barrier"]),
        ({"device": imperfections(state_conductance=[CONDUCTANCES * 1.1])}, ["other levels"]),
        ({"seed": -1}, ["seed", "-1"]),
        ({"device": 5}, ["device", "imperfections"]),
    ],
)
def test_what_cannot_be_made_is_refused_in_one_sentence(arguments, parts):
    model = quantize(nn.Linear(4, 3), LEVELS)
    usual = {"device": imperfections(), "seed": 1, "causes": {"retention": None}}
    with pytest.raises((FileError, ValueError)) as caught:
        imperfect(model, **(usual | arguments))
    one_sentence(caught, *parts)


def test_a_model_that_is_not_on_levels_is_refused():
    with pytest.raises(ValueError, match="is not on levels"):
        imperfect(nn.Linear(4, 3), imperfections(), seed=1)


class Recurrent(nn.Module):
    """An LSTM, attention, and a layer for its last step."""

    def __init__(self):
        super().__init__()
        self.steps = nn.LSTM(5, 6, batch_first=True)
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)
        self.last = nn.Linear(6, 3)

    def forward(self, sequences):
        steps, _ = self.steps(sequences)
        attended, _ = self.attention(steps, steps, steps, need_weights=False)
        return self.last(attended[:, -1])


def test_matrices_of_an_lstm_and_of_attention_are_devices_where_they_are_named():
    torch.manual_seed(1)
    model = Recurrent().eval()
    layers = ["steps", "attention", "attention.out_proj", "last"]
    placed = quantize(model, LEVELS, layers=layers)
    device = imperfections(gain_spread=0.1, read_noise=[0.05] * 4)
    quiet = {"retention": None, "disturb": None, "wires": None}
    data = torch.rand(4, 7, 5)
    network = imperfect(placed, device, quiet, seed=2, data=data)
    weights = {}
    for turn in range(2):
        with torch.no_grad():
            network(data)
        weights[turn] = {k: v.clone() for k, v in network.state_dict().items() if v.dim() > 1}
    assert len(weights[0]) == 5
    for name, values in weights[0].items():
        # each matrix differs from the programmed one, and from reading to reading
        assert not torch.equal(values, placed.state_dict()[name])
        assert not torch.equal(values, weights[1][name])
    assert torch.equal(network.last.bias, placed.last.bias)
