"""Geometry, walls and the names of their states."""

import numpy as np
import pytest
from helpers.placed import placed_wall
from helpers.small_campaign import TINY, UNLIKE

from wallnet import jobs, tracks
from wallnet.config import Track, parse
from wallnet.config.track import Notches
from wallnet.film.terms import Terms
from wallnet.jobs.film import check
from wallnet.tracks import films
from wallnet.tracks.geometry import centres, magnetic_mask
from wallnet.tracks.walls import at_rest, first_time, wall_position

SYNAPSE = Track(
    length=1500e-9,
    width=150e-9,
    thickness=2e-9,
    cell_size=3e-9,
    notches={"count": 5, "diameter": 40e-9},
    edges="stairs",
)
DELTA = 9.13e-9


def test_a_placed_wall_is_where_it_was_put():
    mask = magnetic_mask(SYNAPSE)
    wall = placed_wall(SYNAPSE, DELTA, 450e-9, 500e-9)
    assert np.allclose(np.linalg.norm(wall, axis=-1)[mask], 1, rtol=1e-12, atol=0)
    assert not wall[~mask].any()
    bottom, top = tracks.wall_ends(SYNAPSE, mask, wall)
    # the outermost rows are half a cell inside the edges
    assert bottom == pytest.approx(450e-9, abs=1e-9)
    assert top == pytest.approx(500e-9, abs=1e-9)
    average = wall[..., 2].sum() / mask.sum()
    assert wall_position(SYNAPSE, average) == pytest.approx(475e-9, abs=5e-9)
    assert wall[25, 100, 2] == pytest.approx(-1, abs=1e-6)
    assert wall[25, 400, 2] == pytest.approx(1, abs=1e-6)


def test_held_cells_are_those_whose_centre_is_in_a_fixed_end():
    """Centres at 1.5, 4.5, …, 19.5 nm: seven columns in 20 nm, from 20.5 nm on also seven."""
    notches = {"positions": [60e-9], "diameter": 40e-9}
    for fixed, columns in ((20e-9, 7), (22.4e-9, 7), (22.6e-9, 8)):
        track = Track(**SYNAPSE.model_dump() | {"notches": notches, "fixed_ends": fixed})
        held = films.held_cells(track)
        assert np.array_equal(held, held[::-1])
        assert np.flatnonzero(held[0]).tolist() == [*range(columns), *range(500 - columns, 500)]
    assert not films.held_cells(SYNAPSE).any()


def test_held_cells_are_exactly_those_of_the_domains():
    notches = {"positions": [60e-9], "diameter": 40e-9}
    track = Track(**SYNAPSE.model_dump() | {"notches": notches, "fixed_ends": 20e-9})
    wall = placed_wall(track, DELTA, 25e-9, 40e-9)
    assert np.all(wall[:, :7] == (0, 0, -1))
    assert np.all(wall[:, -7:] == (0, 0, 1))
    assert wall[0, 7, 2] > -0.5


def test_a_notch_that_the_end_cuts_is_no_level():
    assert SYNAPSE.notch_positions[-1] == pytest.approx(1500e-9, rel=1e-9, abs=0)
    assert len(SYNAPSE.inner_notch_positions) == 4
    last = Notches(diameter=40e-9, positions=(1500e-9,))
    longer = SYNAPSE.model_copy(update={"length": 1521e-9, "notches": last})
    assert longer.inner_notch_positions == (1500e-9,)


@pytest.mark.parametrize("direction", [-1.0, 1.0])
def test_a_uniform_track_has_its_ends_at_the_border(direction):
    mask = magnetic_mask(SYNAPSE)
    uniform = np.zeros((50, 500, 3))
    uniform[..., 2] = direction
    expected = SYNAPSE.length if direction < 0 else 0.0
    assert tracks.wall_ends(SYNAPSE, mask, uniform) == pytest.approx(
        (expected, expected), rel=1e-6, abs=0
    )


SMALL = Track(
    length=30e-9,
    width=12e-9,
    thickness=2e-9,
    cell_size=2e-9,
    notches={"diameter": 6e-9, "positions": [30e-9, 9e-9]},
    edges="stairs",
)
"""Track of 15×6 cells with an inner notch and one that is cut by the right edge."""

CUT = """\
...###........#
....#..........
...............
...............
....#..........
...###........#
"""
"""Mask of this track; a centre at exactly the radius of 3 nm belongs to the notch."""


def test_a_notch_takes_the_cells_whose_centre_is_within_its_radius():
    empty = np.array([[cell == "#" for cell in row] for row in CUT.split()])
    assert np.array_equal(magnetic_mask(SMALL), ~empty)


def test_cell_centres_lie_half_a_cell_inside_the_edges():
    x, y = centres(SMALL)
    assert x == pytest.approx(np.arange(1, 30, 2) * 1e-9, rel=1e-9, abs=0)
    assert y == pytest.approx(np.arange(1, 12, 2) * 1e-9, rel=1e-9, abs=0)


def test_a_placed_wall_points_against_x_within_and_leans_from_edge_to_edge():
    """At a distance of Δ/2 from its middle, m = (-sech ½, 0, ±tanh ½)."""
    plain = SMALL.model_copy(update={"notches": None})
    wall = placed_wall(plain, 5e-9, 10e-9, 16e-9)
    # the middle is at 10.5 nm in the lowest row and at 15.5 nm in the highest; x = 13 nm
    assert wall[0, 6] == pytest.approx([-0.886819, 0, 0.462117], abs=1e-6)
    assert wall[5, 6] == pytest.approx([-0.886819, 0, -0.462117], abs=1e-6)


def test_a_straight_wall_is_where_the_average_says():
    positions = wall_position(SYNAPSE, np.array([-1.0, -0.5, 0.2, 1.0]))
    assert positions == pytest.approx([1500e-9, 1125e-9, 600e-9, 0], abs=1e-15)


@pytest.mark.parametrize(
    ("profile", "reversed_length"),
    [
        # from 3 nm, two eighths of the way to 5 nm
        ([-0.8, -0.2, 0.6, 1, 1], 3.5),
        ([-1, -1, -1, -0.9, 0.1], 8.8),
        # a stretch in between, and one at the right end
        ([0.6, -0.2, -0.6, 0.2, 1], 4.0),
        ([1, 1, 0.3, -0.1, -1], 3.5),
    ],
)
def test_a_wall_end_lies_where_m_z_crosses_zero_between_two_cells(profile, reversed_length):
    """The lower edge is read from the lowest row, the upper from the highest."""
    track = Track(length=10e-9, width=6e-9, thickness=2e-9, cell_size=2e-9)
    mask = magnetic_mask(track)
    m = np.full((3, 5, 3), -0.3)
    m[2, :, 2] = 1.0
    m[0, :, 2] = profile
    ends = tracks.wall_ends(track, mask, m)
    assert ends == pytest.approx((reversed_length * 1e-9, 0), rel=1e-9, abs=1e-15)
    assert tracks.wall_ends(track, mask, m[::-1]) == ends[::-1]


def test_the_edge_follows_a_notch():
    """In each column only the outermost cells count."""
    mask = magnetic_mask(SMALL)
    m = np.zeros((*mask.shape, 3))
    m[..., 2] = np.where(mask, 1.0, 0.0)
    lowest = [0, 0, 0, 1, 2]
    highest = [5, 5, 5, 4, 3, 4, 5, 5, 5, 5]
    m[lowest, range(5), 2] = -1.0
    m[highest, range(10), 2] = -1.0
    assert tracks.wall_ends(SMALL, mask, m) == pytest.approx((10e-9, 20e-9), rel=1e-9, abs=0)


def test_rest_is_a_speed_below_the_limit_between_all_entries_of_both_ends():
    time = np.array([0, 1, 3]) * 1e-9  # 1 m/s, then 2 m/s
    moving = np.array([0, 1, 5]) * 1e-9
    still = np.full(3, 7e-9)
    for ends in ([moving, still], [still, moving], [-moving, still], [still, -moving]):
        assert at_rest(time, ends, 2.1)
        assert not at_rest(time, ends, 1.9)
        assert not at_rest(time[::-1] * -1, [end[::-1] for end in ends], 1.9)
    assert at_rest(time, [still, still], 1e-6)


def test_the_first_time_at_a_level_is_interpolated():
    time, values = np.array([1.0, 2.0, 4.0]), np.array([0.0, 1.0, 5.0])
    assert [first_time(time, values, level) for level in (3.0, -1.0, 6.0)] == [
        3.0,
        1.0,
        np.inf,
    ]


def test_a_film_has_the_material_of_its_job():
    device = parse(TINY | {"material": UNLIKE}, check).devices["synapse"]
    job = jobs.pulse_job(device, 0.5e12)
    layer = tracks.layer(job)
    assert layer.terms == Terms(
        0.9e6, 1.7e-11, -1.3e-3, 0.8e6, damping=0.45, gyromagnetic_ratio=2.3e5
    )
    assert layer.cell == (device.track.cell_size, device.track.cell_size, device.track.thickness)
    assert np.array_equal(layer.mask, magnetic_mask(device.track))
    still = tracks.layer(jobs.minima_job(device))
    assert still.terms == Terms(0.9e6, 1.7e-11, -1.3e-3, 0.8e6)
