"""Trains: pulses one after the other, each from the state that the one before left."""

import numpy as np
import pytest
from helpers.placed import placed_wall
from helpers.programs import DEVICE, DOWN, UP, staircase
from helpers.stepping import all_by, one_by
from helpers.walls import placed_minima

from wallnet import api, files, jobs, plan, revisions, simulate
from wallnet.cli import main
from wallnet.files import WallState
from wallnet.files.schema import OPTIONAL
from wallnet.jobs import Step, pulse_train_job
from wallnet.jobs.film import strip_of
from wallnet.simulate import runs
from wallnet.simulate.recorder import Recorder
from wallnet.tracks.states import States, outcomes

STEP = one_by(runs.simulate_steps)
NM, NS = 1e-9, 1e-9
WALLS = {
    "notch 1": (40, 40),
    "between 1 and 2": (57, 123),
    "between 2 and 1": (122, 58),
    "notch 2": (140, 140),
    "notch 3": (240, 240),
    "notch 4": (330, 330),
}
"""Ends in nm of the walls of some states, whose width parameter is 9 nm."""


def job_of(*pulses, expected=(), recorded="maps", **changes):
    data = staircase(*pulses)
    data["devices"]["stairs"] |= changes
    campaign = plan.parse(data)
    pulses = campaign.studies["pulse_trains"]["up-down"].pulses
    return pulse_train_job(campaign.devices["stairs"], pulses, expected=expected, recorded=recorded)


def states_of(job, walls=WALLS):
    """Return the states of a film whose minima have these walls, with their ends in nm."""
    ends = [(bottom * NM, top * NM) for bottom, top in walls.values()]
    return States(job.track, 9e-9, tuple(map(WallState, walls)), tuple(ends))


def run(job, initial, **more):
    return simulate.simulate(job, initial, states=states_of(job), **more)


@pytest.fixture(scope="module")
def initial():
    return simulate.simulate(jobs.initial_job(plan.parse(staircase()).devices["stairs"]))


@pytest.fixture(scope="module")
def trace(initial):
    return simulate.simulate(job_of(), initial)


def test_the_wall_climbs_and_descends_by_one_notch_a_pulse(trace):
    minima = api.minima(plan.parse(staircase()).devices["stairs"])
    # the wall still moves slowly after the fourth pulse
    states = ["notch 1", "notch 2", "notch 3", "notch 4", "still moving", "notch 2"]
    assert api.states(trace, minima) == states
    resting = trace.assign(read_settled=("pulse", [1] * 6))
    states[4] = "notch 3"
    assert api.states(resting, minima) == states
    assert trace["pulse"].values.tolist() == [0, 1, 2, 3, 4, 5]
    currents = [0.0, 1.2e12, 1.2e12, 1.2e12, -1.2e12, -1.2e12]
    assert trace["pulse_current_density"].values.tolist() == currents


def test_a_train_is_its_pulses_one_after_the_other(initial):
    """Pulses and pauses of different length, simulated one by one from the state before."""
    pulses = [
        UP | {"repetitions": 2, "pause": 1e-9},  # the wall rests before its end
        DOWN | {"repetitions": 1, "duration": 0.7e-9, "pause": 0.0},
        UP | {"repetitions": 1, "duration": 0.4e-9, "pause": 0.5e-9},
    ]
    job = job_of(*pulses)
    times = []
    train = simulate.simulate(job, initial, times.append)
    state, begin, index = initial, 0.0, 0
    for pulse in pulses:
        for _ in range(pulse["repetitions"]):
            index += 1
            step = Step(**pulse | {"repetitions": 1})
            state = alone = simulate.simulate(job.model_copy(update={"steps": (step,)}), state)
            end = begin + pulse["duration"] + pulse["pause"]
            assert train["pulse_start"].values[index] == pytest.approx(begin, rel=1e-9, abs=1e-20)
            assert train["pause_end"].values[index] == pytest.approx(end, rel=1e-9, abs=0)
            inside = (train["time"].values > begin + 1e-14) & (train["time"].values < end + 1e-14)
            for name in ("wall_position", "wall_bottom", "wall_top", "m", "walls"):
                values = alone[name].values[1:]
                np.testing.assert_array_equal(train[name].values[inside], values, err_msg=name)
            np.testing.assert_array_equal(
                train["magnetization"].values[index], alone["magnetization"].values[-1]
            )
            assert train["snapshot_time"].values[index] == pytest.approx(end, rel=1e-9, abs=0)
            begin = end
    assert train.sizes["pulse"] == index + 1
    assert train["time"].values[-1] == pytest.approx(begin, rel=1e-9, abs=0)
    assert np.all(np.diff(train["time"].values) > 0)
    assert times == sorted(times)  # since the start of the train, not of the pulse
    assert times[-1] == pytest.approx(begin, rel=1e-9, abs=0)


def test_a_train_by_the_state_of_its_wall_needs_the_minima_of_its_film(initial):
    """A track without notches has none, and a wall is free wherever it is."""
    expected = ("notch 1", "notch 2", "")
    with pytest.raises(simulate.SimulationError, match="give the minima of its film"):
        simulate.simulate(job_of(UP | {"repetitions": 2}, expected=expected), initial)
    middle = {"track": DEVICE["track"] | {"notches": None}, "wall": {"start": 172e-9}}
    pulses = [UP | {"repetitions": 1, "current_density": current} for current in (1e8, 2e11)]
    data = staircase(*pulses)
    data["devices"]["stairs"] |= middle
    start = simulate.simulate(jobs.initial_job(plan.parse(data).devices["stairs"]))
    job = job_of(*pulses, expected=("free", "free", ""), **middle)
    train = simulate.simulate(job, start)
    assert train.sizes["pulse"] == 3
    ends = train["read_wall_bottom"].values
    width = 8.545e-9  # √(A/K_eff) on 72 nm
    assert ends[1] - ends[0] < width < ends[2] - ends[1]
    states = outcomes(train, States.without_minima(job))
    assert [wall.state for wall in states] == ["free"] * 3


def test_the_current_flows_during_pulses_only(trace):
    time, current = trace["time"].values, trace["applied_current_density"].values
    # five pulses of 1 ns every 2 ns
    for instant, flows in ((0.5e-9, 1.2e12), (1.5e-9, 0), (4.5e-9, 1.2e12), (6.5e-9, -1.2e12)):
        assert current[np.argmin(np.abs(time - instant))] == flows
    assert current[-1] == 0


def test_a_wall_is_settled_if_both_ends_rest_for_the_hold_of_the_device(initial):
    """A pause that is shorter, if only by a hundredth, does not tell."""
    pauses = (1e-9, 0.2e-9, 0.198e-9, 0.1e-9, 0.0)
    pulses = [UP | {"repetitions": 1, "pause": pause} for pause in pauses]
    train = simulate.simulate(job_of(*pulses), initial)
    assert train["read_settled"].values.tolist() == [-1, 1, 0, -1, -1, -1]


@pytest.fixture
def walking(monkeypatch):
    """Return a function that lets pulses move a wall along given ends, and the pulses so far.

    Its lower and upper end in nm are those when a pulse begins, when the hold begins, and when the
    pause ends. The hold is 0.2 ns.
    """
    simulated = []

    def along(*walks):
        left = iter(walks)

        def walked(step, *rest):
            simulated.append(step)
            recorder, end = Recorder(step), step.end
            width = strip_of(step.track, step.material).wall_width_parameter
            times = (0, end - 0.2 * NS, end)
            for time, (bottom, top) in zip(times, next(left), strict=True):
                placed = placed_wall(step.track, width, bottom * NM, top * NM)
                recorder.record(time, placed)
            attributes = {"backend": "film", "revision": 8, "wall_time": step.pulse_end / NS}
            return recorder.trace().assign_attrs(attributes)

        monkeypatch.setattr(runs, "simulate_steps", all_by(walked))
        return simulated

    return along


def test_both_ends_of_the_wall_tell_the_state_after_each_pulse(initial, walking):
    """During the first hold the upper end moves, then the lower end, then none."""
    walking(
        [(44, 44), (59, 100), (59, 121)],
        [(59, 121), (100, 60), (119, 60)],
        [(119, 60), (137, 137), (137, 137)],
    )
    durations, pauses = (0.6, 0.5, 0.4), (0.3, 0.4, 0.5)
    timed = [
        {"duration": duration * NS, "pause": pause * NS, "repetitions": 1}
        for duration, pause in zip(durations, pauses, strict=True)
    ]
    job = job_of(*(UP | timing for timing in timed))
    train = simulate.simulate(job, initial)
    for name, ends in (("bottom", [44, 59, 119, 137]), ("top", [44, 121, 60, 137])):
        assert train[f"read_wall_{name}"].values / NM == pytest.approx(ends, abs=4)
    assert train["read_walls"].values.tolist() == [1] * 4
    assert train["read_settled"].values.tolist() == [-1, 0, 0, 1]
    named = [wall.state for wall in outcomes(train, states_of(job))]
    assert named == ["notch 1", "still moving", "still moving", "notch 2"]
    resting = train.assign(read_settled=("pulse", [1] * 4))
    states = ["notch 1", "between 1 and 2", "between 2 and 1", "notch 2"]
    assert [wall.state for wall in outcomes(resting, states_of(job))] == states
    assert train["pulse_duration"].values / NS == pytest.approx([0, *durations], abs=1e-9)
    assert train.attrs["wall_time"] == pytest.approx(1.5, abs=1e-9)


CLIMB = (
    [(40, 40), (140, 140), (140, 140)],
    [(140, 140), (240, 240), (240, 240)],
    [(240, 240), (300, 300), (330, 330)],
    [(330, 330), (330, 330), (330, 330)],
)
"""Pulses after which a wall rests at notches 2 and 3, moves at notch 4, and rests there."""


@pytest.mark.parametrize(
    ("expected", "pulses"),
    [
        ((), 4),
        # an empty name means any state, of a moving wall, too
        (("",) * 5, 4),
        (("notch 1", "notch 2", "notch 3", "", "notch 4"), 4),
        # another state
        (("notch 1", "notch 2", "notch 2", "", ""), 2),
        # the state, but the wall moves
        (("notch 1", "notch 2", "notch 3", "notch 4", "notch 4"), 3),
        # another start; without a name, any start
        (("notch 2", "notch 2", "notch 3", "", ""), 1),
        (("", "", "notch 3", "notch 4", "notch 4"), 3),
    ],
)
def test_a_train_ends_after_the_first_pulse_with_another_outcome(
    initial, walking, expected, pulses
):
    simulated = walking(*CLIMB)
    job = job_of(UP | {"repetitions": 4}, expected=expected)
    train = run(job, initial)
    assert len(simulated) == pulses
    states = ["notch 1", "notch 2", "notch 3", "still moving", "notch 4"]
    named = [wall.state for wall in outcomes(train, states_of(job))]
    assert named == states[: pulses + 1]
    assert train["pulse"].values.tolist() == list(range(pulses + 1))
    assert train["time"].values[-1] == pytest.approx(pulses * 2 * NS, rel=1e-9, abs=0)


@pytest.mark.parametrize(
    ("bottom", "top", "walls", "pulses"),
    [(-8.9, 8.9, 1, 2), (-8.9, 9.1, 1, 1), (-9.1, 8.9, 1, 1), (-8.9, 8.9, 3, 1)],
)
def test_a_train_goes_on_with_one_wall_whose_ends_are_within_the_width_parameter(
    initial, walking, monkeypatch, bottom, top, walls, pulses
):
    """After the first pulse, the minimum is this far from the ends of the wall, in nm."""
    walking(*CLIMB)
    before = run(job_of(UP | {"repetitions": 1}), initial)
    low, high = (before[f"read_wall_{end}"].values[1] / NM for end in ("bottom", "top"))
    simulated, walked = walking(*CLIMB), one_by(runs.simulate_steps)

    def several(*arguments):
        trace = walked(*arguments)
        return trace.assign(read_walls=trace["read_walls"] * walls)

    monkeypatch.setattr(runs, "simulate_steps", all_by(several))
    job = job_of(UP | {"repetitions": 2}, expected=("", "notch 2", ""))
    states = states_of(job, {"notch 1": (40, 40), "notch 2": (low + bottom, high + top)})
    simulate.simulate(job, initial, states=states)
    # of both trains
    assert len(simulated) == 1 + pulses


def test_a_train_without_maps_is_the_same_otherwise(initial, walking, tmp_path):
    trains = {}
    for recorded in ("maps", "trace", "ends"):
        walking(*CLIMB)
        made = simulate.simulate(job_of(UP | {"repetitions": 2}, recorded=recorded), initial)
        files.write_dataset(made, tmp_path / "train.nc", "run", {})
        trains[recorded] = files.read_dataset(tmp_path / "train.nc", "run")
    whole, trace, ends = (set(train.variables) for train in trains.values())
    assert whole - trace == {"magnetization", "snapshot_time", "y"}
    assert trace - ends == {*OPTIONAL["run"]["trace"]}
    for name in trace:
        np.testing.assert_array_equal(trains["trace"][name], trains["maps"][name], err_msg=name)
    for name in ends:
        np.testing.assert_array_equal(trains["ends"][name], trains["maps"][name], err_msg=name)


class Killed(Exception):
    """Ends a train as a signal does."""


@pytest.mark.parametrize("expected", [(), ("notch 1", "notch 2", "notch 3", "notch 4", "notch 4")])
def test_a_killed_train_goes_on_after_its_finished_pulses(
    initial, trace, tmp_path, monkeypatch, expected
):
    """A train that is to stay at notch 4 ends after the fourth pulse, judged by all four."""
    output, job = tmp_path / "up-down.nc", job_of(expected=expected and (*expected, ""))
    done = []

    def killed(step, *rest):
        if len(done) == 3:
            raise Killed
        done.append(step.current_density)
        return STEP(step, *rest)

    monkeypatch.setattr(runs, "simulate_steps", all_by(killed))
    with pytest.raises(Killed):
        run(job, initial, output=output)
    assert [path.name for path in tmp_path.iterdir()] == [".up-down.unfinished"]
    done.clear()
    train = run(job, initial, output=output)
    assert done == [-1.2e12] * (1 if expected else 2)
    until = {name: slice(train.sizes[name]) for name in ("time", "pulse", "snapshot")}
    for name, whole in trace.isel(until).variables.items():
        np.testing.assert_array_equal(train[name].values, whole.values, err_msg=name)


@pytest.mark.parametrize("what", ["pulses", "state", "revision", "damaged"])
def test_finished_pulses_of_another_train_are_not_used(what, initial, tmp_path, monkeypatch):
    output = tmp_path / "up-down.nc"
    first = job_of(UP | {"repetitions": 2})
    simulate.simulate(first, initial, output=output)
    count = []

    def counted(*arguments):
        count.append(arguments)
        return STEP(*arguments)

    monkeypatch.setattr(runs, "simulate_steps", all_by(counted))
    simulate.simulate(first, initial, output=output)
    assert not count
    job, state = first, initial
    if what == "pulses":
        job = job_of(UP | {"repetitions": 3})
    elif what == "state":
        state = initial.copy(deep=True)
        state["magnetization"] = -initial["magnetization"]
    elif what == "revision":
        monkeypatch.setattr(revisions, "of", lambda stage: 999)
    else:
        part = simulate.unfinished(output) / "1.nc"
        part.write_bytes(part.read_bytes()[:1000])
    simulate.simulate(job, state, output=output)
    assert len(count) == {"pulses": 3, "damaged": 1}.get(what, 2)


def test_a_failed_pulse_is_named(initial, monkeypatch):
    def fails(step, *rest):
        if step.current_density < 0:
            raise simulate.SimulationError("it became unstable")
        return STEP(step, *rest)

    monkeypatch.setattr(runs, "simulate_steps", all_by(fails))
    with pytest.raises(simulate.SimulationError, match="step 2: it became unstable"):
        simulate.simulate(job_of(UP | {"repetitions": 1}, DOWN), initial)


def test_the_command_writes_the_train_and_leaves_nothing_else(initial, tmp_path, capsys, announced):
    files.write_dataset(initial, tmp_path / "initial.nc", "run", {})
    job = job_of(UP | {"repetitions": 1})
    command = ["simulate", "--job", job.to_json(), "--out", str(tmp_path / "train.nc")]
    main([*command, "--after", str(tmp_path / "initial.nc")])
    assert "train.nc: settled; wall at " in capsys.readouterr().out
    assert announced == [pytest.approx(2e-9, rel=1e-9, abs=0)]
    assert not simulate.unfinished(tmp_path / "train.nc").exists()
    written = files.read_dataset(tmp_path / "train.nc", "run")
    assert written.attrs["backend"] == "film"
    assert jobs.Run.from_json(written.attrs["parameters"]) == job


def test_the_command_ends_a_train_by_the_minima_after_its_initial_state(
    initial, walking, tmp_path, capsys
):
    """The wall rests at notch 3 after the second of four pulses."""
    device = plan.parse(staircase()).devices["stairs"]
    after = [str(tmp_path / f"{name}.nc") for name in ("initial", "minima")]
    files.write_dataset(initial, after[0], "run", {})
    files.write_dataset(placed_minima(jobs.minima_job(device)), after[1], "minima", {})
    walking(*CLIMB)
    job = job_of(UP | {"repetitions": 4}, expected=("notch 1", "notch 2", "notch 2", "", ""))
    command = ["simulate", "--job", job.to_json(), "--out", str(tmp_path / "train.nc"), "--after"]
    with pytest.raises(SystemExit, match="give the minima of its film"):
        main([*command, after[0]])
    without = str(tmp_path / "without.nc")
    files.write_dataset(initial.drop_dims(["snapshot", "y"]), without, "run", {})
    with pytest.raises(SystemExit, match="without.nc has no maps; name a trace that has some"):
        main([*command, without, after[1]])
    main([*command, *after])
    assert "train.nc: 1 runs, of 2 pulses at most\n" in capsys.readouterr().out
