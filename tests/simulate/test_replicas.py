"""Blocks of replicas: what each does, whatever its block, and how a block goes on."""

import numpy as np
import pytest
from helpers.small_campaign import MATERIAL

from wallnet import files, jobs, simulate
from wallnet.config import ConfigError, ProgramPulse, parse
from wallnet.files import WallState
from wallnet.jobs import Run, Step, pulse_train_job
from wallnet.jobs.film import check
from wallnet.jobs.run import FreeWalls, blocks
from wallnet.simulate import calculator, runs, unfinished
from wallnet.tracks.heated import beyond_model
from wallnet.tracks.states import States, wall_count

RUN = simulate.simulate

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


def block(first, last, **rules):
    """Return replicas without time before the first pulse."""
    job = pulse_train_job(device(), PULSES, **{"maps": False, **rules})
    return job.model_copy(update={"replicas": (first, last)})


def states(width_parameter, **walls):
    """Return the states of the film, given Δ and the ends of the wall of each minimum, in m."""
    names = tuple(WallState(name.replace("_", " ")) for name in walls)
    return States(device().track, width_parameter, names, tuple(walls.values()))


@pytest.fixture(scope="module")
def initial():
    return simulate.simulate(jobs.initial_job(device()))


@pytest.fixture(scope="module")
def ensemble(initial):
    return simulate.simulate(block(1, 4), initial)


def same(one, other, leaving=()):
    for name in one.variables:
        if name not in leaving:
            np.testing.assert_array_equal(one[name].values, other[name].values, err_msg=name)


TRACES = ("time", "wall_position", "wall_bottom", "wall_top", "walls", "m", "magnetization_profile")
"""Variables of the trace of the first replica."""


def test_a_replica_is_the_same_alone_and_in_any_block(ensemble, initial):
    alone = simulate.simulate(block(3, 3), initial)
    same(ensemble.isel(replica=[2]), alone, TRACES)
    assert (alone["wall_top"].values != ensemble["wall_top"].values).any()
    other = simulate.simulate(block(2, 3), initial)
    same(ensemble.isel(replica=[1, 2]), other, TRACES)
    same(simulate.simulate(block(1, 1), initial)[[*TRACES]], ensemble)


def test_replicas_differ_and_each_is_a_train(ensemble, initial):
    assert ensemble["replica"].values.tolist() == [1, 2, 3, 4]
    ends = ensemble["replica_wall_top"].values
    assert len(np.unique(ends[:, 1, 0])) == 4
    # the first one, with its maps
    train = simulate.simulate(block(1, 1, maps=True), initial)
    same(ensemble[[*TRACES, "applied_current_density"]], train)
    for name in ("pulse_start", "pause_end", "pulse_current_density"):
        np.testing.assert_array_equal(ensemble[name].values, train[name].values)
    assert ensemble["read_walls"].values.tolist() == [[1] * 3] * 4
    counts = wall_count(ensemble["replica_profile"].values[..., -1, :])
    np.testing.assert_array_equal(counts, ensemble["read_walls"])
    # at 0.1 and 0.14 ns, at 0.18 ns, and before
    entry_of = {round(float(t) / 20e-12): i for i, t in enumerate(train["time"].values)}
    for pulse, entries in enumerate([(0, 0), (5, 7), (9, 9)]):
        tops = [train["wall_top"].values[entry_of[entry]] for entry in entries]
        assert ensemble["replica_wall_top"].values[0, pulse].tolist() == tops
        places = train["wall_position"].values[[entry_of[entry] for entry in entries]]
        m_z = ensemble.attrs["domain_magnetization"] * (1 - 2 * places / 240e-9)
        np.testing.assert_allclose(ensemble["replica_m_z"].values[0, pulse], m_z, atol=1e-6)
    profile, cells = ensemble["replica_profile"].values[1], ensemble["magnetic_cells"].values
    mean = np.average(profile, axis=-1, weights=cells)
    np.testing.assert_allclose(mean, ensemble["replica_m_z"].values[1], atol=1e-6)
    # the quench moves a wall
    quenched = ensemble["read_wall_top"].values[:, 1:]
    assert (quenched != ensemble["replica_wall_top"].values[:, 1:, 1]).all()
    spins = ensemble["replica_spin_temperature"].values
    assert np.isnan(spins[:, 0]).all()
    assert spins[:, 1:].mean() == pytest.approx(300, abs=30)
    assert ensemble.attrs["temperature"] == 300.0
    lengths = [0.14, 0.04] * 4
    assert ensemble.attrs["spin_temperature"] == pytest.approx(
        np.average(spins[:, 1:].ravel(), weights=lengths), rel=1e-9, abs=0
    )


def test_the_thermal_field_of_a_replica_is_that_of_its_number():
    assert len({block(number, number).noise_key for number in range(1, 21)}) == 20
    assert block(5, 5).noise_key == block(5, 8).noise_key


def hot_block(first, last):
    """Return a block whose replicas equilibrate for 0.2 ns before their first pulse."""
    job = block(first, last)
    return job.model_copy(update={"steps": (Step(pause=0.2e-9), *job.steps)})


@pytest.fixture(scope="module")
def equilibrated(initial):
    return simulate.simulate(hot_block(1, 4), initial)


def test_each_replica_equilibrates_before_its_first_pulse(equilibrated, ensemble, initial):
    cold = ensemble["replica_profile"].values[:, 0, 0]
    np.testing.assert_array_equal(cold[0], cold[1])
    # far from the wall, a column has the magnetisation of its temperature, not that of 0 K
    hot = np.abs(equilibrated["replica_profile"].values[:, 0, 0, -15:])
    expected = equilibrated.attrs["domain_magnetization"]
    assert hot.mean() == pytest.approx(expected, rel=0.01, abs=0)
    assert np.abs(cold[:, -15:]).mean() > expected + 0.01
    # each wall has gone its own way
    ends = equilibrated["replica_wall_bottom"].values[:, 0, 0]
    assert len({*ends}) == 4
    # the trace begins with the first pulse
    np.testing.assert_array_equal(equilibrated["time"], ensemble["time"])
    np.testing.assert_array_equal(equilibrated["pulse_start"], ensemble["pulse_start"])
    same(equilibrated.isel(replica=[2]), simulate.simulate(hot_block(3, 3), initial), TRACES)


def test_no_quench_follows_the_time_before_the_first_pulse(initial):
    first = next(hot_block(1, 1).parts()).model_copy(update={"replicas": None})
    trace = simulate.simulate(first, initial)
    assert trace["read_wall_top"].values[0, -1] == trace["wall_top"].values[-1]
    assert float(trace["time"][-1]) == pytest.approx(0.2e-9, rel=1e-9, abs=0)


class Killed(BaseException):
    """Substitute for SIGKILL within a process; no code catches it."""


def test_a_killed_block_goes_on_where_it_was(equilibrated, initial, tmp_path, monkeypatch):
    """It is killed in the first pulse of the second replica."""
    killed = 0.38e-9 + 0.2e-9 + 0.05e-9
    out = tmp_path / "block.nc"
    monkeypatch.setattr(calculator, "INTERVAL", 0.0)
    times = []

    def progress(now):
        times.append(now)
        if now > killed:
            raise Killed

    with pytest.raises(Killed):
        simulate.simulate(hot_block(1, 4), initial, progress, out)
    times.clear()
    same(equilibrated, simulate.simulate(hot_block(1, 4), initial, times.append, out))
    assert min(times) > killed
    assert max(times) == pytest.approx(4 * 0.38e-9, rel=1e-9, abs=0)
    assert (unfinished(out) / "replica-4/2.nc").exists()


def read(trace, pulse, bottom, top, walls=1):
    """Return a run whose wall is read elsewhere after a pulse."""
    changed = trace.copy(deep=True)
    for name, value in {"wall_bottom": bottom, "wall_top": top, "walls": walls}.items():
        changed[f"read_{name}"][:, pulse] = value
    return changed


def test_the_run_of_a_replica_ends_by_itself(initial, ensemble, monkeypatch):
    """An end of the wall of the second replica is further than Δ from the notch."""
    original = runs.simulate_step

    def simulate_step(job, *rest):
        trace = original(job, *rest)
        return read(trace, 1, 60e-9, 69.5e-9) if job.replicas == (2, 2) else trace

    monkeypatch.setattr(runs, "simulate_step", simulate_step)
    minima = states(9e-9, notch_1=(61e-9, 60e-9), notch_2=(180e-9, 180e-9))
    job = block(1, 3, expected=("", "notch 1", ""))
    made = simulate.simulate(job, initial, states=minima)
    ends = made["read_wall_top"].values
    assert ends[1, 1] == 69.5e-9
    assert np.isnan(ends).tolist() == [[False] * 3, [False, False, True], [False] * 3]
    assert made["read_walls"].values.tolist() == [[1] * 3, [1, 1, 0], [1] * 3]
    np.testing.assert_array_equal(ends[0], ensemble["read_wall_top"].values[0])
    # the first replica ends early, and the pulses are those of the others
    job = job.model_copy(update={"replicas": (2, 3)})
    made = simulate.simulate(job, initial, states=minima)
    assert (made.sizes["pulse"], made["replica"].values.tolist()) == (3, [2, 3])
    np.testing.assert_array_equal(made["pause_end"], ensemble["pause_end"])
    assert made["time"].values[-1] == pytest.approx(0.14e-9, rel=1e-9, abs=0)


def test_a_share_of_the_free_walls_between_each_pair_of_notches_goes_on(ensemble):
    free = {2: (20e-9, 30e-9), 3: (70e-9, 100e-9), 5: (66e-9, 68e-9), 6: (100e-9, 150e-9)}
    # the mean of 8 is between the notches, and both ends of 9 are to the right of them
    free |= {8: (40e-9, 90e-9), 9: (200e-9, 210e-9)}
    one = ensemble.isel(replica=[0])
    walls = {number: read(one, 2, *ends) for number, ends in free.items()}
    # the runs of others ended early, a notch pins their wall, or they have several
    walls |= {4: read(one, 1, 70e-9, 100e-9).isel(pulse=slice(2))}
    walls |= {7: read(one, 2, 66e-9, 67e-9), 10: read(one, 2, 70e-9, 100e-9, 3)}
    pinned = states(9e-9, notch_1=(57.5e-9, 58.5e-9))

    def chosen(share):
        job = block(1, 10, free=FreeWalls(share=share, longest=1e-9))
        return runs.going_on(runs.Course(job, pinned, lambda time: None, None), walls)

    assert chosen(0.5) == [2, 3, 5, 9]
    assert chosen(0.51) == [2, 3, 5, 6, 9]
    assert chosen(0.01) == [2, 3, 9]
    assert chosen(1.0) == [*free]


def test_free_walls_go_on_until_a_notch_pins_them(initial, monkeypatch):
    """All walls are free but that of replica 2 after its second part."""
    original, seen = runs.simulate_step, []

    def simulate_step(job, *rest):
        (number, _) = job.replicas
        seen.append(number)
        pinned = number == 2 and seen.count(2) == 4
        ends = (171e-9, 187e-9) if pinned else (90e-9, 95e-9)
        return read(original(job, *rest), 1, *ends)

    monkeypatch.setattr(runs, "simulate_step", simulate_step)
    monkeypatch.setattr(jobs.run, "QUENCH", 0.03e-9)
    going = FreeWalls(share=0.4, longest=0.08e-9)
    minima = states(9e-9, notch_1=(60e-9, 61e-9), notch_2=(179.5e-9, 178.5e-9))
    made = simulate.simulate(block(1, 4, free=going), initial, states=minima)
    # 1 and 2 of four walls, in parts of a third of 0.08 ns
    expected = [0.08e-9, 0.16e-9 / 3, np.nan, np.nan]
    np.testing.assert_allclose(made["onward_time"].values, expected, rtol=1e-6)
    for name, values in {"bottom": [90e-9, 171e-9], "top": [95e-9, 187e-9]}.items():
        expected = [*values, np.nan, np.nan]
        np.testing.assert_array_equal(made[f"onward_wall_{name}"].values, expected)
    np.testing.assert_array_equal(made["onward_walls"].values, [1, 1, np.nan, np.nan])
    # each part has a thermal field of its own
    keys = [step.noise_key for step in block(2, 2, free=going).onward()]
    assert len({*keys, *(step.noise_key for step in block(2, 2).parts())}) == 5


def test_a_pulse_that_heats_too_much_is_an_outcome(tmp_path):
    hot = device(
        temperature={"ambient": 300.0, "heating": "pulse"},
        heavy_metal={"resistivity": 2e-6, "thickness": 4e-9, "spin_hall_angle": 0.16},
    )
    strong = ProgramPulse(current_density=2e12, duration=0.13e-9)
    job = pulse_train_job(hot, (*PULSES, strong), maps=False)
    job = job.model_copy(update={"replicas": (1, 8)})
    initial = simulate.simulate(jobs.initial_job(hot))
    files.write_dataset(simulate.simulate(job, initial), tmp_path / "a.nc", "run", {})
    made = files.read_dataset(tmp_path / "a.nc", "run")
    assert (made.sizes["replica"], made.sizes["pulse"]) == (0, 1)
    assert made.attrs["beyond_model"].startswith("at ")
    assert "the pulse has heated the track to 5" in made.attrs["beyond_model"]
    assert 510 < made.attrs["highest_temperature"] < 580
    assert beyond_model(job).temperature == made.attrs["highest_temperature"]
    assert beyond_model(job.model_copy(update={"steps": job.steps[1:2]})) is None
    assert beyond_model(job.model_copy(update={"heat": None})) is None


def test_the_work_is_that_of_all_replicas_and_quenches():
    """A replica has two pulses, of 0.18 ns in all, and two quenches."""
    going = FreeWalls(share=0.25, longest=20e-9)
    one, eight, free = block(1, 1), block(9, 16), block(1, 8, free=going)
    assert one.longest == pytest.approx(0.18e-9, rel=1e-9, abs=0)
    assert eight.longest == pytest.approx(8 * 0.18e-9, rel=1e-9, abs=0)
    assert free.longest == pytest.approx(8 * 5.18e-9, rel=1e-9, abs=0)
    assert hot_block(9, 16).longest == pytest.approx(8 * 0.38e-9, rel=1e-9, abs=0)
    assert eight.cell_steps() == pytest.approx(8 * one.cell_steps(), rel=1e-9, abs=0)
    cold = one.model_copy(update={"temperature": None, "replicas": None})
    quench = cold.cell_steps() * 5 / 0.18
    hot = one.cell_steps() - 2 * quench
    assert hot > 2 * cold.cell_steps()
    more = 8 * (3 * quench + hot * 5.18 / 0.18)
    assert free.cell_steps() == pytest.approx(more, rel=1e-9, abs=0)


def test_a_block_has_eight_replicas_and_a_temperature():
    assert blocks(16) == [(1, 8), (9, 16)]
    assert (blocks(1), blocks(10)) == ([(1, 1)], [(1, 8), (9, 10)])
    job = block(1, 4)
    assert Run.from_json(job.to_json()) == job
    cold = job.model_copy(update={"temperature": None})
    with pytest.raises(ConfigError, match="replicas is given without temperature"):
        Run.from_json(cold.to_json())
