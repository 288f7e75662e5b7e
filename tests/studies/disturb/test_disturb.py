"""Write disturb: what it accepts and asks for, and what is gathered and shown of known trains."""

import numpy as np
import pytest
from helpers.once import once
from helpers.programs import STAIRCASE
from matplotlib.colors import to_hex

from studies.results import (
    gather,
    one,
    pulsed,
    shown,
    write_states,
    write_trace,
    write_train,
)
from wallnet import plan
from wallnet.config import Figures
from wallnet.jobs.request import Conditions, runs_of, where
from wallnet.report import style
from wallnet.studies import STUDIES
from wallnet.studies.disturb.show import KEPT, LOST, UNSTABLE, draw

STUDY, NM = STUDIES["disturb"], 1e-9
ASKED = {"write": 1.2e12, "shares": [1.0, 0.4], "repetitions": 3, "starts": ["notch 2"]}


def parsed(**changes):
    """Return a campaign whose device has pulses of 0.6 ns."""
    return plan.parse(STAIRCASE | {"disturb": {"stairs": ASKED | changes}})


def test_pulses_have_the_shape_of_those_of_the_device():
    data = dict(STAIRCASE)
    shape = [[0.0, 0.0], [0.4e-9, 1.0]]
    own = data["devices"]["stairs"]
    pulse = own["pulse"] | {"duration": 0.8e-9, "waveform": shape}
    data["devices"] = {"stairs": own | {"pulse": pulse}}
    campaign = plan.parse(data | {"disturb": {"stairs": ASKED | {"write": 0.7e12}}})
    requests = STUDY.requests_of(campaign, "stairs")
    place = {"state": "notch 2", "current_density": 0.7e12}
    (disturbance,) = one(requests, "run", **place).computes.steps
    assert (disturbance.current_density, disturbance.duration) == (0.7e12, 0.8e-9)
    assert (disturbance.pause, disturbance.repetitions) == (10e-9, 3)
    assert disturbance.waveform == ((0.0, 0.0), (0.4e-9, 1.0))


def test_each_state_has_a_train_for_each_share_and_sign_that_ends_with_its_state():
    campaign = parsed(starts=["notch 2", "between 2 and 3"], pause=2e-9)
    levels = ["results/levels/stairs/2.nc", "results/levels/stairs/2-3.nc"]
    blocks = STUDY.requests_of(campaign, "stairs")
    first, second, *trains, minima = runs_of(blocks)
    assert [first.path, second.path] == levels
    path = "results/minima/stairs.nc"
    assert (minima.kind, minima.path) == ("minima", path)
    states = [("notch 2", "2"), ("between 2 and 3", "2-3")]
    shares = {-1.0: "-1.2000", -0.4: "-0.4800", 0.4: "0.4800", 1.0: "1.2000"}
    expected = [(place, share) for place in states for share in shares]
    for request, ((state, name), share) in zip(trains, expected, strict=True):
        assert request.conditions.state == state
        density = request.conditions.current_density
        assert density == pytest.approx(share * 1.2e12, rel=1e-12, abs=0)
        # a train ends by the state of its wall
        assert request.after == (f"results/levels/stairs/{name}.nc", path)
        assert request.states.digest == minima.digest
        job = request.computes
        assert job.placement == (first if state == "notch 2" else second).computes.placement
        (pulse,) = job.steps
        assert pulse.current_density == pytest.approx(share * 1.2e12, rel=1e-12, abs=0)
        assert (pulse.duration, pulse.pause, pulse.repetitions) == (0.6e-9, 2e-9, 3)
        assert job.expected == (state,) * 4
        assert job.recorded == "ends"
    places = [request.path for request in blocks if request.parts]
    assert places == [f"results/disturb/stairs/{name}/runs.nc" for name in ("2", "2-3")]


def test_all_states_of_pinned_walls_are_disturbed_by_default():
    levels = where(
        STUDY.requests_of(parsed(starts=None), "stairs"), "run", Conditions(duration=0.0)
    )
    # four notches, and three pairs of neighbours in both orders
    assert len(levels) == 4 + 2 * 3


RESTS, CREEPS = ("notch 2", 140, 144, 1), ("notch 2", 145, 151, 1)
TRAINS = {
    # of the first state: it rests and is lost in the third pulse; it moves; it is kept; at once
    ("notch 2", -1.0): [RESTS, RESTS, CREEPS, ("notch 1", 40, 42, 1)],
    ("notch 2", -0.4): [RESTS, ("notch 2", 140, 144, 0)],
    ("notch 2", 0.4): [RESTS, RESTS, RESTS, CREEPS],
    ("notch 2", 1.0): [RESTS, ("reversed", 360, 360, 1)],
    # the second state is none
    **{("notch 4", share): [("notch 3", 240, 244, -1)] * 2 for share in (-1.0, -0.4, 0.4, 1.0)},
}
COUNTS = [2, 0, 3, 0]


@once
def data():
    campaign = parsed(starts=["notch 2", "notch 4"])
    requests = STUDY.requests_of(campaign, "stairs")
    level = one(requests, "run", duration=0.0, state="notch 2")
    write_states(level, ("notch 2", 140, 144))
    write_trace(level, 140 * NM, 144 * NM)
    write_trace(one(requests, "run", duration=0.0, state="notch 4"), 240 * NM, 244 * NM)
    trains = pulsed(requests)
    for (state, _), walls, train in zip(TRAINS, TRAINS.values(), trains, strict=True):
        assert train.conditions.state == state
        write_train(train, walls)
    return gather(STUDY, campaign, "stairs", requests)


def test_pulses_count_up_to_the_first_after_which_the_wall_does_not_rest_in_its_state(data):
    assert data["disturbed"].values.tolist() == ["notch 2", "notch 4"]
    assert data["disturbed_stable"].values.tolist() == [1, 0]
    np.testing.assert_allclose(data["write_share"], [-1.0, -0.4, 0.4, 1.0], rtol=1e-12)
    density = [-1.2e12, -0.48e12, 0.48e12, 1.2e12]
    np.testing.assert_allclose(data["disturb_current_density"], density, rtol=1e-12)
    assert data["survived_pulses"].values.tolist() == [COUNTS, [0] * 4]
    assert data["state_kept"].values.tolist() == [[0, 0, 1, 0], [0] * 4]
    states = ["notch 1", "still moving", "notch 2", "reversed"]
    assert data["disturb_state"].values.tolist() == [states, ["notch 3"] * 4]
    assert data["disturb_settled"].values[0].tolist() == [1, 0, 1, 1]
    nan = np.nan
    # the middle moves from 142 to 148 nm
    drift = [[6, 0, 6, 0], [nan] * 4]
    np.testing.assert_allclose(data["disturb_drift"].values / NM, drift, atol=1e-6)
    last = [[6, nan, 6, nan], [nan] * 4]
    np.testing.assert_allclose(data["disturb_last_drift"].values / NM, last, atol=1e-6)


def test_tables_have_all_trains_and_what_all_states_survive(data, tmp_path):
    rows, lines = shown(STUDY, data, tmp_path)
    assert len(rows) == 8
    assert rows[0] == {
        "state": "notch 2",
        "a wall initialised there rests": "yes",
        "share": "-1",
        "J (1e12 A/m²)": "-1.2000",
        "pulses survived": "2",
        "all": "no",
        "state after the last pulse": "notch 1",
        "settled": "yes",
        "drift (nm)": "6.00",
        "drift in the last pulse (nm)": "6.000",
    }
    assert [row["all"] for row in rows[:4]] == ["no", "no", "yes", "no"]
    # a state in which no wall rests does not count
    assert ["+0.4", "+0.4800", "1 of 1", "3"] in lines
    assert ["-1", "-1.2000", "0 of 1", "2"] in lines


def test_a_device_in_which_no_wall_rests_has_no_least_number(data, tmp_path):
    _, lines = shown(STUDY, data.isel(disturbed=[1]), tmp_path)
    assert ["+0.4", "+0.4800", "0 of 0", "–"] in lines


def test_the_map_says_how_many_pulses_each_state_survives(data):
    figures = Figures(resolution=72)
    with style.apply(figures):
        (axes,) = draw(data, figures).axes
        signs = {text.get_position(): text.get_text() for text in axes.texts}
        colours = [to_hex(patch.get_facecolor()).upper() for patch in axes.patches]
    # nothing is written where no wall rests
    assert signs == {(0, 0): "2", (1, 0): "0", (2, 0): "≥ 3", (3, 0): "0"}
    assert colours == [LOST, LOST, KEPT, LOST, *[UNSTABLE] * 4]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["2", "4"]
