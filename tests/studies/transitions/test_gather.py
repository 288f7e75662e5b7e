"""Where pulses lead, compared with cases by hand."""

from pathlib import Path

import pytest
from helpers.once import once
from helpers.transitions import led

from studies.results import NM, gather, one, write_states, write_trace
from wallnet import files, plan
from wallnet.files import WallState
from wallnet.questions.opened import Outcome
from wallnet.studies import STUDIES
from wallnet.studies.transitions.gather import target_of

TRANSITIONS = STUDIES["transitions"]
TARGETS = [WallState(name) for name in ("notch 1", "between 1 and 2", "reversed", "expelled")]


@pytest.mark.parametrize(
    ("state", "settled", "expected"),
    [
        ("notch 1", True, 0),
        ("between 1 and 2", True, 1),
        # the other end leads
        ("between 2 and 1", True, -1),
        # it was not seen at rest
        ("notch 1", None, -1),
        ("notch 2", True, -1),
        ("free", True, -1),
        ("reversed", None, 2),
        ("expelled", False, 3),
    ],
)
def test_a_wall_ends_in_a_target_if_it_rests_there(state, settled, expected):
    wall = Outcome(WallState(state), 300 * NM, 301 * NM, settled)
    assert target_of(wall, TARGETS) == expected


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
    for request in asked_of(made):
        if request.kind == "minima":
            continue
        placed, pulse = request.computes.placement, request.conditions.current_density is not None
        of_state = walls[request.conditions.state]
        ends = next(of_state) if pulse else (placed.bottom / NM, placed.top / NM)
        bottom, top, *rests = ends
        write_trace(request, bottom * NM, top * NM, settled=rests[0] if rests else 1)
    return made


def asked_of(campaign):
    return TRANSITIONS.requests_of(campaign, "stairs")


def level_of(campaign, state):
    return one(asked_of(campaign), "run", duration=0.0, state=state)


def pulse_of(campaign, state, density):
    return one(asked_of(campaign), "run", state=state, duration=1.5e-9, current_density=density)


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
    third = dataset.sel(start="notch 3").isel(duration=0, current_density=3)
    assert third["end_state"].item() == "still moving"
    # the edge follows the notch, where the tilted wall is up to 16 nm further inside
    assert second["end_bottom"].item() == pytest.approx(180e-9, rel=0, abs=20e-9)
    assert second["end_top"].item() == pytest.approx(320e-9, rel=0, abs=20e-9)
    assert second["current_density"].item() == pytest.approx(0.6e12, rel=1e-9, abs=0)
    assert dataset["end_settled"].values[2, 0].tolist() == [1, 1, 1, 0]
    assert dataset["start_stable"].values.tolist() == [1, 1, 1]


@pytest.mark.parametrize(("end", "apart", "target"), [(50.8, 8.46, 0), (51.2, 8.83, -1)])
def test_a_wall_is_in_a_state_within_its_width_parameter(campaign, end, apart, target):
    """Δ = √(A/K_eff) is 8.545 nm on a strip of 72 × 2 nm²; the notches have a radius of 16 nm."""
    write_trace(pulse_of(campaign, "notch 1", 0.6e12), 40 * NM, end * NM)
    pulse = gathered(campaign).sel(start="notch 1").isel(duration=0, current_density=2)
    level = files.read_dataset(level_of(campaign, "notch 1").path, "run")
    assert pulse["end_top"].item() - level["wall_top"].values[-1] == pytest.approx(
        apart * NM, rel=0, abs=0.02e-9
    )
    state = "free" if target < 0 else "notch 1"
    assert (pulse["end_state"].item(), pulse["end_target"].item()) == (state, target)


def test_what_nothing_reaches_or_leaves(campaign):
    dataset = gathered(campaign)
    assert dataset["reached"].values.tolist() == [1, 1, 1, 0, 1]
    assert dataset["left"].values.tolist() == [1, 1, 1]


def test_each_pulse_has_its_own_duration(campaign):
    """From notch 1 a pulse of 1.2 ns leads to notch 3, and one of 1.5 ns to notch 2."""
    campaign = plan.parse(led(current_densities=[1.05e12], durations=[1.2e-9, 1.5e-9]))
    for request in asked_of(campaign):
        conditions = request.conditions
        if conditions.duration == 1.2e-9:
            moves = conditions.state == "notch 1" and conditions.current_density > 0
            end = 320 * NM if moves else request.computes.placement.bottom
            write_trace(request, end, end)
    dataset = gathered(campaign)
    assert dataset["end_target"].sel(start="notch 1").values.tolist() == [[0, 2], [4, 1]]


def changed_minima(request, change):
    """Apply a function to the minima by which the states of a request are named."""
    minima = files.read_dataset(request.states.path, "minima")
    change(minima)
    files.write_dataset(minima, request.states.path, "minima", {})


def test_a_wall_beside_the_notches_ends_in_a_state_that_is_no_target(campaign):
    """Two minima beside the notches have the same name."""
    request = pulse_of(campaign, "notch 1", 0.6e12)
    for bottom, top in ((100, 104), (62, 75)):
        Path(request.states.path).unlink()
        write_states(request, ("gap 1", bottom + 3, top - 4))
        write_trace(request, bottom * NM, top * NM)
        pulse = gathered(campaign).sel(start="notch 1").isel(duration=0, current_density=2)
        assert (pulse["end_state"].item(), pulse["end_target"].item()) == ("gap 1", -1)


def test_several_walls_are_in_no_target(campaign):
    request = pulse_of(campaign, "notch 1", 1.05e12)
    trace = files.read_dataset(request.path, "run")
    trace["read_walls"].values[-1] = 3
    files.write_dataset(trace, request.path, "run", {})
    pulse = gathered(campaign).sel(start="notch 1").isel(duration=0, current_density=3)
    assert (pulse["end_state"].item(), pulse["end_target"].item()) == ("several walls", -1)


def test_a_state_in_which_no_placed_wall_rests_is_no_start(campaign):
    """The energy has a minimum there, and pulses lead to it."""
    write_trace(level_of(campaign, "notch 2"), 40 * NM, 40 * NM)
    dataset = gathered(campaign)
    assert dataset["start_stable"].values.tolist() == [1, 0, 1]
    assert dataset["end_target"].values[0, 0].tolist() == [4, 0, 0, 1]
    assert dataset["left"].values.tolist() == [1, 0, 1]
    assert dataset["reached"].values.tolist() == [0, 1, 0, 0, 1]


def test_a_state_without_a_minimum_is_no_target_and_no_start(campaign):
    request = level_of(campaign, "notch 2")
    row = [*request.states.computes.placements].index("notch 2")

    def lose(minima):
        minima["minimum_converged"].values[row] = 0

    changed_minima(request, lose)
    write_trace(request, 40 * NM, 40 * NM)
    dataset = gathered(campaign)
    assert dataset["start_stable"].values.tolist() == [1, 0, 1]
    assert dataset["end_target"].values[0, 0].tolist() == [4, 0, 0, -1]
    assert dataset["left"].values.tolist() == [1, 0, 0]
    assert dataset["reached"].values.tolist() == [0, 0, 0, 0, 1]
