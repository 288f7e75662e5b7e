"""States that are mutually reachable, compared with brute force."""

import random

import pytest
from helpers.synthetic import filled

from wallnet import files
from wallnet.studies.devices.compact import both_ways, mutually_reachable


def reached_from(pairs, start):
    """Return the states that pulses reach from a state, found by following them one by one."""
    found, ahead = {start}, [start]
    while ahead:
        state = ahead.pop()
        further = {second for first, second in pairs if first == state} - found
        found |= further
        ahead += further
    return found


@pytest.mark.parametrize("seed", range(12))
def test_states_with_pulses_both_ways_are_those_of_brute_force(seed):
    """Sparse directed graphs of nine states, of which six count."""
    draw = random.Random(seed)
    pairs = [(draw.randrange(9), draw.randrange(9)) for _ in range(draw.randint(8, 16))]
    counted = draw.sample(range(9), 6)
    reached = {state: reached_from(pairs, state) for state in range(9)}
    groups = [{b for b in counted if b in reached[a] and a in reached[b]} for a in sorted(counted)]
    expected = max(groups, key=len)
    assert both_ways(pairs, 9, counted) == (expected if len(expected) > 1 else set())


def test_states_are_rewritten_through_others_and_the_most_that_count_are_taken():
    # 0 and 1 by way of 2; 3, 4 and 5 among each other; 6 is a dead end
    pairs = [(0, 2), (2, 1), (1, 0), (3, 4), (4, 5), (5, 3), (0, 3), (5, 6), (6, 6)]
    assert both_ways(pairs, 7, range(7)) == {0, 1, 2}
    assert both_ways(pairs, 7, [0, 1, 3, 4, 5, 6]) == {3, 4, 5}
    assert both_ways(pairs, 7, [0, 1, 5, 6]) == {0, 1}
    assert both_ways(pairs, 7, [2, 4, 6]) == set()
    assert both_ways([], 3, [0, 1]) == set()


@pytest.fixture
def path(tmp_path):
    """Return the path of pulses among three notches, of which the first is left to both sides."""
    starts = ["notch 1", "notch 2", "notch 3"]
    ends = [[[4, 1]], [[0, 2]], [[1, -1]]]
    found = filled(
        "transitions",
        start=starts,
        target=[*starts, "reversed", "expelled"],
        end_target=ends,
        end_state=[[["free"] * 2]] * 3,
    )
    files.write_dataset(found, tmp_path / "pulses.nc", "transitions", {})
    return tmp_path / "pulses.nc"


def test_retained_states_are_mutually_reachable_through_others(path):
    """No pulse comes back from an expelled wall, although that track is retained, too."""
    every = ["notch 1", "notch 2", "notch 3", "expelled"]
    assert mutually_reachable(path, every) == {"notch 1", "notch 2", "notch 3"}
    # by way of notch 2, which is not retained
    assert mutually_reachable(path, ["notch 1", "between 1 and 2", "notch 3"]) == {
        "notch 1",
        "notch 3",
    }
    assert mutually_reachable(path, ["notch 3", "expelled"]) == frozenset()
