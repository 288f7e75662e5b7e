"""A killed simulation continues from its checkpoint and gives the same data."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from helpers.runs import with_step
from helpers.small_campaign import TINY

from wallnet import cli, config, files, jobs, revisions
from wallnet.config.devices import Relaxation
from wallnet.jobs.film import check
from wallnet.simulate import calculator, simulate


class Killed(BaseException):
    """Substitute for SIGKILL within a process; no code catches it."""


def killer(after):
    """Return a progress callback that ends the simulation after a number of entries."""
    left = iter(range(after))

    def progress(now):
        if next(left, None) is None:
            raise Killed

    return progress


@pytest.fixture(scope="module")
def device():
    return config.parse(TINY, check).devices["synapse"]


@pytest.fixture(scope="module")
def job(device):
    return jobs.pulse_job(device, 1.5e12)


@pytest.fixture(scope="module")
def undisturbed(job):
    return simulate(job)


@pytest.fixture
def eager(monkeypatch):
    """Write a checkpoint after every entry."""
    monkeypatch.setattr(calculator, "INTERVAL", 0.0)


def same(a, b):
    assert set(a.variables) == set(b.variables)
    for name in a.variables:
        np.testing.assert_array_equal(a[name].values, b[name].values, err_msg=name)


@pytest.mark.parametrize("kills", [[30], [7, 9, 25, 3]], ids=lambda kills: f"{kills}")
def test_a_killed_pulse_goes_on_to_the_same_data(job, undisturbed, tmp_path, eager, kills):
    """It is killed at the end of the pulse (entry 30), and in the pulse and the relaxation."""
    out = tmp_path / "trace.nc"
    for after in kills:
        with pytest.raises(Killed):
            simulate(job, progress=killer(after), output=out)
    entries = []
    resumed = simulate(job, progress=entries.append, output=out)
    assert len(entries) <= undisturbed.sizes["time"] - sum(kills)
    same(undisturbed, resumed)
    for name in ("steps", "field_evaluations", "stray_field_renewals"):
        assert undisturbed.attrs[name] == resumed.attrs[name]


@pytest.mark.parametrize("kills", [[4, 6], [11, 21]], ids=lambda kills: f"{kills}")
def test_a_killed_pulse_with_a_waveform_goes_on_to_the_same_data(job, tmp_path, eager, kills):
    """It is killed in a ramp, at the point after entry 10, behind it and in the relaxation."""
    waveform = ((0.0, 0.1), (0.19e-9, 1.0), (0.4e-9, 0.3))
    shaped = with_step(job, waveform=waveform)
    undisturbed, out = simulate(shaped), tmp_path / "trace.nc"
    assert undisturbed["time"][10] == pytest.approx(0.19e-9, rel=1e-9, abs=0)
    for after in kills:
        with pytest.raises(Killed):
            simulate(shaped, progress=killer(after), output=out)
    same(undisturbed, simulate(shaped, output=out))


def test_a_killed_relaxation_goes_on_to_the_same_data(device, tmp_path, eager):
    job = jobs.level_job(device, "1")
    out = tmp_path / "level.nc"
    with pytest.raises(Killed):
        simulate(job, progress=killer(5), output=out)
    undisturbed, entries = simulate(job), []
    same(undisturbed, simulate(job, progress=entries.append, output=out))
    assert len(entries) <= undisturbed.sizes["time"] - 5


def test_an_initial_state_goes_on_from_its_checkpoint(tiny, tmp_path, eager, caplog):
    tiny["devices"]["synapse"]["wall"]["relaxation"] = 60e-12
    job = jobs.initial_job(config.parse(tiny, check).devices["synapse"])
    out = tmp_path / "initial.nc"
    first = simulate(job, output=out)
    assert [path.name for path in tmp_path.iterdir()] == [".initial.checkpoint.npz"]
    same(first, simulate(job, output=out))
    assert caplog.text.count("continuing from") == 1
    cli.main(["simulate", "--job", job.to_json(), "--out", str(out)])
    assert list(tmp_path.iterdir()) == [out]
    same(first, files.read_dataset(out, "run"))


def test_a_checkpoint_of_another_job_or_start_is_not_used(device, job, tmp_path, eager):
    out = tmp_path / "trace.nc"
    with pytest.raises(Killed):
        simulate(job, progress=killer(8), output=out)
    other = jobs.pulse_job(device, 3.0e12)
    same(simulate(other), simulate(other, output=out))
    with pytest.raises(Killed):
        simulate(job, progress=killer(8), output=out)
    moved = device.model_copy(update={"wall": device.wall.model_copy(update={"start": 60e-9})})
    start = simulate(jobs.initial_job(moved))
    entries = []
    elsewhere = simulate(job, start, entries.append, out)
    same(simulate(job, start), elsewhere)
    assert len(entries) == elsewhere.sizes["time"] - 1  # from the beginning
    assert elsewhere["wall_position"][0] > 59e-9


def test_a_checkpoint_of_another_revision_is_not_used(job, tmp_path, eager, monkeypatch):
    out = tmp_path / "trace.nc"
    with pytest.raises(Killed):
        simulate(job, progress=killer(8), output=out)
    # that of the engine, and of no other stage
    others = revisions.of
    monkeypatch.setattr(revisions, "of", lambda stage: 999 if stage == "film" else others(stage))
    entries = []
    trace = simulate(job, progress=entries.append, output=out)
    assert len(entries) == trace.sizes["time"] - 1  # from the beginning


def test_a_checkpoint_is_saved_once_an_interval(device, tmp_path, monkeypatch):
    """Entries take two minutes each: at every third the latest checkpoint is older than five."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    kept = calculator.Checkpoint(tmp_path / "trace.nc", jobs.pulse_job(device, 1.5e12), np.zeros(3))
    saved = []
    for entry in range(12):
        now[0] += 120.0
        kept.offer(lambda entry=entry: saved.append(entry) or {"entry": np.array(entry)})
    assert saved == [2, 5, 8, 11]


def test_the_time_of_earlier_attempts_adds_up(device, tmp_path, monkeypatch):
    """Time counts up to the checkpoint that was read; work after it was lost and is repeated."""
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    for begin, end, before, after in [(1000, 1400, 0, 400), (5000, 5350, 400, 750)]:
        now[0] = float(begin)
        job = jobs.pulse_job(device, 1.5e12)
        kept = calculator.Checkpoint(tmp_path / "trace.nc", job, np.zeros(3))
        state = kept.load()
        assert kept.elapsed == before
        assert (state is None) == (before == 0)
        now[0] = float(end)
        kept.offer(lambda: {"entry": np.array(3.5)})
        again = calculator.Checkpoint(tmp_path / "trace.nc", job, np.zeros(3))
        assert again.load()["entry"] == 3.5
        assert again.elapsed == after


@pytest.mark.parametrize("damage", ["garbled", "pickled"])
def test_a_damaged_checkpoint_costs_time_and_nothing_else(
    job, undisturbed, tmp_path, eager, damage
):
    out = tmp_path / "trace.nc"
    with pytest.raises(Killed):
        simulate(job, progress=killer(3), output=out)
    path = calculator.path_beside(out)
    whole = path.read_bytes()
    if damage == "pickled":
        np.savez(path, identity=np.array([{"a": 1}], dtype=object))
    else:
        middle = len(whole) // 2
        garbled = whole[:middle] + bytes(64) + whole[middle + 64 :]
        path.write_bytes(garbled)
    same(undisturbed, simulate(job, output=out))


def test_a_checkpoint_that_cannot_be_written_does_not_stop_the_job(
    job, undisturbed, eager, tmp_path
):
    (tmp_path / "file").write_text("")
    same(undisturbed, simulate(job, output=tmp_path / "file" / "trace.nc"))


EAGER = "import wallnet.simulate.calculator as c, wallnet.cli;c.INTERVAL = 0.0; wallnet.cli.main()"


def test_a_job_killed_by_a_signal_goes_on_and_clears_up(device, tmp_path, caplog):
    job = jobs.pulse_job(
        device.model_copy(update={"relaxation": Relaxation(longest=5e-9, hold=5e-9)}),
        0.5e12,
    )
    out = tmp_path / "trace.nc"
    command = [sys.executable, "-c", EAGER, "simulate", "--job", job.to_json(), "--out", str(out)]
    running = subprocess.Popen(command)
    while not calculator.path_beside(out).exists():
        assert running.poll() is None
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert not out.exists()
    cli.main(command[3:])
    assert "continuing from" in caplog.text
    for left in tmp_path.iterdir():
        assert left == out or ".part" in left.name
    same(files.read_dataset(out, "run"), simulate(job))
