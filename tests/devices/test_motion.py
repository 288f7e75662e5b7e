"""Velocity and arrival of walls whose ends are known functions of the time."""

import numpy as np
import pytest

from wallnet.config import Track
from wallnet.devices.motion import arrival_times, steady_velocity

TRACK = Track(
    length=1000e-9,
    width=100e-9,
    thickness=1e-9,
    cell_size=10e-9,
    notches={"diameter": 40e-9, "positions": [300e-9, 700e-9]},
)


def recorded(bottom, top):
    """Return the times and the walls of one pulse of 8 ns, whose ends are in nm at times in ns."""
    time = np.arange(101) * 0.1e-9
    ends = [np.array([[end(t * 1e9) for t in time]]) * 1e-9 for end in (bottom, top)]
    return time, {
        "wall_bottom": ends[0],
        "wall_top": ends[1],
        "wall_position": (ends[0] + ends[1]) / 2,
    }


@pytest.mark.parametrize(
    ("bottom", "top", "expected"),
    [
        # 20 m/s after half of the pulse, 50 m/s before it and after it
        (lambda t: 200 + 50 * t if t < 3.9 else 395 + 20 * (t - 3.9),) * 2 + (20.0,),
        # 40 m/s to the end of the pulse after 8 ns, and at rest after it
        (lambda t: 200 + 40 * min(t, 8),) * 2 + (40.0,),
        # to the left, and the mean of both ends
        (lambda t: 800 - 30 * t, lambda t: 800 - 50 * t, -40.0),
        # from 100 to 900 of 1000 nm in 5 ns: the second half of these begins after 2.5 ns
        (lambda t: 100 + (100 if t < 2.4 else 180) * (t - 2.4) + 240,) * 2 + (180.0,),
        # one end is within a tenth of the track's length from its end
        (lambda t: 300 + 10 * t, lambda t: 910 + t, float("nan")),
        (lambda t: 90 - t, lambda t: 300 + 10 * t, float("nan")),
        # inside for only two entries
        (lambda t: 880 + 90 * t,) * 2 + (float("nan"),),
    ],
)
def test_velocity_is_fitted_to_the_second_half_of_the_drive_inside_the_track(bottom, top, expected):
    (velocity,) = steady_velocity(TRACK, 8e-9, *recorded(bottom, top))
    assert velocity == pytest.approx(expected, rel=1e-6, abs=0, nan_ok=True)


def test_a_wall_arrives_with_its_last_end_at_the_edge_of_each_notch():
    """The edges of both notches are at 280 and 680 nm; the upper end stays 50 nm behind."""
    time, walls = recorded(lambda t: 100 + 100 * min(t, 6), lambda t: 50 + 100 * min(t, 6))
    both = {name: np.concatenate([positions, positions * 0.1]) for name, positions in walls.items()}
    arrivals = arrival_times(TRACK, time, both)
    np.testing.assert_allclose(arrivals, [[2.3e-9, np.nan], [np.nan, np.nan]], rtol=1e-9)
    swapped = {"wall_bottom": walls["wall_top"], "wall_top": walls["wall_bottom"]}
    np.testing.assert_allclose(arrival_times(TRACK, time, swapped)[0, 0], 2.3e-9, rtol=1e-9)


def test_a_track_without_notches_has_no_arrivals():
    plain = TRACK.model_copy(update={"notches": None})
    assert arrival_times(plain, *recorded(lambda t: 0, lambda t: 0)).shape == (1, 0)
