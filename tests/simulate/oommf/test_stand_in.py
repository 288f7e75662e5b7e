"""A whole job with a program that replaces OOMMF, for machines without OOMMF.

The program moves nothing: each state is the initial state of the run.
"""

import numpy as np
import pytest

from wallnet import files
from wallnet.simulate import SimulationError, registry, simulate


def test_states_and_tables_of_all_runs_become_one_trace(stand_in, small_job, tmp_path):
    jobs = stand_in()
    job = small_job("oommf")
    trace = simulate(job)
    times = [*np.arange(0, 121, 20), 130, 140, 160, 180, 200]
    assert trace["time"].values * 1e12 == pytest.approx(times, abs=1e-6)
    assert np.ptp(trace["m"].values, axis=0) == pytest.approx([0, 0, 0], abs=1e-9)
    assert trace["read_settled"].values[-1] == 1
    assert trace.attrs["backend_version"].startswith("OOMMF 9.9, oommfc ")
    assert trace.attrs["threads"] == 2
    files.write_dataset(trace, tmp_path / "trace.nc", "run", {})
    assert list(jobs.iterdir()) == []
    registry.check("oommf", {})


def test_no_run_follows_the_one_in_which_the_wall_comes_to_rest(stand_in, small_job):
    """The longest relaxation ends within an output interval, so that its last run has one stage."""
    stand_in()
    relaxation = {"longest": 0.195e-9, "hold": 0.06e-9, "speed": 40.0}
    trace = simulate(small_job("oommf", relaxation=relaxation))
    assert trace["time"].values[-1] == pytest.approx(200e-12, rel=1e-6, abs=0)
    assert trace.sizes["time"] == 12


def test_states_that_the_archive_writes_after_the_end_are_waited_for(stand_in, small_job):
    """OOMMF's solver ends while another of its processes still writes."""
    late = "import os, time\n    if os.fork(): os._exit(0)\n    time.sleep(0.5)"
    jobs = stand_in(late)
    trace = simulate(small_job("oommf"))
    assert trace.sizes["time"] == 12
    assert trace["time"].values[-1] == pytest.approx(200e-12, rel=1e-6, abs=0)
    assert list(jobs.iterdir()) == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ('sys.exit("ERROR no memory")', "ended with code 1 after 0 of 6 states; it says: ERROR no"),
        ("stages -= 1", "OOMMF ended after 5 of 6 states; it says: Boxsi version 9.9 2"),
        ("import time; time.sleep(600)", "OOMMF hangs: no new state for 1 s after 0 of 6; it says"),
    ],
)
def test_a_run_that_fails_leaves_nothing_and_says_so(
    stand_in, small_job, monkeypatch, fault, words
):
    from wallnet.simulate.oommf import session

    monkeypatch.setattr(session, "FLUSH_LIMIT", 0.5)
    monkeypatch.setattr(session, "STUCK_LIMIT", 1.0)
    jobs = stand_in(fault)
    with pytest.raises(SimulationError) as refused:
        simulate(small_job("oommf"))
    assert words in str(refused.value)
    assert list(jobs.iterdir()) == []
