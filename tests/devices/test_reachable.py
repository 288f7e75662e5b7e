"""States that are mutually reachable, compared with brute force."""

import random

import pytest

from wallnet.studies.compact import both_ways


def reached_from(pairs, start):
    """Return the states that pulses reach from a state, found by following them one by one."""
    states, ahead = {start}, [start]
    while ahead:
        state = ahead.pop()
        further = {second for first, second in pairs if first == state} - states
        states |= further
        ahead += further
    return states


@pytest.mark.parametrize("seed", range(12))
def test_states_with_pulses_both_ways_are_those_of_brute_force(seed):
    """Sparse directed graphs of nine states, of which six count."""
    draw = random.Random(seed)
    states = "abcdefghi"
    pairs = [(draw.choice(states), draw.choice(states)) for _ in range(draw.randint(8, 16))]
    counted = sorted(draw.sample(states, 6))
    reached = {state: reached_from(pairs, state) for state in states}
    groups = [{b for b in counted if b in reached[a] and a in reached[b]} for a in counted]
    expected = max(groups, key=len)
    assert both_ways(pairs, counted) == (expected if len(expected) > 1 else set())


def test_states_are_rewritten_through_others_and_the_most_that_count_are_taken():
    # a and b by way of c; d, e and f among each other; g is a dead end
    pairs = ["ac", "cb", "ba", "de", "ef", "fd", "ad", "fg", "gg"]
    assert both_ways(pairs, "abcdefg") == set("abc")
    assert both_ways(pairs, "abdefg") == set("def")
    assert both_ways(pairs, "abfg") == set("ab")
    assert both_ways(pairs, "ceg") == set()
    assert both_ways([], "ab") == set()
