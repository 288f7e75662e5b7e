"""Times of the entries of a trace, for any calculator."""

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.placed import placed_wall
from helpers.runs import with_step

from wallnet.config.calculators import OommfSettings
from wallnet.simulate import oommf
from wallnet.simulate.drives import Drive, drives
from wallnet.simulate.oommf import session
from wallnet.simulate.recorder import Recorder, initialized


def test_states_fall_on_the_times_of_the_embedded_engine(small_job):
    job = small_job("oommf")
    times = [d.time(k) for d in drives(job) for k in range(d.stages)]
    pulse = [*np.arange(20, 121, 20), 130]
    relaxation = [*np.arange(140, 321, 20), 330]
    np.testing.assert_allclose(np.array(times) * 1e12, [*pulse, *relaxation])


def test_pulse_and_relaxation_never_share_a_run(small_job):
    parts = drives(small_job("oommf"))
    assert [part.driven for part in parts] == [True, True, False, False, False]
    assert [part.stages for part in parts] == [6, 1, 1, 9, 1]


def test_a_pulse_of_no_current_lasts_as_long_as_any(small_job):
    job = small_job("oommf")
    still = with_step(job, current_density=0.0)
    assert drives(still) == drives(job)
    level = with_step(job, duration=0.0)
    assert [(part.driven, part.stages) for part in drives(level)] == [(False, 10)]


def test_a_stage_ends_at_its_share_of_the_run():
    drive = Drive(driven=False, start=130e-12, duration=90e-12, stages=3)
    times = [drive.time(stage) * 1e12 for stage in range(3)]
    assert times == pytest.approx([160, 190, 220], abs=1e-6)


def test_each_run_starts_from_the_last_state_until_the_wall_rests(small_job, monkeypatch):
    """The wall stands still from 150 ps on; with a hold of 60 ps it rests at 220 ps."""
    job, times, starts = small_job("oommf"), [], []
    recorder, wall = Recorder(job), initialized(job)

    def states(opened, job, drive, start):
        starts.append(start)
        for stage in range(drive.stages):
            moved = min(drive.time(stage), 150e-12) * 400
            start = placed_wall(job.track, 5e-9, 60e-9 + moved, 60e-9 + moved)
            yield start

    monkeypatch.setattr(
        session, "opened", lambda threads: nullcontext(SimpleNamespace(version="2"))
    )
    monkeypatch.setattr(oommf, "states", states)
    oommf.Oommf(OommfSettings()).run(job, wall, recorder, times.append, None)
    entries = [0, *range(20, 121, 20), 130, *range(140, 221, 20)]
    assert np.array(recorder.time) * 1e12 == pytest.approx(entries, rel=0, abs=1e-6)
    assert times == recorder.time[1:]
    # runs end after 6, 7 and 8 entries
    trace = recorder.trace()["magnetization_profile"].values
    profiles = [start[0].astype("f4") for start in starts]
    np.testing.assert_allclose(profiles, trace[[0, 6, 7, 8]], rtol=0, atol=1e-6)
