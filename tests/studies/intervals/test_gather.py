"""Bisection of the current density, compared with thresholds that are known."""

import itertools

import numpy as np
import pytest
from helpers.intervals import bisected
from helpers.once import once

from studies.results import NM, T, gather, one, write_trace
from wallnet import files, plan
from wallnet.cli import main
from wallnet.config.pulse import middles
from wallnet.studies import STUDIES, gather_job

INTERVALS = STUDIES["intervals"]


def test_the_middle_of_each_gap_with_different_ends_is_next():
    a, b, moving = ("notch 1", True), ("notch 2", True), ("notch 2", False)
    outcomes = {0.50 * T: a, 0.60 * T: a, 0.70 * T: b, 0.71 * T: moving, 0.80 * T: a}
    # not between equal ones, and not where the gap is the resolution
    assert middles(outcomes, 0.01 * T) == pytest.approx([0.65 * T, 0.755 * T], rel=1e-12, abs=0)
    assert middles(outcomes, 0.1 * T) == []
    # the order in which pulses were simulated has no effect
    assert middles(dict(reversed(outcomes.items())), 0.01 * T) == middles(outcomes, 0.01 * T)


def test_a_middle_is_a_density_that_file_names_tell_apart():
    outcomes = {0.6000 * T: ("notch 1", True), 0.6003 * T: ("notch 2", True)}
    assert middles(outcomes, 1e8) == pytest.approx([0.6001 * T], rel=1e-12, abs=0)
    assert middles({-0.6003 * T: ("free", True), -0.6 * T: ("free", False)}, 1e8) == (
        pytest.approx([-0.6002 * T], rel=1e-12, abs=0)
    )


THRESHOLDS = [0.5237, 0.6401, 0.6444, 0.9]
STATES = ["notch 1", "between 1 and 2", "notch 2", "notch 1", "reversed"]


def truth(density):
    """Return the outcome on either side of four thresholds; notch 1 is reached on both sides."""
    return STATES[int(np.searchsorted(THRESHOLDS, density / T))], True


def test_rounds_find_all_edges_that_the_sweep_brackets():
    data = bisected(resolution=0.001 * T)
    sweep = [0.5 * T, 0.55 * T, 0.6 * T, 0.642 * T, 0.7 * T, 0.95 * T]
    data["devices"]["stairs"]["pulse"]["current_densities"] = sweep
    rounds = INTERVALS.rounds_of(plan.parse(data), "stairs")
    outcomes = {density: truth(density) for density in sweep}
    for _ in range(rounds):
        outcomes |= {density: truth(density) for density in middles(outcomes, 0.001 * T)}
    assert middles(outcomes, 0.001 * T) == []
    runs = [list(run) for _, run in itertools.groupby(sorted(outcomes), outcomes.__getitem__)]
    assert [outcomes[run[0]][0] for run in runs] == STATES
    for threshold, (below, above) in zip(THRESHOLDS, itertools.pairwise(runs), strict=True):
        # with a slack for thresholds at a simulated density
        assert below[-1] <= threshold * T * (1 + 1e-9)
        assert above[0] >= threshold * T * (1 - 1e-9)
        assert above[0] - below[-1] <= 0.001 * T * (1 + 1e-9)
    # far fewer than the 450 pulses of a sweep of this step
    assert len(outcomes) < 40


# From traces with known ends: notch 1 below 0.93, moving up to 0.97, then notch 2


def simulated(requests):
    for request in requests:
        if request.kind == "minima":
            continue
        density = request.computes.current_density
        end = 40 * NM if density < 0.93 * T else 180 * NM
        settled = 0 if 0.93 * T < density < 0.97 * T else 1
        write_trace(request, end, end, settled=settled)


@once
def bisection():
    """Return the campaign and what each round asked for, with all traces in this folder."""
    campaign = plan.parse(bisected(resolution=0.05 * T))
    rounds = []
    for number in range(1, INTERVALS.rounds_of(campaign, "stairs") + 1):
        requests = INTERVALS.requests_of(campaign, "stairs")
        simulated(requests)
        job = gather_job(INTERVALS, campaign, "stairs", requests).to_json()
        out = INTERVALS.round_path("stairs", number)
        main(["round", "--job", job, "--out", out])
        rounds.append(files.read_json(out)["asked"])
    simulated(INTERVALS.requests_of(campaign, "stairs"))
    return campaign, rounds


def test_each_round_asks_for_the_middles_that_the_rounds_before_left(bisection):
    _, rounds = bisection
    assert [np.round(np.array(densities) / T, 4).tolist() for densities in rounds] == [
        [0.9],
        [1.05],
        # 0.9 is notch 1, and 1.05 is notch 2
        [0.975],
        # 0.975 rests at notch 2: 0.9 to 0.975 is wider than the resolution
        [0.9375],
    ]


def test_the_intervals_lie_between_the_last_pulses_of_each_state(bisection):
    campaign, _ = bisection
    dataset = gather(INTERVALS, campaign, "stairs", INTERVALS.requests_of(campaign, "stairs"))
    assert dataset["interval_state"].values.tolist() == ["notch 1", "still moving", "notch 2"]
    assert dataset["interval_settled"].values.tolist() == [1, 0, 1]
    np.testing.assert_allclose(
        dataset["interval_low"].values / T, [np.nan, 0.91875, 0.95625], rtol=1e-9
    )
    np.testing.assert_allclose(
        dataset["interval_high"].values / T, [0.91875, 0.95625, np.nan], rtol=1e-9
    )
    np.testing.assert_allclose(dataset["interval_error"].values / T, [0.01875] * 3, rtol=1e-6)
    assert dataset["interval_swept"].values.tolist() == [1, 0, 1]
    densities = [0.6, 0.9, 0.9375, 0.975, 1.05, 1.2]
    np.testing.assert_allclose(dataset["current_density"].values / T, densities, rtol=1e-9)
    assert dataset["swept"].values.tolist() == [1, 0, 0, 0, 0, 1]
    assert dataset["state"].values.tolist() == [
        *["notch 1"] * 2,
        "still moving",
        *["notch 2"] * 3,
    ]
    assert dataset["settled"].values.tolist() == [1, 1, 0, 1, 1, 1]


def test_a_track_without_a_wall_is_one_interval_at_rest(tmp_path, monkeypatch):
    """A wall that has left has no ends that rest or move."""
    monkeypatch.chdir(tmp_path)
    data = bisected()
    data["devices"]["stairs"]["pulse"]["current_densities"] = [1.15e12, 1.2e12]
    campaign = plan.parse(data)
    requests = INTERVALS.requests_of(campaign, "stairs")
    for settled, density in enumerate((1.15e12, 1.2e12)):
        write_trace(
            one(requests, "run", current_density=density), 400 * NM, 400 * NM, settled=settled
        )
    dataset = gather(INTERVALS, campaign, "stairs", requests)
    assert dataset["interval_state"].values.tolist() == ["reversed"]
    assert dataset["interval_settled"].values.tolist() == [1]
