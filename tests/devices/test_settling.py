"""A wall that relaxes into a notch comes to rest; one that creeps along the track does not."""

import math

import numpy as np
import pytest

from wallnet.devices.traces import comes_to_rest, remaining_path

TIME = np.arange(0, 10.01, 0.05) * 1e-9


def relaxing(speed, rate, stop=300e-9):
    """Return a position that approaches `stop` with a speed at the start of the last 2 ns."""
    return stop - speed / rate * np.exp(-rate * (TIME - (TIME[-1] - 2e-9)))


@pytest.mark.parametrize(("speed", "rate"), [(0.5, 1e9), (0.3, 3e8), (-0.4, 2e9), (5.0, 4e9)])
def test_the_way_left_to_an_exponential_is_exact(speed, rate):
    left = abs(300e-9 - relaxing(speed, rate)[-1])
    assert remaining_path(TIME, relaxing(speed, rate), 2e-9) == pytest.approx(
        left if left > 2e-11 else 0.0, rel=1e-6, abs=2e-11
    )


def test_the_way_left_does_not_depend_on_what_was_before_the_last_part():
    position = relaxing(5.0, 4e8)
    expected = remaining_path(TIME, position, 2e-9)
    assert expected == pytest.approx(300e-9 - position[-1], rel=1e-6, abs=0)
    position[TIME[-1] - TIME > 2.01e-9] -= 40e-9
    assert remaining_path(TIME, position, 2e-9) == pytest.approx(expected, rel=1e-9, abs=0)


@pytest.mark.parametrize("speed", [0.3, 0.5, -0.3])
def test_a_wall_that_creeps_at_a_constant_speed_never_comes_to_rest(speed):
    end = 300e-9 + speed * TIME
    assert remaining_path(TIME, end, 2e-9) > 1e-7
    assert not comes_to_rest(TIME, [end, end], 2e-9)


def test_creep_that_slows_down_like_the_stray_field_does_not_pass():
    """Positions measured without current (nm after ns): 140 (20), 158 (30), 172 (40), 193 (60)."""
    time = np.arange(20, 60.01, 0.05) * 1e-9
    position = 1e-9 * np.interp(time, np.array([20, 30, 40, 60]) * 1e-9, [140, 158, 172, 193])
    assert not comes_to_rest(time, [position, position], 2e-9)


def test_one_creeping_end_is_enough():
    still = np.full_like(TIME, 300e-9)
    creeping = 500e-9 + 0.35 * TIME
    assert comes_to_rest(TIME, [still, still], 2e-9)
    assert not comes_to_rest(TIME, [still, creeping], 2e-9)
    assert not comes_to_rest(TIME, [creeping, still], 2e-9)


def test_a_wall_that_speeds_up_has_no_end():
    assert remaining_path(TIME, 300e-9 + 1e8 * TIME**2, 2e-9) == math.inf


def test_rounding_errors_of_a_wall_at_rest_do_not_count():
    noise = 5e-12 * np.random.default_rng(1).normal(size=TIME.size)
    assert comes_to_rest(TIME, [300e-9 + noise, 300e-9 - noise], 2e-9)


def test_the_last_part_of_the_trace_decides():
    """A wall that moved fast before rests now."""
    position = 300e-9 - 200e-9 * np.exp(-TIME / 0.3e-9)
    assert comes_to_rest(TIME, [position, position], 2e-9)


def test_a_short_time_does_not_tell_creep_from_rest():
    """A wall that rings for some tenths of a nanosecond may speed up in such a time."""
    creeping = 300e-9 + 0.5 * TIME
    assert comes_to_rest(TIME, [creeping, creeping], 0.2e-9)
    assert not comes_to_rest(TIME, [creeping, creeping], 1e-9)
