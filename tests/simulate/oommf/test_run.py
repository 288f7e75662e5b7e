"""Threads of a run, without a real run."""

import pytest

from wallnet.jobs import Run
from wallnet.simulate import oommf
from wallnet.simulate.oommf.session import OommfError


def test_the_rule_s_threads_go_before_the_configuration(monkeypatch, small_job):
    settings = small_job("oommf", oommf={"threads": 3}).calculator
    monkeypatch.delenv(oommf.THREADS_VARIABLE, raising=False)
    assert oommf.threads_of(settings) == 3
    monkeypatch.setenv(oommf.THREADS_VARIABLE, "2")
    assert oommf.threads_of(settings) == 2
    for threads in ("many", "0", "-1", ""):
        monkeypatch.setenv(oommf.THREADS_VARIABLE, threads)
        with pytest.raises(OommfError, match=f"OOMMF_THREADS is '{threads}'; set it"):
            oommf.threads_of(settings)


def test_the_thread_count_is_no_part_of_a_job(small_job):
    one, two = (small_job("oommf", oommf={"threads": n}).to_json() for n in (1, 2))
    assert one == two
    assert Run.from_json(one).to_json() == one
