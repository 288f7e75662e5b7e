"""Blocks of runs: what each does, whatever its block, and how a block goes on."""

import json

import numpy as np
import pytest
from helpers.small_campaign import MATERIAL
from helpers.stepping import all_by, one_by

from wallnet import files, jobs, simulate
from wallnet.cli import main
from wallnet.config import ConfigError, ProgramPulse, parse
from wallnet.files import WallState
from wallnet.jobs import Run, Step, pulse_train_job
from wallnet.jobs.block import Block
from wallnet.jobs.film import check
from wallnet.simulate import calculator, runs, unfinished
from wallnet.simulate.embedded import Embedded
from wallnet.tracks.heated import beyond_model
from wallnet.tracks.states import States, wall_count

STEP = one_by(runs.simulate_steps)

PULSES = (
    ProgramPulse(current_density=0.9e12, duration=0.1e-9, pause=0.04e-9),
    ProgramPulse(current_density=-0.3e12, duration=0.04e-9),
)


def device(**changes):
    settings = {
        "kind": "track",
        "track": {
            "length": 240e-9,
            "width": 36e-9,
            "thickness": 2e-9,
            "cell_size": 6e-9,
            "notches": {"diameter": 18e-9, "positions": [60e-9, 180e-9]},
        },
        "wall": {"start": 60e-9},
        "pulse": {"duration": 0.13e-9, "current_densities": [0.2e12]},
        "temperature": {"ambient": 300.0},
        **changes,
    }
    output = {"interval": 20e-12, "snapshot_interval": 1e-9}
    data = {"material": MATERIAL, "output": output, "devices": {"warm": settings}, "networks": {}}
    return parse(data, check).devices["warm"]


def replica(number, **rules):
    """Return a replica without time before its first pulse; the first keeps its trace."""
    recorded = "trace" if number == 1 else "ends"
    job = pulse_train_job(device(), PULSES, **{"recorded": recorded, **rules})
    return job.model_copy(update={"replica": number})


def block_of(*replicas):
    return Block.of([job.plain() for job in replicas])


def run_block(block, initial, states=None, **more):
    return simulate.simulate_block(block, [(initial, states)] * len(block.rows), **more)


def rows_of(block):
    return [files.row_of(block, row) for row in range(block.sizes["run"])]


def states(width_parameter, **walls):
    """Return the states of the film, given Δ and the ends of the wall of each minimum, in m."""
    names = tuple(WallState(name.replace("_", " ")) for name in walls)
    return States(device().track, width_parameter, names, tuple(walls.values()))


@pytest.fixture(scope="module")
def initial():
    return simulate.simulate(jobs.initial_job(device()))


@pytest.fixture(scope="module")
def ensemble(initial):
    return run_block(block_of(*map(replica, range(1, 5))), initial)


def same(one, other):
    """Compare two runs, or the runs of two blocks, whose times of computation differ."""
    if "run" in one.dims:
        for row, another in zip(rows_of(one), rows_of(other), strict=True):
            same(row, another)
        return
    assert {*one.variables} == {*other.variables}
    for name in one.variables:
        np.testing.assert_array_equal(one[name].values, other[name].values, err_msg=name)


def test_a_run_is_the_same_alone_and_in_any_block(ensemble, initial, tmp_path):
    alone = [run_block(block_of(replica(number)), initial) for number in range(1, 5)]
    for row, one in zip(rows_of(ensemble), alone, strict=True):
        same(row, files.row_of(one, 0))
    # in a file, and as a run with a file of its own
    files.write_dataset(ensemble, tmp_path / "block.nc", "run", {})
    for number in (1, 3):
        stored = files.read_dataset(tmp_path / "block.nc", "run", row=number - 1)
        own = simulate.simulate(replica(number), initial)
        if number == 1:  # times of a block have 18 decimals
            own["time"] = own["time"].round(18)
        same(stored, own)
        assert stored.attrs["parameters"] == own.attrs["parameters"] == replica(number).to_json()
        assert stored.attrs["spin_temperature"] == own.attrs["spin_temperature"]
    some = files.read_dataset(tmp_path / "block.nc", "run", only=["read_walls", "time"], row=1)
    assert {*some.variables} == {"read_walls"}


def test_a_block_numbers_its_runs(ensemble):
    assert ensemble["run"].values.tolist() == [1, 2, 3, 4]
    assert ensemble["run_replica"].values.tolist() == [1, 2, 3, 4]
    assert ensemble["run_sample"].values.tolist() == [0] * 4
    assert Block.from_json(ensemble.attrs["parameters"]).runs == [*map(replica, range(1, 5))]


def test_replicas_differ_and_each_is_a_train(ensemble, initial):
    ends = ensemble["moment_wall_top"].values
    assert len(np.unique(ends[:, 1, 0])) == 4
    # the first one, with its maps
    train = simulate.simulate(replica(1, recorded="maps"), initial)
    first = files.row_of(ensemble, 0)
    assert {*train.variables} - {*first.variables} == {"magnetization", "snapshot_time", "y"}
    for name in {*first.variables} - {"time"}:
        np.testing.assert_array_equal(first[name].values, train[name].values, err_msg=name)
    assert ensemble["read_walls"].values.tolist() == [[1] * 3] * 4
    counts = wall_count(ensemble["moment_profile"].values[..., -1, :])
    np.testing.assert_array_equal(counts, ensemble["read_walls"])
    # at 0.1 and 0.14 ns, at 0.18 ns, and before
    entry_of = {round(float(t) / 20e-12): i for i, t in enumerate(train["time"].values)}
    for pulse, entries in enumerate([(0, 0), (5, 7), (9, 9)]):
        tops = [train["wall_top"].values[entry_of[entry]] for entry in entries]
        assert ensemble["moment_wall_top"].values[0, pulse].tolist() == tops
        places = train["wall_position"].values[[entry_of[entry] for entry in entries]]
        m_z = ensemble.attrs["domain_magnetization"] * (1 - 2 * places / 240e-9)
        np.testing.assert_allclose(ensemble["moment_m_z"].values[0, pulse], m_z, atol=1e-6)
    profile, cells = ensemble["moment_profile"].values[1], ensemble["magnetic_cells"].values[1]
    mean = np.average(profile, axis=-1, weights=cells)
    np.testing.assert_allclose(mean, ensemble["moment_m_z"].values[1], atol=1e-6)
    # the quench moves a wall
    quenched = ensemble["read_wall_top"].values[:, 1:]
    assert (quenched != ensemble["moment_wall_top"].values[:, 1:, 1]).all()
    spins = ensemble["spin_temperature"].values
    assert np.isnan(spins[:, 0]).all()
    assert spins[:, 1:].mean() == pytest.approx(300, abs=30)
    assert ensemble.attrs["temperature"] == 300.0
    for row, measured in zip(rows_of(ensemble), spins, strict=True):
        mean = np.average(measured[1:], weights=[0.14, 0.04])
        assert row.attrs["spin_temperature"] == pytest.approx(mean, rel=1e-9, abs=0)


def test_the_thermal_field_of_a_replica_is_that_of_its_number():
    assert len({replica(number).noise_key for number in range(1, 21)}) == 20


def hot(number):
    """Return a replica that equilibrates for 0.2 ns before its first pulse."""
    job = replica(number)
    return job.model_copy(update={"steps": (Step(pause=0.2e-9), *job.steps)})


HOT = block_of(*map(hot, range(1, 5)))


@pytest.fixture(scope="module")
def equilibrated(initial):
    return run_block(HOT, initial)


def test_each_replica_equilibrates_before_its_first_pulse(equilibrated, ensemble):
    cold = ensemble["moment_profile"].values[:, 0, 0]
    np.testing.assert_array_equal(cold[0], cold[1])
    # far from the wall, a column has the magnetisation of its temperature, not that of 0 K
    warm = np.abs(equilibrated["moment_profile"].values[:, 0, 0, -15:])
    expected = equilibrated.attrs["domain_magnetization"]
    assert warm.mean() == pytest.approx(expected, rel=0.01, abs=0)
    assert np.abs(cold[:, -15:]).mean() > expected + 0.01
    # each wall has gone its own way
    ends = equilibrated["moment_wall_bottom"].values[:, 0, 0]
    assert len({*ends}) == 4
    # the trace begins with the first pulse
    np.testing.assert_array_equal(equilibrated["time"], ensemble["time"])
    np.testing.assert_array_equal(equilibrated["pulse_start"], ensemble["pulse_start"])


def test_no_quench_follows_the_time_before_the_first_pulse(initial):
    first = next(hot(1).parts()).model_copy(update={"replica": None})
    trace = simulate.simulate(first, initial)
    assert trace["read_wall_top"].values[-1] == trace["wall_top"].values[-1]
    assert float(trace["time"][-1]) == pytest.approx(0.2e-9, rel=1e-9, abs=0)


class Killed(BaseException):
    """Substitute for SIGKILL within a process; no code catches it."""


def test_a_killed_block_goes_on_where_it_was(equilibrated, initial, tmp_path, monkeypatch):
    """It is killed in the first pulse of the second replica."""
    out, times, last = tmp_path / "block.nc", [], 0.38e-9 + 0.2e-9 + 0.05e-9
    monkeypatch.setattr(calculator, "INTERVAL", 0.0)

    def progress(now):
        times.append(now)
        if now > last:
            raise Killed

    with pytest.raises(Killed):
        run_block(HOT, initial, progress=progress, output=out)
    steps = sorted(path.name for path in unfinished(out).glob("*/*.nc"))
    assert steps == ["1.nc", "1.nc", "2.nc", "3.nc"]
    times.clear()
    same(equilibrated, run_block(HOT, initial, progress=times.append, output=out))
    # what was done is not counted again
    again = 2 * 0.38e-9 + 0.09e-9 + 0.04e-9
    assert len(times) == pytest.approx(again / 20e-12, rel=0, abs=3)


def test_a_calculator_can_integrate_all_runs_at_once(equilibrated, initial, monkeypatch):
    """It gets the next step of all of them, and their quenches."""
    sizes = []

    def run_all(self, parts):
        sizes.append(len(parts))
        return [self.run(*part) for part in parts]

    monkeypatch.setattr(Embedded, "run_all", run_all)
    same(equilibrated, run_block(HOT, initial))
    # equilibration without a quench, two pulses with one
    assert sizes == [4] * 5
    monkeypatch.setattr(Embedded, "run_all", lambda self, parts: [OSError("full")] * len(parts))
    with pytest.raises(
        simulate.SimulationError, match=r"^replica 1: step 1: relaxation .*: full; 3"
    ):
        run_block(HOT, initial)


def test_a_block_keeps_the_runs_that_it_had(equilibrated, initial, tmp_path, monkeypatch):
    """A fifth one is added; a run of another revision is simulated again."""
    out, simulated = tmp_path / "block.nc", []

    def counted(job, *rest):
        simulated.append(job.replica)
        return STEP(job, *rest)

    monkeypatch.setattr(runs, "simulate_steps", all_by(counted))
    files.write_dataset(equilibrated, out, "run", {})
    earlier = simulate.finished_runs(out)
    more = block_of(*map(hot, range(1, 6)))
    made = run_block(more, initial, earlier=earlier)
    assert simulated == [5] * 3
    for row, one in zip(rows_of(equilibrated), rows_of(made), strict=False):
        same(row, one)
    files.write_dataset(equilibrated.assign_attrs(revision=1), out, "run", {})
    assert simulate.finished_runs(out) == {}
    out.write_bytes(out.read_bytes()[:1000])
    assert simulate.finished_runs(out) == {}


def test_a_half_of_a_block_takes_its_runs_from_the_whole(equilibrated, tmp_path):
    files.write_dataset(equilibrated, tmp_path / "runs.nc", "run", {})
    files.write_dataset(equilibrated.isel(run=[0]), tmp_path / "runs-0.nc", "run", {})
    for name, number in (("runs-01", 4), ("runs-1", 4), ("others-1", 0)):
        assert len(simulate.finished_runs(tmp_path / f"{name}.nc")) == number


def test_other_runs_of_a_block_finish_if_one_fails(equilibrated, initial, tmp_path, monkeypatch):
    out, simulated = tmp_path / "block.nc", []

    def fails(job, *rest):
        simulated.append(job.replica)
        if job.replica == 3 and job.current_density < 0:
            raise simulate.SimulationError("it became unstable")
        return STEP(job, *rest)

    monkeypatch.setattr(runs, "simulate_steps", all_by(fails))
    with pytest.raises(simulate.SimulationError, match=r"^replica 3: step 3: it became unstable$"):
        run_block(HOT, initial, output=out)
    assert sorted(simulated) == [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3
    simulated.clear()
    monkeypatch.setattr(runs, "simulate_steps", all_by(STEP))
    same(equilibrated, run_block(HOT, initial, output=out))


def read(trace, pulse, bottom, top, walls=1):
    """Return a run whose wall is read elsewhere after a pulse."""
    changed = trace.copy(deep=True)
    for name, value in {"wall_bottom": bottom, "wall_top": top, "walls": walls}.items():
        changed[f"read_{name}"][pulse] = value
    return changed


def test_a_run_ends_by_itself(initial, ensemble, monkeypatch):
    """An end of the wall of the second replica is further than Δ from the notch."""

    def simulate_step(job, *rest):
        trace = STEP(job, *rest)
        return read(trace, 1, 60e-9, 69.5e-9) if job.replica == 2 else trace

    monkeypatch.setattr(runs, "simulate_steps", all_by(simulate_step))
    minima = states(9e-9, notch_1=(61e-9, 60e-9), notch_2=(180e-9, 180e-9))
    expected = ("", "notch 1", "")
    block = block_of(*(replica(number, expected=expected) for number in range(1, 4)))
    made = run_block(block, initial, minima)
    ends = made["read_wall_top"].values
    assert ends[1, 1] == 69.5e-9
    assert np.isnan(ends).tolist() == [[False] * 3, [False, False, True], [False] * 3]
    assert made["read_walls"].values.tolist() == [[1] * 3, [1, 1, 0], [1] * 3]
    np.testing.assert_array_equal(ends[0], ensemble["read_wall_top"].values[0])
    assert [row.sizes["pulse"] for row in rows_of(made)] == [3, 2, 3]
    # the first one ends early, and the pulses are those of the others
    swapped = run_block(block_of(*block.runs[1:]), initial, minima)
    assert [row.sizes["pulse"] for row in rows_of(swapped)] == [2, 3]


def test_free_walls_go_on_until_a_notch_pins_them(initial, monkeypatch):
    """The wall of replica 2 is pinned after its second part; 3 is pinned, and 4 is several."""
    seen = []

    def simulate_step(job, *rest):
        seen.append(job.replica)
        pinned = job.replica == 3 or (job.replica == 2 and seen.count(2) == 4)
        ends = (171e-9, 187e-9) if pinned else (90e-9, 95e-9)
        return read(STEP(job, *rest), 1, *ends, 3 if job.replica == 4 else 1)

    monkeypatch.setattr(runs, "simulate_steps", all_by(simulate_step))
    monkeypatch.setattr(jobs.run, "QUENCH", 0.03e-9)
    minima = states(9e-9, notch_1=(60e-9, 61e-9), notch_2=(179.5e-9, 178.5e-9))
    block = block_of(*(replica(number, free_time=0.08e-9) for number in range(1, 5)))
    made = run_block(block, initial, minima)
    # in parts of a third of 0.08 ns
    expected = [0.08e-9, 0.16e-9 / 3, np.nan, np.nan]
    np.testing.assert_allclose(made["onward_time"].values, expected, rtol=1e-6)
    for name, values in {"bottom": [90e-9, 171e-9], "top": [95e-9, 187e-9]}.items():
        expected = [*values, np.nan, np.nan]
        np.testing.assert_array_equal(made[f"onward_wall_{name}"].values, expected)
    np.testing.assert_array_equal(made["onward_walls"].values, [1, 1, np.nan, np.nan])
    # each part has a thermal field of its own
    keys = [step.noise_key for step in block.runs[1].onward()]
    assert len({*keys, *(step.noise_key for step in replica(2).parts())}) == 5


def test_a_pulse_that_heats_too_much_is_an_outcome(tmp_path):
    """The other run of the block is simulated."""
    warm = device(
        temperature={"ambient": 300.0, "heating": "pulse"},
        heavy_metal={"resistivity": 2e-6, "thickness": 4e-9, "spin_hall_angle": 0.16},
    )
    strong = ProgramPulse(current_density=2e12, duration=0.13e-9)
    both = [
        pulse_train_job(warm, pulses, recorded="ends", replica=1)
        for pulses in ((*PULSES, strong), PULSES)
    ]
    initial = simulate.simulate(jobs.initial_job(warm))
    made = run_block(block_of(*both), initial)
    files.write_dataset(made, tmp_path / "a.nc", "run", {})
    beyond, other = (files.read_dataset(tmp_path / "a.nc", "run", row=row) for row in (0, 1))
    assert (beyond.sizes["pulse"], other.sizes["pulse"]) == (1, 3)
    assert "beyond_model" not in other.attrs
    assert beyond.attrs["beyond_model"].startswith("at ")
    assert "the pulse has heated the track to 5" in beyond.attrs["beyond_model"]
    assert 510 < beyond.attrs["highest_temperature"] < 580
    assert beyond_model(both[0]).temperature == beyond.attrs["highest_temperature"]
    assert beyond_model(both[1]) is None
    assert beyond_model(both[0].model_copy(update={"heat": None})) is None


def test_the_work_is_that_of_all_runs_and_quenches():
    """A replica has two pulses, of 0.18 ns in all, and two quenches."""
    one, free = replica(1), replica(1, free_time=5e-9)
    eight = block_of(*map(replica, range(9, 17)))
    assert one.longest == pytest.approx(0.18e-9, rel=1e-9, abs=0)
    assert eight.longest == pytest.approx(8 * 0.18e-9, rel=1e-9, abs=0)
    assert free.longest == pytest.approx(5.18e-9, rel=1e-9, abs=0)
    assert HOT.longest == pytest.approx(4 * 0.38e-9, rel=1e-9, abs=0)
    assert eight.processor_time == pytest.approx(8 * one.processor_time, rel=1e-9, abs=0)
    mixed = block_of(one, free)
    both = one.processor_time + free.processor_time
    assert mixed.processor_time == pytest.approx(both, rel=1e-9, abs=0)
    cold = one.model_copy(update={"temperature": None, "replica": None})
    quench = cold.cell_steps() * 5 / 0.18
    warm = one.cell_steps() - 2 * quench
    assert warm > 2 * cold.cell_steps()
    more = 3 * quench + warm * 5.18 / 0.18
    assert free.cell_steps() == pytest.approx(more, rel=1e-9, abs=0)


def test_a_block_states_what_its_runs_share_once():
    block = block_of(*map(replica, range(1, 5)))
    data = json.loads(block.to_json())
    assert data["rows"][1:] == [{"recorded": "ends", "replica": number} for number in (2, 3, 4)]
    assert Block.from_json(block.to_json()).runs == [*map(replica, range(1, 5))]
    assert [run.to_json() for run in block.runs] == [replica(n).to_json() for n in range(1, 5)]


def test_a_replica_has_a_temperature():
    cold = replica(1).model_copy(update={"temperature": None})
    with pytest.raises(ConfigError, match="replica is given without temperature"):
        Run.from_json(cold.to_json())


def test_the_command_writes_a_block_with_starts_of_its_runs(initial, tmp_path, capsys):
    """One group of starts is that of all runs; a second command finds them all there."""
    one, other, out = (str(tmp_path / f"{name}.nc") for name in ("one", "other", "block"))
    files.write_dataset(initial, one, "run", {})
    turned = simulate.simulate(replica(1, recorded="maps"), initial)
    files.write_dataset(turned, other, "run", {})
    block = block_of(replica(2), replica(3))
    command = ["simulate", "--job", block.to_json(), "--out", out, "--after", one]
    main([*command, "--after", other])
    assert "block.nc: 2 runs, of 2 pulses at most\n" in capsys.readouterr().out
    made = files.read_dataset(out, "run")
    same(files.row_of(made, 0), simulate.simulate(replica(2), initial))
    same(files.row_of(made, 1), simulate.simulate(replica(3), turned))
    assert not unfinished(out).exists()
    main(command)
    same(made, files.read_dataset(out, "run"))
