"""Tables and threads of a run, without a real run."""

import numpy as np
import pytest

from wallnet.experiment import Simulation
from wallnet.simulate.drives import Drive
from wallnet.simulate.oommf import run
from wallnet.simulate.oommf.session import OommfError

DRIVE = Drive(driven=True, start=0.0, duration=1e-10, stages=5)
TIMES = np.arange(1, 6) * 2e-11


def test_a_whole_table_passes():
    run.check_table(TIMES, DRIVE, 5)
    run.check_table(TIMES[:4], DRIVE, 3)  # cut at the time when the wall came to rest


@pytest.mark.parametrize(
    ("times", "recorded", "words"),
    [
        (TIMES[:1], 5, "1 rows instead of 5"),
        (TIMES[:0], 1, "0 rows instead of 1"),
        (np.append(TIMES, 1.2e-10), 5, "6 rows instead of 5"),
        (TIMES * 0.9, 5, "stage 1 at 1.8e-11 s instead of 2e-11 s"),
        (np.append(TIMES[:4], 9.9e-11), 5, "stage 5 at 9.9e-11 s"),
        # by a hundred thousandth of a stage
        (np.append(TIMES[:4], TIMES[4] + 2e-16), 5, "stage 5 at 1e-10 s"),
        (np.append(TIMES[:4], TIMES[4] - 2e-16), 5, "stage 5 at"),
        (TIMES[1:], 4, "stage 1 at 4e-11 s instead of 2e-11 s"),
    ],
)
def test_a_table_that_is_short_or_off_is_refused(times, recorded, words):
    with pytest.raises(OommfError, match=words):
        run.check_table(times, DRIVE, recorded)


def test_the_rule_s_threads_go_before_the_configuration(monkeypatch, small_job):
    settings = small_job("oommf", oommf={"threads": 3}).calculator
    monkeypatch.delenv(run.THREADS_VARIABLE, raising=False)
    assert run.threads_of(settings) == 3
    monkeypatch.setenv(run.THREADS_VARIABLE, "2")
    assert run.threads_of(settings) == 2
    for given in ("many", "0", "-1", ""):
        monkeypatch.setenv(run.THREADS_VARIABLE, given)
        with pytest.raises(OommfError, match=f"OOMMF_THREADS is '{given}'; set it"):
            run.threads_of(settings)


def test_the_thread_count_is_no_part_of_a_job(small_job):
    one, two = (small_job("oommf", oommf={"threads": n}).to_json() for n in (1, 2))
    assert one == two
    assert Simulation.from_json(one).to_json() == one
