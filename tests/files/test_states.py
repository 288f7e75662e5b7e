"""The type that builds and parses the names of a wall's states."""

import pytest

from wallnet.files import WallState
from wallnet.files.schema.states import (
    EXPELLED,
    FREE,
    INITIAL,
    MOVING,
    REVERSED,
    SEVERAL,
    WIDER,
)


@pytest.mark.parametrize(
    ("lower", "upper", "text", "name"),
    [
        (2, 2, "notch 2", "2"),
        (2, 3, "between 2 and 3", "2-3"),
        (3, 2, "between 3 and 2", "3-2"),
        (10, 9, "between 10 and 9", "10-9"),
        (9, 10, "between 9 and 10", "9-10"),
        (12, 12, "notch 12", "12"),
    ],
)
def test_notches_text_and_file_name_say_the_same(lower, upper, text, name):
    state = WallState.at(lower, upper)
    assert state == text
    assert state.ends == (lower, upper)
    assert state.file_name == name
    assert state.half == (lower != upper)
    assert WallState(text) == WallState.from_file_name(name) == state


@pytest.mark.parametrize(("lower", "upper"), [(1, 3), (3, 1), (2, 9)])
def test_ends_further_apart_are_wider(lower, upper):
    assert WallState.at(lower, upper) is WIDER


OTHERS = [INITIAL, FREE, WIDER, REVERSED, EXPELLED, MOVING, SEVERAL]
GAPS = [WallState("gap 0"), WallState("gap 12")]


@pytest.mark.parametrize("state", [*OTHERS, *GAPS])
def test_other_states_have_a_name_alone(state):
    assert WallState(str(state)) == state
    assert state.ends is None
    assert not state.half
    if state in (INITIAL, REVERSED, EXPELLED):  # ends of paths and of minimisations
        assert state.file_name == state
        assert WallState.from_file_name(state.file_name) == state
        return
    with pytest.raises(ValueError, match="no notch pins"):
        _ = state.file_name


def test_states_are_ordered_from_left_to_right_and_then_by_what_is_known_of_them():
    names = ["expelled", "initial", "gap 0", "notch 1", "between 1 and 2", "gap 1"]
    names += ["between 2 and 1", "notch 2", "gap 2", "notch 10", "reversed"]
    names += ["wider", "free", "still moving", "several walls"]
    assert sorted(map(WallState, names[::-1]), key=lambda state: state.order) == names


@pytest.mark.parametrize(
    "text",
    [
        *("", "notch", "notch x", "notch 1 ", "notch 1234567", "notch 0", "notch 01", "notch ٣"),
        *("between 1", "between 1 and 1", "between 1 and 3", "between 0 and 1", "between 1 and 2 "),
        *("xfree", "free\n", "Free", "2", "2-3", "notch 1\n"),
        *("gap", "gap 01", "gap -1", "gap 1 ", "gap 1234567", "moving", "2 walls", "gap 1 and 2"),
    ],
)
def test_nothing_else_is_a_state(text):
    with pytest.raises(ValueError, match="is not a state of a wall"):
        WallState(text)


@pytest.mark.parametrize("name", ["", "2-", "-2", "2-3-4", "02", "2-4", "2-2", "free"])
def test_nothing_else_names_a_level_file(name):
    with pytest.raises(ValueError, match="is not a state of a wall"):
        WallState.from_file_name(name)
