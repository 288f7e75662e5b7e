"""Where pulses lead, compared with cases by hand."""

import pytest
from helpers.once import once
from helpers.transitions import led

from studies.results import NM, gather, write_trace
from wallnet import files, plan
from wallnet.files import WallState
from wallnet.studies import STUDIES
from wallnet.studies.opened import Outcome
from wallnet.studies.transitions.gather import target_of

TRANSITIONS = STUDIES["transitions"]
NAMES = [WallState(name) for name in ("notch 1", "between 1 and 2", "notch 2")]
PLACED = [
    Outcome(WallState("notch 1"), 300 * NM, 300 * NM, True),
    Outcome(WallState("between 1 and 2"), 316 * NM, 584 * NM, True),
    # placed at notch 2, it did not come to rest
    Outcome(WallState("notch 2"), 600 * NM, 600 * NM, False),
]


def wall(state, bottom, top, settled=True):
    return Outcome(WallState(state), bottom * NM, top * NM, settled)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (wall("notch 1", 300.4, 299.1), 0),
        (wall("between 1 and 2", 310, 590), 1),
        # the other end leads
        (wall("between 2 and 1", 584, 316), -1),
        # a wall that creeps, or rests where a notch repels it
        (wall("notch 1", 300, 300, settled=False), -1),
        (wall("notch 1", 285, 300), -1),
        (wall("notch 1", 300, 311), -1),
        (wall("notch 2", 600, 600), -1),
        (wall("free", 450, 460), -1),
        (wall("reversed", 1500, 1500), 3),
        (wall("expelled", 0, 0, settled=False), 4),
    ],
)
def test_a_wall_is_in_a_state_if_it_rests_where_an_initialised_one_does(end, expected):
    assert target_of(end, PLACED, NAMES, 9.1 * NM) == expected


# Gathered from traces with known ends

WALLS = {
    # -1.05, -0.6, +0.6 and +1.05e12 A/m² from each notch: bottom, top, and whether it rests
    "notch 1": [(0, 0), (40, 40), (40, 40), (180, 180)],
    "notch 2": [(40, 40), (180, 180), (180, 320), (320, 320)],
    "notch 3": [(180, 180), (320, 320), (320, 320), (318, 318, 0)],
}


@once
def campaign():
    """Return a campaign whose levels and pulses are in this folder."""
    made = plan.parse(led())
    walls = {state: iter(ends) for state, ends in WALLS.items()}
    for (state, *pulse), request in asked_of(made).items():
        placed = request.computes.placement
        ends = next(walls[state]) if pulse else (placed.bottom / NM, placed.top / NM)
        bottom, top, *rests = ends
        write_trace(request, bottom * NM, top * NM, settled=rests[0] if rests else 1)
    return made


def asked_of(campaign):
    return TRANSITIONS.requests_of(campaign, "stairs")


def gathered(campaign):
    return gather(TRANSITIONS, campaign, "stairs", asked_of(campaign))


def test_pulses_are_gathered_by_start_duration_and_density(campaign):
    dataset = gathered(campaign)
    targets = dataset["target"].values.tolist()
    assert targets == ["notch 1", "notch 2", "notch 3", "reversed", "expelled"]
    assert dataset["end_target"].values[:, 0].tolist() == [
        [4, 0, 0, 1],
        # between 2 and 3 is not among the states
        [0, 1, -1, 2],
        # it still moves
        [1, 2, 2, -1],
    ]
    second = dataset.sel(start="notch 2").isel(duration=0, current_density=2)
    assert second["end_state"].item() == "between 2 and 3"
    # the edge follows the notch, where the tilted wall is up to 16 nm further inside
    assert second["end_bottom"].item() == pytest.approx(180e-9, rel=0, abs=20e-9)
    assert second["end_top"].item() == pytest.approx(320e-9, rel=0, abs=20e-9)
    assert second["current_density"].item() == pytest.approx(0.6e12, rel=1e-9, abs=0)
    assert dataset["end_settled"].values[2, 0].tolist() == [1, 1, 1, 0]
    assert dataset["start_stable"].values.tolist() == [1, 1, 1]


@pytest.mark.parametrize(("end", "apart", "target"), [(50.8, 8.46, 0), (51.2, 8.83, -1)])
def test_a_wall_is_in_a_state_within_its_width_parameter(campaign, end, apart, target):
    """Δ = √(A/K_eff) is 8.545 nm on a strip of 72 × 2 nm²; the notches have a radius of 16 nm."""
    write_trace(asked_of(campaign)["notch 1", 1.5e-9, 0.6e12], 40 * NM, end * NM)
    pulse = gathered(campaign).sel(start="notch 1").isel(duration=0, current_density=2)
    level = files.read_dataset(asked_of(campaign)["notch 1",].path, "trace")
    assert pulse["end_top"].item() - level["wall_top"].values[-1] == pytest.approx(
        apart * NM, rel=0, abs=0.02e-9
    )
    assert (pulse["end_state"].item(), pulse["end_target"].item()) == ("notch 1", target)


def test_what_nothing_reaches_or_leaves(campaign):
    dataset = gathered(campaign)
    assert dataset["reached"].values.tolist() == [1, 1, 1, 0, 1]
    assert dataset["left"].values.tolist() == [1, 1, 1]


def test_each_pulse_has_its_own_duration(campaign):
    """From notch 1 a pulse of 1.2 ns leads to notch 3, and one of 1.5 ns to notch 2."""
    campaign = plan.parse(led(current_densities=[1.05e12], durations=[1.2e-9, 1.5e-9]))
    for (start, *pulse), request in asked_of(campaign).items():
        if pulse and pulse[0] == 1.2e-9:
            moves = start == "notch 1" and pulse[1] > 0
            end = 320 * NM if moves else request.computes.placement.bottom
            write_trace(request, end, end)
    dataset = gathered(campaign)
    assert dataset["end_target"].sel(start="notch 1").values.tolist() == [[0, 2], [4, 1]]


def test_a_state_in_which_no_wall_rests_is_no_target_and_no_start(campaign):
    write_trace(asked_of(campaign)["notch 2",], 40 * NM, 40 * NM)
    dataset = gathered(campaign)
    assert dataset["start_stable"].values.tolist() == [1, 0, 1]
    assert dataset["end_target"].values[0, 0].tolist() == [4, 0, 0, -1]
    assert dataset["left"].values.tolist() == [1, 0, 0]
    assert dataset["reached"].values.tolist() == [0, 0, 0, 0, 1]
