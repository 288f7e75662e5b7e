import numpy as np
import pytest
import torch
from helpers.synthetic import one_sentence, write_synapse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from wallnet.config.mappings import LEVEL_SETS, SCHEMES, split_mapping
from wallnet.files import FileError
from wallnet.networks import schemes
from wallnet.networks.layers import SynapticLayer
from wallnet.networks.mappings import (
    MOST_COMPARED,
    Circuit,
    Placement,
    WeightMapping,
    distinct_levels,
    read_mapping,
)
from wallnet.networks.schemes import NO_SYNAPSE, Signed

LEVELS = torch.tensor([0.0, 0.1, 0.3, 0.6, 1.0])
weights = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(2, 9)),
    elements=st.floats(-2, 2, width=32),
).map(torch.from_numpy)
NAMES = (
    *SCHEMES,
    *("layer-fitted", "layer-1.5sd", "row-fitted", "row-2sd"),
    *("signed-row", "signed-fitted", "signed-2sd", "signed-row-fitted", "signed-row-1.5sd"),
    *("differential-row", "differential-fitted", "differential-2sd"),
)
names = pytest.mark.parametrize("name", NAMES)
RULES = ("layer", "row", "differential", "signed")
"""Mappings that `calculated` knows; another one has a test of its own."""


def test_the_configuration_knows_every_mapping_and_level_set(tmp_path):
    path = write_synapse(tmp_path / "synapse.json", 6)
    suffixes = ["", *(f"-{levels}" for levels in LEVEL_SETS[1:])]
    mappings = [read_mapping(path, "parallel", f"layer{suffix}") for suffix in suffixes]
    counts = [len(mapping.conductances) for mapping, _ in mappings]
    assert counts == [6, 11, 6, 4, 2]


def test_every_named_scheme_computes_and_no_other():
    assert {*schemes.SCHEMES} == {*SCHEMES}


def test_every_part_of_a_name_reaches_the_mapping():
    """Except the level set."""
    created = WeightMapping("signed-row-2.5sd-extended", LEVELS)
    assert type(created.scheme) is Signed
    assert (created.per_row, created.scale, created.deviations) == (True, "deviations", 2.5)


# Rules of the scale, calculated a second time in plain NumPy


def grid(row, lows, highs, entries):
    """Return the range with the least squared error, the first of equal ones."""
    best, least = None, np.inf
    for low, high in zip(lows, highs, strict=True):
        values = low + (high - low) * (entries - entries[0]) / np.ptp(entries)
        error = np.mean(np.abs(row[:, None] - values).min(axis=1) ** 2)
        if error < least:
            best, least = (low, high), error
    return best


def range_of(row, pair, scale, deviations, entries):
    """Return the least and the greatest weight that one circuit reaches."""
    spread = deviations * row.std()
    if pair:
        largest = np.abs(row).max()
        if scale == "deviations":
            largest = min(largest, spread)
        if scale != "fitted":
            return -largest, largest
        tried = largest * np.linspace(0.1, 1.0, 46)
        return grid(row, -tried, tried, entries)
    if scale == "largest":
        return row.min(), row.max()
    if scale == "deviations":
        return max(row.min(), row.mean() - spread), min(row.max(), row.mean() + spread)
    middle = np.sort(row)[(row.size - 1) // 2]
    shares = np.linspace(0.1, 1.0, 19)
    low, high = np.meshgrid(
        middle + shares * (row.min() - middle), middle + shares * (row.max() - middle)
    )
    # all upper ends of one lower end come first, as of equally good ranges the first is used
    return grid(row, low.T.ravel(), high.T.ravel(), entries)


def calculated(name, weight):
    """Return the snapped weights and the range of each circuit, in double precision."""
    scheme, per_row, scale, deviations, _ = split_mapping(name)
    levels = LEVELS.numpy().astype(float)
    entries = {
        "differential": np.unique(np.round(levels[:, None] - levels, 6)),
        "signed": np.concatenate([-levels[:0:-1], levels]),
    }.get(scheme, levels)
    rows = weight.numpy().astype(float).reshape(len(weight) if per_row else 1, -1)
    snapped, ranges = [], []
    for row in rows:
        low, high = range_of(row, scheme in ("differential", "signed"), scale, deviations, entries)
        values = low + (high - low) * (entries - entries[0]) / np.ptp(entries)
        snapped.append(values[np.abs(row[:, None] - values).argmin(axis=1)])
        ranges.append((low, high))
    return np.reshape(snapped, weight.shape), np.array(ranges)


def tailed(*shape):
    """Return weights with a long tail above, in rows of different width."""
    random = np.random.default_rng(3)
    values = random.normal(0.02, 0.05, shape) + random.exponential(0.06, shape)
    values *= np.linspace(0.5, 2.0, shape[0]).reshape(-1, *[1] * (len(shape) - 1))
    return torch.tensor(values, dtype=torch.float32)


@pytest.mark.parametrize("name", [name for name in NAMES if name.split("-")[0] in RULES])
@pytest.mark.parametrize("shape", [(5, 40), (4, 3, 5, 5)], ids=["matrix", "kernels"])
def test_every_scale_is_that_of_its_rule(name, shape):
    """A kernel's row is all of its output channel."""
    weight = tailed(*shape)
    mapping = WeightMapping(name, LEVELS)
    circuit = mapping.circuit_for(weight)
    expected, ranges = calculated(name, weight)
    per_row = split_mapping(name).per_row
    ends = (circuit.offset + circuit.scale * mapping.table[end] for end in (0, -1))
    for computed, bound in zip(ends, ranges.T, strict=True):
        assert tuple(computed.shape) == ((shape[0], *[1] * (len(shape) - 1)) if per_row else ())
        # single precision deviates by 2e-7
        np.testing.assert_allclose(computed.flatten().numpy(), bound, rtol=0, atol=1e-6)
    np.testing.assert_allclose(mapping.snap(weight, circuit).numpy(), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("count", [2, 5, MOST_COMPARED + 1, MOST_COMPARED + 2, 300])
def test_few_and_many_entries_are_found_alike(count):
    """Weights on and beside each boundary, and beyond both ends; the lower entry has the tie."""
    mapping = WeightMapping("layer", np.cumsum(1.0 + np.random.default_rng(2).random(count)))
    boundaries = (mapping.table[1:] + mapping.table[:-1]) / 2
    infinite = torch.full_like(boundaries, torch.inf)
    above, below = (torch.nextafter(boundaries, end) for end in (infinite, -infinite))
    weight = torch.cat([below, boundaries, above, torch.tensor([-9.0, 9.0])])
    lower = list(range(count - 1))
    expected = [*lower, *lower, *range(1, count), 0, count - 1]
    circuit = Circuit(torch.tensor(0.0), torch.tensor(1.0))
    assert mapping.nearest(weight, circuit).tolist() == expected


def test_signed_weights_by_hand():
    mapping = WeightMapping("signed", [2e-6, 3e-6, 6e-6])  # normalised 0, 0.25 and 1
    weight = torch.tensor([[0.5, -2.0], [0.22, 1.3], [-0.2, 1.2]])
    circuit = mapping.circuit_for(weight)
    assert (float(circuit.offset), float(circuit.scale)) == (0.0, 2.0)
    expected = torch.tensor([[0.5, -2.0], [0.0, 2.0], [0.0, 0.5]])
    torch.testing.assert_close(mapping.snap(weight, circuit), expected, rtol=0, atol=0)
    # one of the two synapses stays at its lowest level
    pairs = mapping.synapses[mapping.nearest(weight, circuit)].tolist()
    assert pairs == [[[1, 0], [0, 2]], [[0, 0], [2, 0]], [[0, 0], [1, 0]]]


def test_a_difference_uses_the_lowest_conductances():
    mapping = WeightMapping("differential", [10.0, 20.0, 30.0, 40.0])
    torch.testing.assert_close(mapping.table, torch.arange(-3, 4) / 3)
    assert mapping.synapses.tolist() == [[0, 3], [0, 2], [0, 1], [0, 0], [1, 0], [2, 0], [3, 0]]
    uneven = WeightMapping("differential", [0.0, 1.0, 4.0])
    torch.testing.assert_close(uneven.table, torch.tensor([-4, -3, -1, 0, 1, 3, 4]) / 4)
    assert uneven.synapses.tolist()[4:] == [[1, 0], [2, 1], [2, 0]]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_entry_is_the_difference_of_its_synapses(scheme):
    mapping = WeightMapping(scheme, LEVELS)
    for entry, (plus, minus) in zip(mapping.table, mapping.synapses.tolist(), strict=True):
        subtracted = 0.0 if minus == NO_SYNAPSE else LEVELS[minus]
        assert entry == LEVELS[plus] - subtracted
        assert (minus == NO_SYNAPSE) == (scheme in ("layer", "row"))
    assert (mapping.table.diff() > 0).all()


@settings(max_examples=80, deadline=None)
@given(name=st.sampled_from(NAMES), weight=weights)
def test_every_weight_goes_to_the_nearest_entry_and_stays_there(name, weight):
    mapping = WeightMapping(name, LEVELS)
    circuit = mapping.circuit_for(weight)
    snapped = mapping.snap(weight, circuit)
    entries = circuit.offset[..., None] + circuit.scale[..., None] * mapping.table
    assert (snapped[..., None] == entries).any(dim=-1).all()
    close = 1e-5 * float(circuit.scale.max() + circuit.offset.abs().max() + 1)
    nearest = (weight[..., None] - entries).abs().amin(dim=-1)
    assert ((snapped - weight).abs() <= nearest + close).all()
    assert torch.equal(mapping.snap(snapped, circuit), snapped)


def test_the_papers_mapping_by_hand():
    mapping = WeightMapping("layer", LEVELS)
    weight = torch.tensor([[-1.0, 1.0], [-0.55, 0.3]])  # normalised 0, 1, 0.225 and 0.65
    circuit = mapping.circuit_for(weight)
    assert (float(circuit.offset), float(circuit.scale)) == (-1.0, 2.0)
    expected = torch.tensor([[-1.0, 1.0], [2 * 0.3 - 1, 2 * 0.6 - 1]])
    torch.testing.assert_close(mapping.snap(weight, circuit), expected)


def test_a_pair_of_synapses_holds_zero_and_both_signs():
    mapping = WeightMapping("differential", torch.linspace(0, 1, 6))
    torch.testing.assert_close(mapping.table, torch.linspace(-1, 1, 11))
    weight = torch.tensor([[0.0, 0.3, -2.0]])
    snapped = mapping.snap(weight, mapping.circuit_for(weight))
    torch.testing.assert_close(snapped, torch.tensor([[0.0, 0.4, -2.0]]))


@names
@pytest.mark.parametrize("value", [0.0, -0.3])
def test_equal_weights_are_no_trouble(name, value):
    weight = torch.full((3, 4), value)
    mapping = WeightMapping(name, LEVELS)
    circuit = mapping.circuit_for(weight)
    assert (circuit.scale > 0).all()
    if value == 0 or split_mapping(name).scheme in ("layer", "row"):
        torch.testing.assert_close(mapping.snap(weight, circuit), weight)
    assert torch.isfinite(mapping.snap(weight, circuit)).all()


# Levels


def test_levels_are_normalised_in_any_unit_and_order():
    """The quarter, the half and the whole of the range are exact in single precision."""
    exact = torch.tensor([0.0, 0.25, 0.5, 1.0])
    for levels in (
        [0.0, 0.25, 0.5, 1.0],
        [80e-6, 40e-6, 60e-6, 50e-6],
        [1.0, 5.0, 3.0, 2.0],
        np.array([4, 8, 5, 6, 6, 4]),
        torch.tensor([7.0, 3.0, 5.0, 4.0]),
        [40e-6, 40e-6 * (1 + 1e-9), 50e-6, 60e-6, 80e-6],
    ):
        assert torch.equal(WeightMapping("layer", levels).levels, exact)
        weight = tailed(5, 40)
        for name in ("layer-2sd", "signed-fitted", "differential"):
            created, plain = WeightMapping(name, levels), WeightMapping(name, exact)
            circuit = plain.circuit_for(weight)
            assert torch.equal(created.circuit_for(weight).scale, circuit.scale)
            assert torch.equal(created.snap(weight, circuit), plain.snap(weight, circuit))
    kept = distinct_levels([80e-6, 40e-6, 60e-6, 50e-6, 60e-6])
    assert kept.tolist() == [40e-6, 50e-6, 60e-6, 80e-6]


def test_levels_are_one_if_they_differ_by_a_millionth_of_their_range():
    """Of the range, not of the largest conductance; the lowest of them is kept."""
    assert distinct_levels([0.0, 3e-6, 1.0]).tolist() == [0.0, 3e-6, 1.0]
    assert distinct_levels([0.0, 3e-7, 1.0]).tolist() == [0.0, 1.0]
    # a narrow range far from 0
    narrow = [1.0, 1.0 + 5e-7, 1.0 + 1e-5]
    assert distinct_levels(narrow).tolist() == narrow


@pytest.mark.parametrize(
    ("levels", "part"),
    [
        ([1e-6, float("nan"), 3e-6], "level 2 of 3 is nan; give finite conductances"),
        ([1e-6, None], "level 2 of 2 is nan"),
        ([1.0, 1.0 + 1e-9], "fewer than two levels differ"),
        ([], "fewer than two levels differ"),
        (["high", "low"], "the levels are not numbers"),
        ([1, 10**400], "the levels are not numbers"),
        ([[1e-6, 2e-6], [3e-6, 4e-6]], "the levels have 2 dimensions"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_levels_that_cannot_be_used_are_one_sentence(levels, part):
    for name in ("layer", "signed-3sd"):
        with pytest.raises(ValueError, match="level") as caught:
            WeightMapping(name, levels)
        one_sentence(caught, part)


def both(*values):
    return [{"parallel": value, "series": value} for value in values]


def test_states_in_which_no_wall_rests_are_left_out(tmp_path):
    """Two states with one conductance are one level."""
    path = write_synapse(
        tmp_path / "synapse.json",
        5,
        conductance=both(5e-5, None, 4e-5, 9e-5, 5e-5),
        stable=[True, False, True, True, True],
        reachable=[False, True, True, True, False],
    )
    measured, whole = read_mapping(path, "parallel", "signed")
    assert measured.conductances.tolist() == [4e-5, 5e-5, 9e-5]
    assert whole == 5
    reachable, _ = read_mapping(path, "parallel", "signed-reachable")
    assert reachable.conductances.tolist() == [4e-5, 9e-5]


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"conductance": both(1e-5, None, 2e-5)}, "without conductance"),
        ({"conductance": [{}, {}, {}]}, "no complete levels ('parallel')"),
        ({"conductance": both(5e-5, 5e-5, 5e-5)}, "fewer than two levels differ"),
    ],
)
def test_unusable_levels_are_one_sentence(tmp_path, changes, part):
    path = write_synapse(tmp_path / "synapse.json", 3, **changes)
    with pytest.raises(FileError) as caught:
        read_mapping(path, "parallel", "layer")
    one_sentence(caught, part, str(path))


# Weights of zero


@pytest.mark.parametrize("name", ["signed-row-fitted", "differential-row", "signed-row-1.5sd"])
def test_a_pruned_row_is_at_the_entry_zero_with_the_mean_scale_of_the_others(name):
    pruned = torch.tensor([[0.5, -1.0, 0.3, 0.1], [0.0, 0.0, 0.0, 0.0], [1.6, -0.4, 0.2, -0.7]])
    mapping = WeightMapping(name, LEVELS)
    circuit = mapping.circuit_for(pruned)
    alone = mapping.circuit_for(pruned[[0, 2]])
    assert circuit.offset.flatten().tolist() == [0.0, 0.0, 0.0]
    assert torch.equal(circuit.scale[[0, 2]], alone.scale)
    first, _, last = circuit.scale.flatten().tolist()
    assert circuit.scale[1].item() == pytest.approx((first + last) / 2, abs=1e-6)
    entry = mapping.nearest(pruned, circuit)[1]
    assert mapping.synapses[entry.long()].tolist() == [[0, 0]] * 4
    assert mapping.snap(pruned, circuit)[1].tolist() == [0.0] * 4


def test_a_row_of_zeros_on_single_synapses_is_at_the_lowest_level():
    mapping = WeightMapping("row", LEVELS)
    pruned = torch.tensor([[0.4, -0.2], [0.0, 0.0]])
    circuit = mapping.circuit_for(pruned)
    assert circuit.offset.flatten().tolist() == pytest.approx([-0.2, 0.0], abs=1e-7)
    assert circuit.scale.flatten().tolist() == pytest.approx([0.6, 0.6], abs=1e-7)
    assert mapping.nearest(pruned, circuit)[1].tolist() == [0, 0]


@pytest.mark.parametrize(("name", "scale"), [("signed", 0.75), ("layer", 1.25)])
def test_a_layer_of_zeros_has_the_mean_scale_of_the_others(name, scale):
    """Signed: largest magnitudes 0.5 and 1; layer: ranges 0.9 and 1.6."""
    mapping = WeightMapping(name, LEVELS)
    matrices = ([[0.5, -0.4]], [[0.0, 0.0]], [[-1.0, 0.6]])
    weights = (torch.nn.Parameter(torch.tensor(rows)) for rows in matrices)
    layers = {str(number): SynapticLayer(weight) for number, weight in enumerate(weights)}
    placement = Placement.chosen(layers, mapping)
    offset, of_zeros = placement.circuits["1"]
    assert (offset.item(), of_zeros.item()) == pytest.approx((0.0, scale), abs=1e-6)
    placement.snap(layers)
    assert layers["1"].weight.tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("name", ["signed", "row", "signed-row-fitted", "layer"])
def test_a_layer_of_zeros_is_trained_in_the_range_of_the_initialisation(name):
    """PyTorch draws weights of 16 inputs between -1/4 and 1/4."""
    mapping = WeightMapping(name, LEVELS)
    layer = SynapticLayer(torch.nn.Parameter(torch.zeros(3, 16)))
    ((offset, scale),) = Placement.chosen({"a": layer}, mapping, training=True).circuits.values()
    ends = [(offset + scale * mapping.table[end]).flatten().tolist() for end in (0, -1)]
    assert ends == [[pytest.approx(bound, abs=1e-7)] * scale.numel() for bound in (-0.25, 0.25)]
