"""Geometry, walls and the names of their states."""

import numpy as np
import pytest
from small_campaign import MATERIAL

from wallnet import tracks
from wallnet.config import Material, Notches, Track

SYNAPSE = Track(
    length=1500e-9,
    width=150e-9,
    thickness=2e-9,
    cell_size=3e-9,
    notches={"count": 5, "diameter": 40e-9},
)
DELTA = 9.13e-9


def test_notches_are_half_discs_on_both_edges():
    mask = tracks.magnetic_mask(SYNAPSE)
    assert mask.shape == (50, 500)
    x, y = tracks.centres(SYNAPSE)
    inside = np.hypot(x[None, :] - 600e-9, y[:, None]) <= 20e-9
    assert not mask[inside].any()
    assert np.array_equal(mask, mask[::-1])
    # five notches on each edge, the last cut in half by the right edge; area within 3 %
    removed = (~mask).sum() * 9e-18
    assert removed == pytest.approx(9 * np.pi * (20e-9) ** 2 / 2, rel=0.03, abs=0)
    plain = SYNAPSE.model_copy(update={"notches": None})
    assert tracks.magnetic_mask(plain).all()


def test_a_placed_wall_is_where_it_was_put():
    mask = tracks.magnetic_mask(SYNAPSE)
    wall = tracks.placed_wall(SYNAPSE, DELTA, 450e-9, 500e-9)
    assert np.allclose(np.linalg.norm(wall, axis=-1)[mask], 1)
    assert not wall[~mask].any()
    bottom, top = tracks.wall_ends(SYNAPSE, mask, wall)
    # the outermost rows lie half a cell inside the edges
    assert bottom == pytest.approx(450e-9, abs=1e-9)
    assert top == pytest.approx(500e-9, abs=1e-9)
    average = wall[..., 2].sum() / mask.sum()
    assert tracks.wall_position(SYNAPSE, average) == pytest.approx(475e-9, abs=5e-9)
    assert wall[25, 100, 2] == pytest.approx(-1, abs=1e-6)
    assert wall[25, 400, 2] == pytest.approx(1, abs=1e-6)


def test_the_width_parameter_takes_off_the_whole_shape_anisotropy():
    """Δ = √(A/K_eff) of the paper's Table I, with K_eff = 2.397e5 J/m³."""
    material = Material(**MATERIAL)
    assert material.effective_anisotropy == pytest.approx(2.397e5, rel=2e-4, abs=0)
    assert material.wall_width_parameter == pytest.approx(9.134e-9, rel=1e-4, abs=0)


def test_a_notch_that_the_end_cuts_is_no_level():
    assert SYNAPSE.notch_positions[-1] == pytest.approx(1500e-9, rel=1e-9, abs=0)
    assert len(SYNAPSE.inner_notch_positions) == 4
    last = Notches(diameter=40e-9, positions=(1500e-9,))
    longer = SYNAPSE.model_copy(update={"length": 1521e-9, "notches": last})
    assert longer.inner_notch_positions == (1500e-9,)


@pytest.mark.parametrize("direction", [-1.0, 1.0])
def test_a_uniform_track_has_its_ends_at_the_border(direction):
    mask = tracks.magnetic_mask(SYNAPSE)
    uniform = np.zeros((50, 500, 3))
    uniform[..., 2] = direction
    expected = SYNAPSE.length if direction < 0 else 0.0
    assert tracks.wall_ends(SYNAPSE, mask, uniform) == pytest.approx(
        (expected, expected), rel=1e-6, abs=0
    )


@pytest.mark.parametrize(
    ("bottom", "top", "state"),
    [
        (60, 60, "initial"),
        (60, 68, "initial"),
        (60, 100, "free"),
        (300, 300, "notch 1"),
        (318, 282, "notch 1"),
        (318, 612, "between 1 and 2"),
        (612, 318, "between 1 and 2"),
        (300, 890, "wider"),
        (300, 450, "free"),
        (1200, 1200, "notch 4"),
        (1500, 1500, "reversed"),
        (1495, 1499, "reversed"),
        (0, 2, "expelled"),
        # one end alone has left the track
        (1300, 1500, "free"),
        (1500, 1300, "free"),
        (0, 100, "free"),
        (100, 0, "free"),
        # a notch holds an end within its radius of 20 nm and four Δ
        (352, 352, "notch 1"),
        (248, 248, "notch 1"),
        (360, 360, "free"),
    ],
)
def test_both_ends_make_the_state(bottom, top, state):
    found = tracks.wall_state(SYNAPSE, DELTA, 60e-9, bottom * 1e-9, top * 1e-9)
    assert found == state
