"""Operating windows gathered from trains with known outcomes."""

import numpy as np
import pytest
from helpers.windows import windowed

from studies.results import gather, one, write_train
from wallnet import plan
from wallnet.files import WallState
from wallnet.questions.opened import Outcome
from wallnet.studies import STUDIES
from wallnet.studies.operating_windows.gather import edges, judged

WINDOWS = STUDIES["operating_windows"]


def walk(*walls):
    """Return the outcomes of walls, each a state, its mean position in nm and whether it rests."""
    made = []
    for wall in walls:
        state, position, *rest = (
            wall if isinstance(wall, tuple) else (wall, {1: 60, 2: 300, 3: 620}[wall])
        )
        name = f"notch {state}" if isinstance(state, int) else state
        ends = ((position + lean) * 1e-9 for lean in (-70, 70))
        # whether it rests before the first pulse is not known
        rests = rest[0] if rest else True if made else None
        count = 3 if name == "several walls" else 1
        made.append(Outcome(WallState(name), *ends, rests, count))
    return made


@pytest.mark.parametrize(
    ("walls", "expected"),
    [
        ([1, 2, 3, 3, 2, 1, 1], ("works", 0)),
        # an unfinished train that works so far
        ([1, 2, 3], ("works", 0)),
        ([(2, 300)], ("start", 0)),
        ([1, 1], ("sticks", 1)),
        ([1, ("between 1 and 2", 180)], ("sticks", 1)),
        ([1, ("free", 250)], ("sticks", 1)),
        ([1, ("free", 350)], ("skips", 1)),
        # a wall rests beside the notches
        ([1, ("gap 1", 250)], ("sticks", 1)),
        ([1, 2, ("gap 3", 650)], ("skips", 2)),
        # with another wall the first is in no state, wherever it is
        ([1, ("several walls", 300)], ("splits", 1)),
        ([1, 3], ("skips", 1)),
        ([1, 2, ("between 2 and 3", 470)], ("sticks", 2)),
        # the upper end leads upwards, the lower end downwards: both hang behind the wanted notch
        ([1, 2, 3, 3, ("between 3 and 2", 470)], ("sticks", 4)),
        ([1, 2, 3, 3, 3], ("sticks", 4)),
        ([1, 2, 3, 3, 1], ("skips", 4)),
        ([1, 2, 3, 2], ("sticks", 3)),
        ([1, 2, 3, 3, 2, 1, 2], ("sticks", 6)),
        ([1, 2, 3, ("reversed", 700)], ("leaves", 3)),
        ([1, 2, 3, 3, 2, 1, ("expelled", 0)], ("leaves", 6)),
        # a wall that has left is not asked to rest
        ([1, 2, 3, ("reversed", 700, False)], ("leaves", 3)),
        ([1, ("still moving", 300, False)], ("moves", 1)),
        ([1, ("free", 200, False)], ("moves", 1)),
        # the first failure counts
        ([1, 3, ("reversed", 700)], ("skips", 1)),
    ],
)
def test_sequences_of_states_are_judged_as_by_hand(walls, expected):
    assert judged(walk(*walls), (60e-9, 300e-9, 620e-9)) == expected


@pytest.mark.parametrize(
    ("works", "first", "last"),
    [
        ([True], 0, 0),
        ([True, False, True, True, False], 2, 3),
        # the first of two that are equally wide
        ([False, True, False, True], 1, 1),
        ([True, True, True, False, True, True], 0, 2),
    ],
)
def test_the_widest_stretch_is_found(works, first, last):
    assert edges(works, range(len(works)))[:2] == (first, last)


def test_edges_are_the_last_that_work_and_the_next_that_fail():
    density = [0.60e12, 0.62e12, 0.65e12, 0.70e12]
    assert edges([False, True, True, False], density) == (0.62e12, 0.65e12, 0.60e12, 0.70e12)
    first, last, below, above = edges([True, False, False, True], density)
    assert (first, last, above) == (0.60e12, 0.60e12, 0.62e12)
    assert np.isnan(below)
    assert np.isnan(edges([False, True, True, True], density)[3])
    assert np.isnan(edges([False] * 4, density)).all()
    assert np.isnan(edges([], [])).all()


OUTCOMES = {
    ("a", 1.2e-9): ["sticks", "works", "works"],
    ("a", 1.5e-9): ["works", "works", "leaves"],
    ("b", 1.2e-9): ["moves", "skips", "leaves"],
    ("b", 1.5e-9): ["sticks", "works", "skips"],
}
STEPS = {0.9e12: 1, 1.0e12: 2, 1.2e12: 4}
"""The step at which a train fails, by its current density in A/m²."""

UP_AND_DOWN = (1, 2, 3, 3, 2, 1, 1)
PLACES = {1: 40, 2: 180, 3: 320}


def walls_of(outcome, step):
    """Return the walls of a train with this outcome."""
    forward = 1 if step <= 3 else -1
    target = PLACES[UP_AND_DOWN[step]]
    # 20 nm beyond the last notch the track does not end yet
    behind, beyond = target - forward * 60, min(target + forward * 60, 345)
    last = {
        # the mean of both ends counts
        "sticks": ("free", behind - 5, behind + 15, 1),
        "skips": ("free", beyond - 15, beyond + 5, 1),
        "leaves": ("reversed", 360, 360, 0),
        "moves": (f"notch {UP_AND_DOWN[step]}", target, target, 0),
    }
    rest = [(f"notch {notch}", PLACES[notch], PLACES[notch], 1) for notch in UP_AND_DOWN]
    walls = rest if outcome == "works" else [*rest[:step], last[outcome]]
    start, *others = [(*walls[0][:3], -1), *walls[1:]]
    return [start, *others]


@pytest.mark.parametrize("tail", [None, {"share": 0.5, "duration": 1e-9}])
def test_each_outcome_is_at_its_variant_duration_and_density(tmp_path, monkeypatch, tail):
    monkeypatch.chdir(tmp_path)
    variants = {"b": {"material": {"damping": 0.3}}, "a": {}}
    settings = {"current_densities": list(STEPS), "variants": variants, "tail": tail}
    campaign = plan.parse(windowed(**settings))
    requests = WINDOWS.requests_of(campaign, "three")
    for (variant, duration), outcomes in OUTCOMES.items():
        for (density, step), outcome in zip(STEPS.items(), outcomes, strict=True):
            place = {"variant": variant, "duration": duration, "current_density": density}
            write_train(one(requests, "run", **place), walls_of(outcome, step))
    dataset = gather(WINDOWS, campaign, "three", requests)
    for (variant, duration), outcomes in OUTCOMES.items():
        for (density, step), outcome in zip(STEPS.items(), outcomes, strict=True):
            place = {"duration": duration, "current_density": density}
            point = dataset.sel(variant=variant).sel(place, method="nearest")
            assert point["window_outcome"].item() == outcome
            assert point["window_step"].item() == (0 if outcome == "works" else step)
            state = {"works": "notch 1", "leaves": "reversed", "moves": "still moving"}.get(outcome)
            assert point["window_state"].item() == (state or "free")
    limits = {
        "first": [[np.nan, 1.0e12], [1.0e12, 0.9e12]],
        "last": [[np.nan, 1.0e12], [1.2e12, 1.0e12]],
        "below": [[np.nan, 0.9e12], [0.9e12, np.nan]],
        "above": [[np.nan, 1.2e12], [np.nan, 1.2e12]],
    }
    for name, values in limits.items():
        edge = dataset[f"window_{name}"].sel(variant=["b", "a"])
        np.testing.assert_allclose(edge.values, values, err_msg=name)
    assert dataset["variant"].values.tolist() == ["b", "a"]
