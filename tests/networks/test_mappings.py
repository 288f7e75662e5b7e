import numpy as np
import pytest
import torch
from helpers.synthetic import write_neuron, write_synapse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from wallnet.config.networks import LEVEL_SETS, SCHEMES, split_mapping
from wallnet.files import FileError
from wallnet.networks.mappings import MAPPINGS, read_levels

LEVELS = torch.tensor([0.0, 0.1, 0.3, 0.6, 1.0])
weights = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(2, 9)),
    elements=st.floats(-2, 2, width=32),
).map(torch.from_numpy)
schemes = pytest.mark.parametrize("scheme", SCHEMES)


def close(circuit):
    return 1e-5 * float(circuit.scale.max() + circuit.offset.abs().max() + 1)


def test_the_configuration_knows_every_mapping_and_level_set(tmp_path):
    assert set(SCHEMES) == set(MAPPINGS)
    path = write_synapse(tmp_path / "synapse.json", 6)
    counts = [len(read_levels(path, "parallel", name).values) for name in LEVEL_SETS]
    assert counts == [6, 11, 6]
    for name in SCHEMES:
        assert split_mapping(name) == (name, "measured")
        assert split_mapping(f"{name}-reachable") == (name, "reachable")


@pytest.mark.parametrize("name", ["", "layr", "layer-none", "layer-measured", "layer-extended-row"])
def test_other_names_are_no_mappings(name):
    with pytest.raises(ValueError, match="not a mapping"):
        split_mapping(name)


@schemes
@settings(max_examples=40, deadline=None)
@given(weight=weights)
def test_every_weight_lands_on_the_table(scheme, weight):
    mapping = MAPPINGS[scheme](LEVELS)
    circuit = mapping.circuit_for(weight)
    snapped = mapping.snap(weight, circuit)
    allowed = circuit.offset.reshape(-1, 1) + circuit.scale.reshape(-1, 1) * mapping.table
    for row in range(len(weight)):
        values = allowed[row if len(allowed) > 1 else 0]
        distance = (snapped[row][:, None] - values).abs().amin(dim=1)
        assert distance.max() <= close(circuit)


@schemes
@settings(max_examples=40, deadline=None)
@given(weight=weights)
def test_no_table_entry_is_nearer(scheme, weight):
    mapping = MAPPINGS[scheme](LEVELS)
    circuit = mapping.circuit_for(weight)
    error = (mapping.snap(weight, circuit) - weight).abs()
    entries = circuit.offset[..., None] + circuit.scale[..., None] * mapping.table
    assert (error <= (weight[..., None] - entries).abs().amin(dim=-1) + close(circuit)).all()


@schemes
@settings(max_examples=40, deadline=None)
@given(weight=weights)
def test_snapping_twice_is_snapping_once(scheme, weight):
    mapping = MAPPINGS[scheme](LEVELS)
    circuit = mapping.circuit_for(weight)
    once = mapping.snap(weight, circuit)
    assert (mapping.snap(once, circuit) - once).abs().max() <= close(circuit)


@pytest.mark.parametrize("scheme", ["layer", "row"])
@settings(max_examples=40, deadline=None)
@given(weight=weights)
def test_the_extremes_of_a_layer_or_row_keep_their_value(scheme, weight):
    mapping = MAPPINGS[scheme](LEVELS)
    circuit = mapping.circuit_for(weight)
    snapped = mapping.snap(weight, circuit)
    dimension = None if scheme == "layer" else 1
    for extreme in (torch.amin, torch.amax):
        before = extreme(weight) if dimension is None else extreme(weight, dim=1)
        after = extreme(snapped) if dimension is None else extreme(snapped, dim=1)
        assert (before - after).abs().max() <= close(circuit)


def test_the_papers_mapping_by_hand():
    mapping = MAPPINGS["layer"](LEVELS)
    weight = torch.tensor([[-1.0, 1.0], [-0.55, 0.3]])  # normalised 0, 1, 0.225 and 0.65
    circuit = mapping.circuit_for(weight)
    assert (float(circuit.offset), float(circuit.scale)) == (-1.0, 2.0)
    expected = torch.tensor([[-1.0, 1.0], [2 * 0.3 - 1, 2 * 0.6 - 1]])
    torch.testing.assert_close(mapping.snap(weight, circuit), expected)


def test_a_row_has_a_scale_of_its_own():
    weight = torch.tensor([[0.0, 0.01, 0.1], [0.0, 1.0, 10.0]])
    mapping = MAPPINGS["row"](LEVELS)
    torch.testing.assert_close(mapping.snap(weight, mapping.circuit_for(weight)), weight)
    single = MAPPINGS["layer"](LEVELS)
    assert single.snap(weight, single.circuit_for(weight))[0].tolist() == [0.0, 0.0, 0.0]


def test_a_fitted_range_has_no_larger_error_than_the_whole_one():
    weight = torch.randn(40, 50, generator=torch.Generator().manual_seed(0)) * 0.05
    weight[0, 0] = 3.0
    errors = {}
    for scheme in ("layer", "fitted"):
        mapping = MAPPINGS[scheme](LEVELS)
        errors[scheme] = float(
            (mapping.snap(weight, mapping.circuit_for(weight)) - weight).square().mean()
        )
    assert errors["fitted"] < 0.7 * errors["layer"]


def test_a_fitted_range_is_the_best_of_its_grid():
    """It is compared with plain NumPy, for weights with a long tail on one side."""
    random = np.random.default_rng(1)
    weight = np.concatenate([random.normal(0.02, 0.05, 400), random.exponential(0.15, 40)])
    middle, least, greatest = np.sort(weight)[(weight.size - 1) // 2], weight.min(), weight.max()
    table = LEVELS.numpy().astype(float)
    errors = {}
    for low in np.linspace(0.1, 1.0, 19):
        for high in np.linspace(0.1, 1.0, 19):
            start, stop = middle + low * (least - middle), middle + high * (greatest - middle)
            values = start + (stop - start) * table
            nearest = np.abs(weight[:, None] - values).min(axis=1)
            errors[start, stop] = np.mean(nearest**2)
    start, stop = min(errors, key=errors.get)
    assert least < start
    assert stop < greatest
    circuit = MAPPINGS["fitted"](LEVELS).circuit_for(
        torch.tensor(weight, dtype=torch.float32)[None]
    )
    assert float(circuit.offset) == pytest.approx(start, abs=1e-5)
    assert float(circuit.offset + circuit.scale) == pytest.approx(stop, abs=1e-5)


def test_a_pair_of_levels_short_of_the_full_span_keeps_the_largest_weight():
    mapping = MAPPINGS["differential"](torch.tensor([0.0, 0.3, 0.8]))
    weight = torch.tensor([[0.1, 0.5], [-2.0, 1.1]])
    circuit = mapping.circuit_for(weight)
    assert float(circuit.scale) == pytest.approx(2.0 / 0.8, rel=1e-6, abs=0)
    # entries ±0.8, ±0.5, ±0.3, 0, times 2.5
    expected = torch.tensor([[0.0, 0.75], [-2.0, 1.25]])
    torch.testing.assert_close(mapping.snap(weight, circuit), expected)


def test_a_pair_of_synapses_holds_zero_and_both_signs():
    mapping = MAPPINGS["differential"](torch.linspace(0, 1, 6))
    torch.testing.assert_close(mapping.table, torch.linspace(-1, 1, 11))
    weight = torch.tensor([[0.0, 0.3, -2.0]])
    snapped = mapping.snap(weight, mapping.circuit_for(weight))
    torch.testing.assert_close(snapped, torch.tensor([[0.0, 0.4, -2.0]]))


@schemes
def test_equal_weights_are_no_trouble(scheme):
    weight = torch.full((3, 4), 0.0)
    mapping = MAPPINGS[scheme](LEVELS)
    circuit = mapping.circuit_for(weight)
    torch.testing.assert_close(mapping.snap(weight, circuit), weight)
    assert (circuit.scale > 0).all()


def test_levels_are_read_as_measured(tmp_path):
    path = write_synapse(tmp_path / "synapse.json", 6)
    levels = read_levels(path, "series", "measured")
    switched = torch.linspace(0, 1, 6)
    torch.testing.assert_close(levels.values, switched / (2 - switched))
    assert levels.whole == 6
    assert len(read_levels(path, "parallel", "extended").values) == 11


def both(*values):
    return [{"parallel": value, "series": value} for value in values]


def test_states_in_which_no_wall_rests_are_left_out(tmp_path):
    path = write_synapse(
        tmp_path / "synapse.json",
        4,
        normalized_conductance=both(0.0, None, 0.7, 1.0),
        stable=[True, False, True, True],
        reachable=[True, True, False, True],
    )
    measured = read_levels(path, "parallel", "measured")
    torch.testing.assert_close(measured.values, torch.tensor([0.0, 0.7, 1.0]))
    assert measured.whole == 4
    reachable = read_levels(path, "parallel", "reachable").values
    torch.testing.assert_close(reachable, torch.tensor([0.0, 1.0]))


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"normalized_conductance": both(0, None, 1.0)}, "without conductance"),
        ({"normalized_conductance": both(0, "x", 1.0)}, "without conductance"),
        ({"normalized_conductance": [{}, {}, {}]}, "lack 'parallel'"),
        ({"normalized_conductance": both(0.5, 0.5, 0.5)}, "has 1 different levels"),
        ({"stable": [False, False, True]}, "has 1 different levels"),
        ({"normalized_conductance": both(0, 0.5, 1.5)}, "outside [0, 1]"),
        ({"normalized_conductance": both(-0.5, 0.5, 1)}, "outside [0, 1]"),
    ],
)
def test_unusable_levels_are_one_sentence(tmp_path, changes, part):
    path = write_synapse(tmp_path / "synapse.json", 3, **changes)
    with pytest.raises(FileError) as caught:
        read_levels(path, "parallel", "measured")
    assert part in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_neuron_is_no_synapse(tmp_path):
    path = write_neuron(tmp_path / "neuron.json")
    with pytest.raises(FileError, match="describes a neuron and has no levels"):
        read_levels(path, "parallel", "measured")
