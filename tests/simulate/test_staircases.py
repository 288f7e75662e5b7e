"""Staircases: what each of them does, and that the simulation ends at the first failure."""

import numpy as np
import pytest
from helpers.walls import moving_wall
from helpers.windows import POSITIONS, windowed
from wallnet.simulate.windows import Pause, judged, wanted_notch

from wallnet import config, experiment, files, jobs, simulate
from wallnet.files import WallState
from wallnet.simulate import programs, windows

NOTCHES = (60e-9, 300e-9, 620e-9)


def walk(*walls):
    """Return the pauses of walls, each a state, its mean position in nm and whether it rests."""
    made = []
    for wall in walls:
        state, position, *rest = (
            wall if isinstance(wall, tuple) else (wall, {1: 60, 2: 300, 3: 620}[wall])
        )
        name = f"notch {state}" if isinstance(state, int) else state
        made.append(Pause(WallState(name), position * 1e-9, *rest))
    return made


def test_each_step_has_its_notch():
    """Three steps up from notch 1 of three, the last against the end, and three steps down."""
    assert [wanted_notch(step, 3) for step in range(7)] == [1, 2, 3, 3, 2, 1, 1]
    assert [wanted_notch(step, 2) for step in range(5)] == [1, 2, 2, 1, 1]


@pytest.mark.parametrize(
    ("walls", "expected"),
    [
        ([1, 2, 3, 3, 2, 1, 1], ("works", 0)),
        # an unfinished staircase that works so far
        ([1, 2, 3], ("works", 0)),
        ([(2, 300)], ("start", 0)),
        ([1, 1], ("sticks", 1)),
        ([1, ("between 1 and 2", 180)], ("sticks", 1)),
        ([1, ("free", 250)], ("sticks", 1)),
        ([1, ("free", 350)], ("skips", 1)),
        ([1, 3], ("skips", 1)),
        ([1, 2, ("between 2 and 3", 470)], ("sticks", 2)),
        # the upper end leads upwards, the lower end downwards: both hang behind the wanted notch
        ([1, 2, 3, 3, ("between 3 and 2", 470)], ("sticks", 4)),
        ([1, 2, 3, 3, 3], ("sticks", 4)),
        ([1, 2, 3, 3, 1], ("skips", 4)),
        ([1, 2, 3, 2], ("sticks", 3)),
        ([1, 2, 3, 3, 2, 1, 2], ("sticks", 6)),
        ([1, 2, 3, ("reversed", 700)], ("leaves", 3)),
        ([1, 2, 3, 3, 2, 1, ("expelled", 0)], ("leaves", 6)),
        # a wall that has left is not asked to rest
        ([1, 2, 3, ("reversed", 700, False)], ("leaves", 3)),
        ([1, (2, 300, False)], ("moves", 1)),
        ([1, ("free", 200, False)], ("moves", 1)),
        # the first failure counts
        ([1, 3, ("reversed", 700)], ("skips", 1)),
    ],
)
def test_sequences_of_states_are_judged_as_by_hand(walls, expected):
    assert judged(walk(*walls), NOTCHES) == expected


def point(density, duration, **changes):
    campaign = config.parse(windowed(**changes))
    return jobs.staircase_job(
        campaign.devices["stairs"], campaign.windows["three"], density, duration
    )


@pytest.fixture(scope="module")
def initial():
    return simulate.initial_state(experiment.initial_job(config.parse(windowed()).devices["stairs"]))


def test_a_staircase_climbs_and_descends(initial):
    found = windows.run_staircase(point(1.05e12, 1.5e-9), initial)
    assert (found["outcome"].item(), found["outcome_step"].item()) == ("works", 0)
    states = [f"notch {k}" for k in (1, 2, 3, 3, 2, 1, 1)]
    assert found["pulse_state"].values.tolist() == states
    assert found["outcome_state"].item() == "notch 1"
    np.testing.assert_allclose(
        found["pulse_wall_position"].values,
        [POSITIONS[k] for k in (0, 1, 2, 2, 1, 0, 0)],
        atol=4e-9,  # the end notches pull the wall by 2.6 nm to the middle
    )
    currents = 1.05e12 * np.array([0, 1, 1, 1, -1, -1, -1])
    np.testing.assert_allclose(found["program_current_density"].values, currents, rtol=1e-12)
    assert found["pause_end"].values[-1] == pytest.approx(6 * 4e-9, rel=1e-9, abs=0)


def test_a_pause_has_the_mean_position_of_both_ends_after_the_last_pulse_of_a_step(
    initial, monkeypatch
):
    """Both steps have one pulse; the notches are at 40, 180 and 320 nm."""

    class Enough(Exception):
        pass

    judgements = []

    def noted(pauses, notches):
        judgements.append([(each.state, each.position, each.resting) for each in pauses])
        return windows.WORKS, 0

    def pulses(job, initial, progress, output, failed):
        failed({"wall_bottom": [0.0, 110e-9], "wall_top": [0.0, 150e-9]}, 1)
        failed({"wall_bottom": [0.0, 182e-9], "wall_top": [0.0, 318e-9]}, 0)
        raise Enough

    monkeypatch.setattr(windows, "judged", noted)
    monkeypatch.setattr(windows, "run_program", pulses)
    with pytest.raises(Enough):
        windows.run_staircase(point(1.05e12, 1.5e-9), initial)
    assert [each[0] for each in judgements[-1]] == ["notch 1", "free", "between 2 and 3"]
    assert [each[2] for each in judgements[-1]] == [True, True, False]
    positions = [each[1] for each in judgements[-1]]
    np.testing.assert_allclose(positions[1:], [130e-9, 250e-9], rtol=1e-12)


def test_each_pulse_tells_where_its_pause_left_both_ends(initial, monkeypatch):
    """The wall leans to one side, then to the other; the second step leaves it between notches."""
    walls = [(40, 40), (200, 160), (215, 290)]
    left = iter(walls[1:])

    def led(step, *rest):
        return moving_wall(step, *(end * 1e-9 for end in next(left)))

    monkeypatch.setattr(simulate, "simulate", led)
    found = windows.run_staircase(point(1.05e12, 1.5e-9), initial)
    states = ["notch 1", "notch 2", "between 2 and 3"]
    assert found["pulse_state"].values.tolist() == states
    assert (found["outcome"].item(), found["outcome_step"].item()) == ("sticks", 2)
    for name, places in zip(("bottom", "top"), zip(*walls, strict=True), strict=True):
        ends = found[f"pulse_wall_{name}"].values * 1e9
        assert ends == pytest.approx(places, abs=4)
    middles = [(bottom + top) / 2 for bottom, top in walls]
    assert found["pulse_wall_position"].values * 1e9 == pytest.approx(middles, abs=4)


def test_the_steps_after_a_failure_are_not_simulated(initial, monkeypatch):
    pulses = []
    run = simulate.simulate

    def counted(step, *rest):
        pulses.append(step.current_density)
        return run(step, *rest)

    monkeypatch.setattr(simulate, "simulate", counted)
    found = windows.run_staircase(point(1.05e12, 1.2e-9), initial)
    assert found["outcome"].item() == "moves"
    step = found["outcome_step"].item()
    assert 0 < step < 6
    assert pulses == step * [1.05e12]
    assert found["pulse"].values.tolist() == list(range(step + 1))


def test_a_tail_follows_each_pulse_without_a_pause(initial):
    """The wall is judged after the tail: during the pulse alone it does not reach notch 2."""
    tail = {"share": 0.6, "duration": 0.5e-9}
    job = point(1.05e12, 1.2e-9, tail=tail)
    program = job.program()
    shown = [(each.current_density, each.duration, each.pause) for each in program.pulses]
    assert len(shown) == 12
    for sign, steps in ((1, shown[:6]), (-1, shown[6:])):
        for pulse in steps[::2]:
            assert pulse == pytest.approx((sign * 1.05e12, 1.2e-9, 0.0), rel=1e-12, abs=0)
        for weaker in steps[1::2]:
            assert weaker == pytest.approx((sign * 0.63e12, 0.5e-9, 2.5e-9), rel=1e-12, abs=0)
    found = windows.run_staircase(job, initial)
    step = found["outcome_step"].item() or 6
    assert found.sizes["pulse"] == 1 + 2 * step
    assert found["pulse_settled"].values[1] == -1
    assert found["pulse_state"].values[2] == "notch 2"


def test_the_command_writes_the_point_and_leaves_nothing_else(initial, tmp_path, capsys, announced):
    from wallnet.cli import main

    files.write_dataset(initial, tmp_path / "initial.nc", "initial", {})
    job = point(0.9e12, 1.2e-9)
    told = ["--job", job.to_json(), "--initial", str(tmp_path / "initial.nc")]
    main(["staircase", *told, "--out", str(tmp_path / "point.nc")])
    assert "at step 1" in capsys.readouterr().out
    # three steps up and three down, each of 1.2 ns and a pause of 2.5 ns
    assert announced == [pytest.approx(22.2e-9, rel=1e-9, abs=0)]
    assert not programs.unfinished(tmp_path / "point.nc").exists()
    written = files.read_dataset(tmp_path / "point.nc", "staircase")
    assert written.attrs["backend"] == "film"
    assert jobs.StaircaseJob.from_json(written.attrs["parameters"]) == job
