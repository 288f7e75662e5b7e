"""Notches of every shape, as stairs and as filled shares of cells, against points in polygons."""

import itertools

import numpy as np
import pytest
from helpers.small_campaign import MATERIAL

from wallnet import tracks
from wallnet.config import Track
from wallnet.config.devices import StaticMaterial
from wallnet.jobs.base import TrackJob
from wallnet.tracks import films, geometry
from wallnet.tracks.geometry import magnetic_mask

NM = 1e-9

SIZES = {
    "disc": {"diameter": 17 * NM},
    "ellipse": {"length": 22 * NM, "depth": 7.3 * NM},
    "triangle": {"length": 21 * NM, "depth": 8.2 * NM},
    "trapezoid": {"length": 23 * NM, "depth": 7.1 * NM, "flanks": (13 * NM, 4 * NM)},
    "rectangle": {"shape": "trapezoid", "length": 20 * NM, "depth": 5.5 * NM, "flanks": (0, 0)},
}
"""Notches, the trapezoid not symmetric, the flanks of the rectangle between cells of 2 nm."""

AREAS = {
    "disc": np.pi * 8.5**2 / 2,
    "ellipse": np.pi / 4 * 22 * 7.3,
    "triangle": 21 * 8.2 / 2,
    "trapezoid": (23 + 6) / 2 * 7.1,
    "rectangle": 20 * 5.5,
}
"""Area of each in nm²."""


def track(name, edges="smooth", positions=(21.4 * NM,), **changes):
    notches = {"shape": name} | SIZES[name] | {"positions": positions}
    size = {"length": 60 * NM, "width": 22 * NM, "thickness": 2 * NM, "cell_size": 2 * NM}
    return Track(**size | {"notches": notches, "edges": edges} | changes)


CORNERS = {
    "triangle": [(-10.5, 0), (0, 8.2), (10.5, 0)],
    "trapezoid": [(-11.5, 0), (1.5, 7.1), (7.5, 7.1), (11.5, 0)],
    "rectangle": [(-10, 0), (-10, 5.5), (10, 5.5), (10, 0)],
}
"""Corners of notches on the lower edge in nm, in the order in which their inside is on the right.
"""


def inside_film(name, position, x, y):
    """Return whether points, in nm, are in a film of 22 nm width."""
    x, y = x - position, np.minimum(y, 22 - y)
    if name == "disc":
        return np.hypot(x, y) > 8.5
    if name == "ellipse":
        return (x / 11) ** 2 + (y / 7.3) ** 2 > 1
    inside = np.ones(np.broadcast(x, y).shape, dtype=bool)
    for (x1, y1), (x2, y2) in itertools.pairwise(CORNERS[name]):
        inside &= (x2 - x1) * (y - y1) <= (y2 - y1) * (x - x1)
    return ~inside


@pytest.mark.parametrize("name", SIZES)
def test_the_filled_share_of_a_part_is_that_of_points_in_its_outline(name):
    """Of 20 × 20 points in each part of 0.25 nm."""
    shapes = geometry.shares(track(name))["shapes"]
    x, y = ((np.arange(size * 80) + 0.5) / 80 for size in (60, 22))
    inside = inside_film(name, 21.4, x, y[:, None])
    expected = inside.reshape(11, 8, 20, 30, 8, 20).mean(axis=(2, 5)).swapaxes(1, 2)
    assert shapes == pytest.approx(expected, rel=0, abs=0.06)
    assert shapes.mean(axis=(2, 3)) == pytest.approx(expected.mean(axis=(2, 3)), rel=0, abs=0.006)


@pytest.mark.parametrize("name", ["disc", "ellipse", "triangle", "rectangle"])
def test_all_shares_have_the_area_of_the_film(name):
    """Two notches are inside, half of a third one is beyond the right end."""
    shapes = geometry.shares(track(name, positions=(13 * NM, 37 * NM, 60 * NM)))["shapes"]
    area = shapes.mean(axis=(2, 3)).sum() * 4
    assert area == pytest.approx(60 * 22 - 5 * AREAS[name], rel=2e-4, abs=0)


def test_a_trapezoid_has_its_area_and_its_flanks():
    smooth = track("trapezoid")
    area = geometry.shares(smooth)["shapes"].mean(axis=(2, 3)).sum() * 4
    assert area == pytest.approx(60 * 22 - 2 * AREAS["trapezoid"], rel=2e-4, abs=0)
    # the left flank is 13 nm long from 9.9 nm on, the right one 4 nm up to 32.9 nm
    x = np.array([9.8, 16.4, 22.9, 28.9, 30.9, 33.0]) * NM
    assert geometry.cuts(smooth, x)[0] == pytest.approx(
        np.array([0, 3.55, 7.1, 7.1, 3.55, 0]) * NM, rel=1e-9, abs=1e-18
    )


@pytest.mark.parametrize("name", SIZES)
def test_a_face_is_open_where_both_sides_of_it_are_film(name):
    """The left flank of the rectangle, at 20 nm, is a face between two cells."""
    position = 30 if name == "rectangle" else 21.4
    shares = geometry.shares(track(name, positions=(position * NM,)))
    points = np.arange(0.5, 400) / 400 * 2
    face, along = 2.0 * np.arange(1, 30), 2.0 * np.arange(11)[:, None, None] + points
    sides = [inside_film(name, position, face[:, None] + side, along) for side in (-1e-4, 1e-4)]
    expected = np.logical_and(*sides).mean(axis=2)
    assert shares["open_x"] == pytest.approx(expected, rel=0, abs=0.004)
    face, along = 2.0 * np.arange(1, 11)[:, None, None], 2.0 * np.arange(30)[:, None] + points
    expected = inside_film(name, position, along, face).mean(axis=2)
    assert shares["open_y"] == pytest.approx(expected, rel=0, abs=0.01)


CUT = """\
....######....
.....#####....
.......###....
..............
..............
.......###....
.....#####....
....######....
"""
"""Cells of 2 nm whose centre is in a notch from 7 to 20 nm with flanks of 8 and 0 nm, 6 nm deep."""


def test_stairs_of_a_notch_take_the_cells_whose_centre_is_in_it():
    """At 9, 11, 13 and 15 nm, it is 1.5, 3, 4.5 and 6 nm deep."""
    notches = {"shape": "trapezoid", "length": 13 * NM, "depth": 6 * NM, "flanks": (8 * NM, 0)}
    size = {"length": 28 * NM, "width": 16 * NM, "thickness": 1 * NM, "cell_size": 2 * NM}
    cut = Track(**size, edges="stairs", notches=notches | {"positions": [13.5 * NM]})
    empty = np.array([[cell == "#" for cell in row] for row in CUT.split()])
    assert np.array_equal(magnetic_mask(cut), ~empty)


def test_a_half_ellipse_with_two_equal_axes_is_a_half_disc():
    ellipse = {"shape": "ellipse", "length": 17 * NM, "depth": 8.5 * NM, "positions": [21.4 * NM]}
    for edges in ("stairs", "smooth"):
        disc = track("disc", edges)
        other = Track(**disc.model_dump() | {"notches": ellipse})
        assert np.array_equal(magnetic_mask(other), magnetic_mask(disc))


def job(track):
    names = {*StaticMaterial.model_fields}
    material = {key: value for key, value in MATERIAL.items() if key in names}
    return TrackJob(track=track, material=StaticMaterial(**material))


def test_only_smooth_edges_of_notches_make_cells_unequal():
    for uniform in (track("trapezoid", "stairs"), track("disc", notches=None)):
        film = tracks.layer(job(uniform))
        assert film.cells.uniform
        cells = films.column_cells(film)
        assert cells.dtype == np.int32
        assert np.array_equal(cells, magnetic_mask(uniform).sum(axis=0))
    film = tracks.layer(job(track("trapezoid")))
    assert np.array_equal(film.mask, film.filled >= 0.1)
    assert np.all((film.filled == 0) | film.mask)
    assert np.count_nonzero((film.filled > 0) & (film.filled < 1)) > 10
    assert films.column_cells(film) == pytest.approx(film.filled.sum(axis=0), rel=1e-12, abs=0)
    assert geometry.lost_area(track("trapezoid", "stairs")) == 0


EVEN = {"shape": "trapezoid", "length": 20 * NM, "depth": 6 * NM, "flanks": (0, 0)}
"""A rectangle whose flanks, at 12 nm, and bottom lie between cells of 2 nm."""


@pytest.mark.parametrize(
    ("notches", "partly"),
    [
        (EVEN, False),
        (EVEN | {"length": 21 * NM}, True),
        (EVEN | {"length": 21 * NM, "positions": [22.5 * NM]}, True),
        (EVEN | {"length": 21 * NM, "positions": [21.5 * NM]}, True),
        (EVEN | {"depth": 6.3 * NM}, True),
        (EVEN | {"positions": [23 * NM]}, True),
        (EVEN | {"positions": [22 * NM, 45 * NM]}, True),
        (EVEN | {"positions": [22 * NM, 44 * NM]}, False),
        (EVEN | {"flanks": (2 * NM, 0)}, True),
        (EVEN | {"flanks": (0, 2 * NM)}, True),
        ({"shape": "disc", "diameter": 12 * NM}, True),
        (None, False),
    ],
)
def test_the_track_knows_whether_cells_are_partly_filled(notches, partly):
    """The geometry measures the cells; where all are whole, they are those of stairs."""
    made = track("disc", notches=notches and {"positions": [22 * NM]} | notches)
    assert made.edges == Track(**made.model_dump(exclude={"edges"})).edges == "smooth"
    share = geometry.filled_and_faces(made)[0]
    assert np.any((share > 1e-6) & (share < 1 - 1e-6)) == made.partly_filled == partly
    assert bool(geometry.shares(made)) == partly
    stairs = made.model_copy(update={"edges": "stairs"})
    assert not stairs.partly_filled
    if not partly:
        assert np.array_equal(magnetic_mask(made), magnetic_mask(stairs))


def test_the_lost_area_is_that_of_cells_below_a_tenth():
    """A depth of 7.9 nm leaves a twentieth of the cells from 6 to 8 nm, on two edges."""
    flat = {"shape": "trapezoid", "length": 20 * NM, "depth": 7.9 * NM, "flanks": (0, 0)}
    cut = track("disc", notches=flat | {"positions": [30 * NM]})
    assert geometry.lost_area(cut) == pytest.approx(2 * 20 * NM * 0.1 * NM, rel=1e-4, abs=0)
    assert not magnetic_mask(cut)[3, 10:20].any()


def test_along_an_edge_a_partly_filled_cell_counts_by_its_share():
    """m_z changes sign where share m_1 + (1 - share) m_2 does, between 5 and 7 nm."""
    plain = Track(length=10 * NM, width=6 * NM, thickness=2 * NM, cell_size=2 * NM)
    filled = np.ones((3, 5))
    filled[0, 2:4] = 0.0, 0.25
    filled[1, 2] = 0.6
    m = np.zeros((3, 5, 3))
    m[0, :, 2] = -1, -1, 9, 0.6, 1
    m[1, :, 2] = 7, 7, -0.8, 0.2, 7
    m[2, :, 2] = -1, 1, 0.7, 1, 1
    # -0.48 + 0.28 = -0.2 and 0.15 + 0.15 = 0.3: 5 nm + 2 nm · 0.2/0.5
    assert tracks.wall_ends(plain, filled, m) == pytest.approx((5.8 * NM, 2 * NM), rel=1e-9, abs=0)
    assert tracks.wall_ends(plain, filled[::-1], m[::-1]) == pytest.approx(
        (2 * NM, 5.8 * NM), rel=1e-9, abs=0
    )
