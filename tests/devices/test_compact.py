"""The part of a device that networks read: exactly its levels or its activation."""

import json
import re

import numpy as np
import pytest
from helpers.small_campaign import ROOT
from helpers.synthetic import filled

from wallnet import files
from wallnet.files.compact import activation_of, decisive, levels_of
from wallnet.studies.compact import compact_model


@pytest.fixture
def synapse_model(synapse):
    """Return a synapse whose wall does not stay at notch 2, and its compact model."""
    synapse.write_level("2", (300e-9, 300e-9))
    synapse.write_pulse(0.8e12, 450e-9, 450e-9)
    data = synapse.gather()
    path = synapse.root / "synapse.json"
    compact_model(synapse.out, path)
    return data, path


@pytest.mark.parametrize("reading", files.READINGS)
def test_levels_are_those_of_the_device_file(synapse_model, reading):
    data, path = synapse_model
    every = data["level_conductance"].sel(reading=reading).values
    measured_only = data["half"].values == 0
    whole = every[measured_only]
    assert np.isnan(whole[2])
    measured, count = levels_of(path, reading, "measured")
    # exactly equal
    assert measured == sorted(whole[np.isfinite(whole)].tolist())
    assert count == 4
    assert levels_of(path, reading, "extended")[0] == sorted(every[np.isfinite(every)].tolist())
    reachable, _ = levels_of(path, reading, "reachable")
    assert reachable == sorted(whole[data["reachable"].values[measured_only] == 1].tolist())
    # in S, not normalised
    assert 0 < min(measured) < max(measured) < 1e-3
    made_by = files.read_json(path)["made_by"]
    assert made_by["simulation_temperature"] == "0 K"
    attrs = [made_by[name] for name in ("parameters", "simulation_backend", "revision")]
    # the minima, by which states are named, have the embedded engine
    assert attrs == [data.attrs["parameters"], "analytic, film", data.attrs["revision"]]


def test_a_state_that_holds_its_wall_need_not_be_reached(synapse, tmp_path):
    """A half state that no pulse reaches can also hold the wall."""
    synapse.write_pulse(0.8e12, 450e-9, 450e-9)  # rests between the notches
    data = synapse.gather()
    path = tmp_path / "synapse.json"
    compact_model(synapse.out, path)
    levels = files.read_json(path)["levels"]
    assert [level["state"] for level in levels] == data["level_state"].values.tolist()
    assert [level["half"] for level in levels] == [False, False, True, False, False]
    assert [level["stable"] for level in levels] == [True, True, True, True, True]
    assert [level["reachable"] for level in levels] == [True, True, True, False, True]
    for index, level in enumerate(levels):
        # a straight wall: linear in the parallel reading, below that in the series reading
        parallel, series = (level["conductance"][k] for k in ("parallel", "series"))
        assert (parallel, series) == tuple(data["level_conductance"].values[:, index])
        assert series <= parallel * (1 + 1e-12)


def test_the_recipe_of_the_page_takes_the_levels_that_networks_use(synapse, tmp_path):
    """The state between two notches holds the wall too; networks use it as an extended level."""
    swept = synapse.gather()
    path = tmp_path / "synapse.json"
    compact_model(synapse.out, path)
    page = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^whole = (.*)$", page, re.M)
    conductance = swept.level_conductance.sel(reading="parallel").values
    taken = conductance[eval(line, {"swept": swept})]
    assert sorted(taken.tolist()) == levels_of(path, "parallel", "measured")[0]
    assert len(levels_of(path, "parallel", "extended")[0]) == len(taken) + 1


def test_one_more_pulse_that_reaches_no_new_level_decides_nothing(synapse, tmp_path):
    def decisive_parts():
        synapse.gather()
        compact_model(synapse.out, tmp_path / "model.json")
        return [
            decisive(tmp_path / "model.json", reading, level_set)
            for reading in files.READINGS
            for level_set in ("measured", "extended", "reachable")
        ]

    before = decisive_parts()
    synapse.write_pulse(0.5e12, 301e-9, 299e-9)  # elsewhere in the trace; same levels
    assert decisive_parts() == before
    synapse.write_level("1", (307e-9, 307e-9))
    after = decisive_parts()
    assert all(one != other for one, other in zip(before, after, strict=True))


def test_each_reading_has_the_curve_and_the_fault_of_the_device_file(neuron):
    data = neuron.gather()
    data["fault"] = data["fault"].astype(object)
    data["fault"].values[:] = ["", "falls by 0.4"]
    files.write_dataset(data, neuron.out, "neuron", {})
    path = neuron.root / "neuron.json"
    compact_model(neuron.out, path)
    quartics = data["quartic"].transpose("reading", ...).values
    assert (quartics[0] != quartics[1]).all()
    for reading, quartic, expected in zip(
        files.READINGS, quartics, ("", "falls by 0.4"), strict=True
    ):
        curve, fault = activation_of(path, reading)
        assert (curve.breaks, curve.coefficients) == ((0.0, 1.0), (tuple(quartic.tolist()),))
        assert (len(curve.coefficients[0]), fault) == (5, expected)


def activation(**curve):
    return {"activation": {"parallel": {**curve, "fault": ""}}}


def test_a_curve_can_have_several_pieces(tmp_path):
    path = tmp_path / "neuron.json"
    pieces = activation(breaks=[0, 0.25, 1], coefficients=[[0, 1], [0.25, 2]])
    files.write_json({"kind": "neuron", **pieces}, path)
    curve, fault = activation_of(path, "parallel")
    assert curve == ((0.0, 0.25, 1.0), ((0.0, 1.0), (0.25, 2.0)))
    assert fault == ""
    pieces["activation"]["parallel"]["breaks"][1] = 0.3
    before = decisive(path, "parallel")
    files.write_json({"kind": "neuron", **pieces}, path)
    assert "" != decisive(path, "parallel") != before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (activation(breaks=[0, 1], coefficients=[[1, 2], [3, 4]]), "has an incomplete curve"),
        (activation(breaks=[0, 0.5, 1], coefficients=[[1, 2], [3]]), "has an incomplete curve"),
        (activation(breaks=[0], coefficients=[]), "has an incomplete curve"),
        (activation(breaks=[0, 1], coefficients=["ab"]), "has no complete activation"),
        (activation(breaks=[0, "x"], coefficients=[[1, 2]]), "has no complete activation"),
        (activation(breaks=[0, 1], coefficients=[1, 2]), "has no complete activation"),
        (activation(quartic=[0, 1, 0, 0, 0]), "has no complete activation .*'breaks'"),
        ({"activation": {}}, "has no complete activation"),
    ],
)
def test_a_foreign_model_is_refused(tmp_path, change, words):
    path = tmp_path / "neuron.json"
    files.write_json({"kind": "neuron", **change}, path)
    with pytest.raises(files.FileError, match=words):
        activation_of(path, "parallel")
    assert decisive(path, "parallel") == ""
    assert decisive(tmp_path / "missing.json", "parallel", "measured") == ""


def write_barriers(path, kept):
    """Write barriers of a synapse with two notches, of which these states are kept."""
    states = ["notch 1", "between 1 and 2", "notch 2"]
    dataset = filled(
        "barriers",
        state_name=states,
        state_retained=[int(state in kept) for state in states],
        state_lifetime=np.zeros((3, 2)),
        pair_first=["notch 2"],
        pair_second=["reversed"],
        pair_converged=[1],
        pair_backward=[1e-18],
        pair_energy=[[0.0]],
    )
    parameters = json.dumps({"settings": {"temperature": 300.0}})
    files.write_dataset(dataset.assign_attrs(parameters=parameters), path, "barriers", {})
    return path


def test_the_kept_levels_are_those_of_the_barriers(synapse, tmp_path):
    """The start of a synapse is not kept; a reversed track is, as nucleation is too high."""
    data = synapse.gather()
    barriers = write_barriers(tmp_path / "barriers.nc", {"notch 1", "between 1 and 2"})
    path = tmp_path / "synapse.json"
    compact_model(synapse.out, path, barriers)
    levels = files.read_json(path)["levels"]
    assert [level["kept"] for level in levels] == [False, True, True, False, True]
    kept, count = levels_of(path, "series", "kept")
    expected = data["level_conductance"].sel(reading="series").values[[1, 2, 4]]
    assert kept == expected.tolist()
    assert count == 4


def write_transitions(path, pulses):
    """Write transitions of a synapse with two notches, given the end of two pulses a state."""
    starts = ["notch 1", "between 1 and 2", "notch 2"]
    targets = [*starts, "reversed", "expelled"]
    # a wall that is free is at no target
    ends = [
        [[targets.index(state) if state in targets else -1 for state in pair]] for pair in pulses
    ]
    dataset = filled(
        "transitions",
        start=starts,
        target=targets,
        duration=[5e-9],
        current_density=[-0.7e12, 0.7e12],
        start_stable=[1, 1, 1],
        end_target=ends,
        end_state=[[pair] for pair in pulses],
        end_settled=np.ones_like(ends),
        reached=[1] * 5,
        left=[1] * 3,
    )
    files.write_dataset(dataset, path, "transitions", {})
    return path


def test_the_mutually_reachable_levels_are_kept_and_pulses_lead_both_ways(synapse, tmp_path):
    """No pulse leads back from tracks without a wall; the half state is passed but is not kept."""
    data = synapse.gather()
    barriers = write_barriers(tmp_path / "barriers.nc", {"notch 1", "notch 2"})
    there = [("free", "between 1 and 2"), ("notch 1", "notch 2"), ("notch 1", "reversed")]
    path = tmp_path / "synapse.json"
    transitions = write_transitions(tmp_path / "transitions.nc", there)
    compact_model(synapse.out, path, barriers, transitions)
    levels = files.read_json(path)["levels"]
    assert [level["kept"] for level in levels] == [False, True, False, True, True]
    assert [level["mutually_reachable"] for level in levels] == [False, True, False, True, False]
    chosen, count = levels_of(path, "series", "mutually-reachable")
    expected = data["level_conductance"].sel(reading="series").values[[1, 3]]
    assert (chosen, count) == (expected.tolist(), 4)
    # the last pulse no longer leads back
    there[2] = ("expelled", "reversed")
    transitions = write_transitions(tmp_path / "transitions.nc", there)
    compact_model(synapse.out, path, barriers, transitions)
    assert levels_of(path, "series", "mutually-reachable") == ([], 4)


def test_a_kept_state_that_the_device_has_no_wall_in_is_not_mutually_reachable(
    synapse, synapse_model
):
    """Pulses lead from every state to every other, but no wall rests at notch 2."""
    _, path = synapse_model
    states = {"notch 1", "between 1 and 2", "notch 2"}
    barriers = write_barriers(synapse.root / "barriers.nc", states)
    there = [("reversed", "between 1 and 2"), ("notch 1", "notch 2"), ("notch 1", "reversed")]
    transitions = write_transitions(synapse.root / "transitions.nc", there)
    compact_model(synapse.out, path, barriers, transitions)
    levels = files.read_json(path)["levels"]
    assert [level["stable"] for level in levels] == [True, True, True, False, True]
    assert [level["kept"] for level in levels] == [False, True, True, True, True]
    assert [level["mutually_reachable"] for level in levels] == [False, True, True, False, False]


def test_without_barriers_no_level_is_known_to_be_kept_or_mutually_reachable(synapse, tmp_path):
    synapse.gather()
    path = tmp_path / "synapse.json"
    compact_model(synapse.out, path)
    for unknown in ("kept", "mutually-reachable"):
        key = unknown.replace("-", "_")
        with pytest.raises(files.FileError, match=f"has no complete levels .'{key}'"):
            levels_of(path, "parallel", unknown)
