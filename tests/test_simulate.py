"""One job, from its description to its trace."""

import subprocess
import sys

import numpy as np
import pytest
import yaml

from wallnet import config, files, simulate
from wallnet.config import jobs
from wallnet.simulate.recorder import Recorder


@pytest.fixture
def synapse(tiny):
    return config.parse(tiny).devices["synapse"]


@pytest.fixture(scope="module")
def trace():
    from small_campaign import TINY

    return simulate.simulate(jobs.pulse_job(config.parse(TINY).devices["synapse"], 1.5e12))


def test_a_trace_is_what_the_files_say(trace, tmp_path):
    path = tmp_path / "deep" / "trace.nc"
    files.write_dataset(trace, path, "trace", {})
    again = files.read_dataset(path, "trace")
    assert again.identical(trace.assign_attrs(again.attrs))
    assert list(path.parent.iterdir()) == [path]
    for name, variable in again.variables.items():
        assert "long_name" in variable.attrs, name
        assert name == "component" or "units" in variable.attrs, name
    for attribute in ("parameters", "backend", "backend_version", "wallnet_version", "revision"):
        assert attribute in again.attrs
    assert config.SimulationJob.from_json(again.attrs["parameters"]).current_density == 1.5e12


def test_the_pulse_moves_the_wall_to_the_right_and_ends_on_time(trace):
    applied = trace["applied_current_density"]
    during = trace["time"] <= 0.6e-9 * (1 + 1e-9)
    assert np.all(applied[during] == 1.5e12)
    assert np.all(applied[~during] == 0)
    assert np.any(np.isclose(trace["time"], 0.6e-9))
    assert trace["wall_position"][-1] > trace["wall_position"][0] + 20e-9
    assert trace["snapshot_time"][0] == 0
    assert trace["snapshot_time"][-1] == trace["time"][-1]
    assert np.isnan(trace["magnetization"].values).any(axis=(0, 3)).sum() > 0


def test_the_end_of_the_pulse_is_kept_whole(synapse):
    """Also where no snapshot is due."""
    job = jobs.pulse_job(synapse, 1.5e12).model_copy(update={"pulse_duration": 0.55e-9})
    times = simulate.simulate(job)["snapshot_time"].values
    assert times[:6] == pytest.approx([0, 1e-10, 2e-10, 3e-10, 4e-10, 5e-10], rel=1e-6, abs=0)
    assert times[6] == pytest.approx(5.5e-10, rel=1e-6, abs=0)


def test_the_average_is_that_of_the_profile_and_of_the_snapshot(trace):
    cells = trace["magnetic_cells"]
    average = (trace["magnetization_profile"] * cells).sum("x") / cells.sum()
    assert np.allclose(average.transpose(*trace["m"].dims), trace["m"], atol=1e-6)
    last = trace["magnetization"].isel(snapshot=-1).mean(("y", "x"))
    assert np.allclose(last, trace["m"].isel(time=-1), atol=1e-6)


def test_the_same_job_gives_the_same_trace(synapse):
    job = jobs.pulse_job(synapse, 0.5e12)
    first, second = (simulate.simulate(job) for _ in range(2))
    assert first.drop_attrs().identical(second.drop_attrs())


def test_settled_is_told_from_moving_and_from_not_asked(synapse):
    job = jobs.pulse_job(synapse, 0.5e12)
    slow = job.relaxation.model_copy(update={"speed": 20.0})
    settled = simulate.simulate(job.model_copy(update={"relaxation": slow}))
    assert settled.attrs["settled"] == 1
    # it ends as soon as it rests, before the longest relaxation
    assert settled["time"].values[-1] < 0.6e-9 + 0.9e-9
    rest = job.relaxation.model_copy(update={"longest": 0.1e-9})
    assert simulate.simulate(job.model_copy(update={"relaxation": rest})).attrs["settled"] == 0
    none = job.relaxation.model_copy(update={"longest": 0.0})
    assert simulate.simulate(job.model_copy(update={"relaxation": none})).attrs["settled"] == -1


def _recorded(job, ends, interval=0.1e-9):
    recorder = Recorder(job)
    for index, end in enumerate(ends):
        from wallnet import tracks

        bottom, top = end if isinstance(end, tuple) else (end, end)
        recorder.record(index * interval, tracks.placed_wall(job.track, 9e-9, bottom, top))
    return recorder


def test_resting_needs_both_ends_slow_for_the_whole_hold(synapse):
    job = jobs.level_job(synapse, "1")  # hold 0.2 ns, speed 2 m/s
    assert _recorded(job, [120e-9] * 3).resting()
    assert not _recorded(job, [120e-9] * 2).resting()
    assert not _recorded(job, [120e-9, 125e-9, 125e-9]).resting()
    assert _recorded(job, [120e-9, 125e-9, 125e-9, 125e-9]).resting()
    # the lower end alone, the upper alone; away from the notches, whose edge lies far inside
    for moved in ((65e-9, 60e-9), (60e-9, 65e-9)):
        assert not _recorded(job, [60e-9, 60e-9, moved]).resting()
        assert _recorded(job, [60e-9, moved, moved, moved]).resting()


def test_the_hold_is_counted_from_the_end_of_the_pulse(synapse):
    job = jobs.pulse_job(synapse, 0.5e12)  # 0.6 ns, then a hold of 0.2 ns
    still = [120e-9] * 7
    assert not _recorded(job, still).resting()
    assert not _recorded(job, [*still, 120e-9]).resting()
    assert _recorded(job, [*still, 120e-9, 120e-9]).resting()


def test_an_initial_state_relaxes_for_exactly_the_stated_time(tiny):
    tiny["devices"]["synapse"]["wall"]["relaxation"] = 50e-12
    device = config.parse(tiny).devices["synapse"]
    state = simulate.initial_state(jobs.initial_job(device))
    assert state.attrs["drift"] != 0
    unrelaxed = simulate.initial_state(
        jobs.initial_job(
            config.parse(
                tiny
                | {"devices": {"synapse": {**tiny["devices"]["synapse"], "wall": {"start": 40e-9}}}}
            ).devices["synapse"]
        )
    )
    assert unrelaxed.attrs["drift"] == 0
    assert not np.allclose(
        state["magnetization"], unrelaxed["magnetization"], equal_nan=True, atol=1e-3
    )


def test_what_goes_wrong_is_said(synapse, monkeypatch):
    job = jobs.pulse_job(synapse, 0.5e12)
    other = simulate.initial_state(
        jobs.initial_job(
            synapse.model_copy(
                update={"track": synapse.track.model_copy(update={"length": 400e-9})}
            )
        )
    )
    with pytest.raises(simulate.SimulationError, match="make it again from this track"):
        simulate.simulate(job, other)

    class Short:
        def run(self, job, magnetization, recorder, progress):
            recorder.record(0.0, magnetization)
            return {}

    monkeypatch.setattr(simulate.importlib, "import_module", lambda name: Short())
    with pytest.raises(simulate.SimulationError, match="the trace ends at 0 s instead of"):
        simulate.simulate(job)

    class Broken:
        def run(self, job, magnetization, recorder, progress):
            recorder.record(0.0, magnetization)
            recorder.record(2e-9, magnetization * np.nan)
            return {}

    monkeypatch.setattr(simulate.importlib, "import_module", lambda name: Broken())
    with pytest.raises(simulate.SimulationError, match="is not finite"):
        simulate.simulate(job)


def test_an_unstable_step_is_recognised(synapse):
    """A step far beyond the stability limit ends in an error, not in a trace."""
    from wallnet.film import core
    from wallnet.simulate import embedded

    job = jobs.pulse_job(synapse, 0.5e12)
    film = embedded.film_of(job)
    from wallnet import tracks

    film.magnetization = tracks.placed_wall(job.track, 9e-9, 40e-9, 40e-9)
    film._longest_step *= 5
    with pytest.raises(core.FilmError, match="became unstable"):
        film.advance(0.2e-9)


def test_one_job_by_hand(tmp_path, tiny):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(tiny))
    command = [sys.executable, "-m", "wallnet.cli", "simulate", "--config", "config.yaml"]
    command += ["--device", "neuron", "--current-density", "0.25e12", "--out", "trace.nc"]
    done = subprocess.run(
        [*command, "--set", "material.damping=0.3"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    trace = files.read_dataset(tmp_path / "trace.nc", "trace")
    assert float(trace["current_density"]) == 0.25e12
    assert config.SimulationJob.from_json(trace.attrs["parameters"]).material.damping == 0.3
    refused = subprocess.run(
        [*command, "--set", "material.damping=heavy"], cwd=tmp_path, capture_output=True, text=True
    )
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "devices.neuron.material.damping = 'heavy' is not a number" in refused.stderr
