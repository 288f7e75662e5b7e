"""A wall belongs to a minimum of the energy, if it is there with both of its ends."""

import numpy as np
import pytest
from helpers.small_campaign import MATERIAL

from wallnet import jobs
from wallnet.api import make_device
from wallnet.config import ConfigError
from wallnet.config.devices import StaticMaterial
from wallnet.config.track import Notches, Track
from wallnet.files import WallState
from wallnet.jobs.base import TrackJob
from wallnet.tracks.states import States, gap, state_of_minimum, wall_count, width_parameter

NM = 1e-9
TRACK = Track(
    length=1500e-9,
    width=150e-9,
    thickness=2e-9,
    cell_size=3e-9,
    notches={"count": 5, "diameter": 40e-9},
)
FILM = StaticMaterial(
    saturation_magnetization=1.1e6,
    exchange_stiffness=2e-11,
    dmi_constant=1e-3,
    uniaxial_anisotropy=1e6,
)
DELTA = 9e-9
MINIMA = {
    "gap 0": (97, 98),
    "notch 1": (300, 300),
    "between 1 and 2": (316, 584),
    "between 2 and 1": (584, 316),
    "notch 2": (600, 600),
}
STATES = States(
    TRACK,
    DELTA,
    tuple(map(WallState, MINIMA)),
    tuple((low * NM, high * NM) for low, high in MINIMA.values()),
)


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        ((300, 300), "notch 1"),
        # both ends count, each within Δ
        ((308.9, 291.1), "notch 1"),
        ((309.1, 300), "free"),
        ((300, 290.9), "free"),
        # a wall between two notches is not at either, and the order of its ends matters
        ((450, 450), "free"),
        ((312, 590), "between 1 and 2"),
        ((590, 312), "between 2 and 1"),
        # the nearer of two minima
        ((308.5, 308.5), "notch 1"),
        ((90, 104), "gap 0"),
        # the border is two cells wide
        ((5.9, 5.9), "expelled"),
        ((6.1, 5.9), "free"),
        ((1494.1, 1494.1), "reversed"),
        ((1493.9, 1494.1), "free"),
    ],
)
def test_a_wall_belongs_to_the_minimum_with_its_two_ends(ends, state):
    bottom, top = (end * NM for end in ends)
    assert STATES.state((bottom, top)) == STATES.state((bottom, top), 1, True) == state


def test_a_wall_that_moves_or_is_one_of_several_is_in_no_minimum():
    at_notch = (300e-9, 301e-9)
    assert STATES.state(at_notch, 1, False) == "still moving"
    assert STATES.state(at_notch, 3, True) == "several walls"
    assert STATES.state(at_notch, 3, False) == "several walls"
    # a track without a wall rests
    assert STATES.state((1500e-9, 1500e-9), 0, False) == "reversed"


def test_the_farther_end_tells_how_far_a_wall_is_from_its_minimum():
    assert STATES.distance((301.5e-9, 296e-9)) == pytest.approx(4e-9, rel=1e-9, abs=0)
    assert STATES.distance((590e-9, 309e-9)) == pytest.approx(7e-9, rel=1e-9, abs=0)
    assert States(TRACK, DELTA).distance((300e-9, 300e-9)) == np.inf


def test_ends_leave_a_state_one_by_one():
    """A notch reaches 20 nm, and Δ is 9 nm; in a half state, an end is 16 nm from its notch."""
    ends = {(300, 300): 0, (328.9, 300): 0, (329.1, 300): 1, (316, 584): 1, (330, 584): 2}
    for (bottom, top), left in ends.items():
        assert STATES.left_ends(1, (bottom * NM, top * NM)) == left
    assert STATES.left_ends(2, (316e-9, 584e-9)) == 1
    # nothing stays beside another wall
    assert STATES.left_ends(1, (300e-9, 300e-9), 3) == 2


@pytest.mark.parametrize(
    ("profile", "count"),
    [
        ([-0.9, -0.8, -0.7, 0.02, -0.03, 0.05, 0.8], 1),
        ([-0.9, -0.2, 0.6, 0.8, -0.3], 2),
        ([0.9, 0.3, -0.2, 0.7, -0.8, -0.9], 3),
        ([0.05, -0.9, -0.9, 0.04, -0.8], 0),
        # the wall has left the track
        ([0.7, 0.9, 0.8], 0),
    ],
)
def test_walls_are_changes_of_sign_of_the_domains(profile, count):
    assert wall_count(np.array(profile)) == count
    assert wall_count(np.array([profile, profile])).tolist() == [count] * 2


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        # half of a notch is 20 nm long, and Δ of the strip is between 9.0 and 9.2 nm
        ((300, 300), "notch 1"),
        ((328.5, 271.5), "notch 1"),
        ((330, 300), "gap 1"),
        ((316, 584), "between 1 and 2"),
        ((584, 316), "between 2 and 1"),
        ((316, 884), "wider"),
        ((60, 68.5), "initial"),
        ((60, 70), "gap 0"),
        ((509, 509), "gap 1"),
        ((1482, 1216), "between 5 and 4"),
        ((1500, 1500), "reversed"),
        ((0, 0), "expelled"),
    ],
)
def test_a_minimum_has_the_name_of_the_notches_at_its_ends(ends, state):
    bottom, top = (end * NM for end in ends)
    assert state_of_minimum(TrackJob(track=TRACK, material=FILM), 60e-9, (bottom, top)) == state


def test_of_two_notches_that_reach_an_end_the_nearer_holds_it():
    close = Notches(diameter=40e-9, positions=(300e-9, 345e-9))
    job = TrackJob(track=TRACK.model_copy(update={"notches": close}), material=FILM)
    for bottom, top, state in [
        (322, 322, "notch 1"),
        (323, 323, "notch 2"),
        (322, 323, "between 1 and 2"),
        (323, 322, "between 2 and 1"),
    ]:
        assert state_of_minimum(job, 60e-9, (bottom * NM, top * NM)) == state


def test_gaps_are_counted_by_the_middle_of_a_wall():
    assert [
        gap(TRACK, low * NM, high * NM) for low, high in ((60, 60), (290, 316), (900, 1300))
    ] == [
        0,
        1,
        3,
    ]


NEARLY_COMPENSATED = {
    "kind": "synapse",
    "material": MATERIAL
    | {
        "exchange_stiffness": 1.6e-11,
        "dmi_constant": 0.35e-3,
        "uniaxial_anisotropy": 7.8e5,
        "damping": 0.1,
    },
    "track": {
        "length": 900e-9,
        "width": 100e-9,
        "thickness": 1.2e-9,
        "cell_size": 4e-9,
        "notches": {
            "shape": "ellipse",
            "length": 60e-9,
            "depth": 20e-9,
            "positions": [250e-9, 550e-9],
        },
    },
    "wall": {"start": 100e-9},
    "pulse": {"duration": 1e-9, "current_densities": [1e11]},
}
"""A film of which most of the anisotropy is compensated by the stray field, so that Δ is large."""


def test_walls_far_from_the_notches_of_a_wide_wall_are_not_at_these():
    """With half a notch and 4 Δ of an infinite film, 144 nm, these were "notch 2" and "notch 1"."""
    device = make_device(**NEARLY_COMPENSATED)
    job = jobs.minima_job(device)
    names = [WallState(name) for name in ("notch 1", "notch 2")]
    states = States(job.track, width_parameter(job), (*names,), ((250e-9,) * 2, (550e-9,) * 2))
    assert states.state((439e-9, 439e-9)) == states.state((391e-9, 391e-9)) == "free"
    assert states.state((268e-9, 262e-9)) == "notch 1"


def test_walls_are_placed_at_all_notches_and_between_neighbours_in_both_orders():
    device = make_device(
        kind="synapse",
        material=MATERIAL,
        track=TRACK.model_dump() | {"notches": {"count": 3, "diameter": 40e-9}},
        wall={"start": 60e-9},
        pulse={"duration": 1e-9, "current_densities": [1e11]},
    )
    placed = {
        name: wall and tuple(round(end / NM, 6) for end in (wall.bottom, wall.top))
        for name, wall in jobs.minima_job(device).placements.items()
    }
    assert placed == {
        "initial": (60, 60),
        "notch 1": (500, 500),
        "between 1 and 2": (500, 1000),
        "between 2 and 1": (1000, 500),
        "notch 2": (1000, 1000),
        "between 2 and 3": (1000, 1500),
        "between 3 and 2": (1500, 1000),
        # the end of the track cuts this notch
        "notch 3": (1480, 1480),
        "reversed": None,
    }
    assert jobs.minima_job(device).start == 60e-9


def test_states_of_another_track_name_no_wall():
    from wallnet import api

    device = make_device(**NEARLY_COMPENSATED)
    short = NEARLY_COMPENSATED["track"] | {"length": 800e-9}
    minima = api.minima(make_device(**NEARLY_COMPENSATED | {"track": short}))
    trace = api.simulate(device, 0.0, progress=False)
    with pytest.raises(ConfigError, match="minima are those of another track; give those of the"):
        api.states(trace, minima)
