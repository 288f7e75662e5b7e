"""Calculators of ubermag through their `TimeDriver`, tested with the engine's and OOMMF's."""

import sys

import numpy as np
import pytest

from wallnet import config, experiment
from wallnet.simulate import SimulationError, registry, simulate
from wallnet.simulate.ubermag import UbermagCalculator

OURS = "wallnet.film:TimeDriver"


@pytest.fixture
def own_job(small_job):
    """Return a function that creates the small job for a calculator of ubermag."""

    def make(name, settings=None, **changes):
        return small_job(name, calculator_settings={name: settings or {}}, **changes)

    return make


def compared(first, second, of_m, of_ends):
    np.testing.assert_allclose(first["time"], second["time"], rtol=1e-9, atol=1e-18)
    np.testing.assert_allclose(first["m"], second["m"], rtol=0, atol=of_m)
    for end in ("wall_bottom", "wall_top"):
        np.testing.assert_allclose(first[end], second[end], rtol=0, atol=of_ends)
    for name in ("settled", "state"):
        assert first.attrs[name] == second.attrs[name]


def test_our_own_face_gives_the_trace_of_the_engine_itself(small_job, own_job):
    """Each run starts again and states pass through files: 2e-5 of m, 4 pm of 3 nm cells."""
    direct = simulate(small_job("film", -0.3e12))
    through = simulate(own_job(OURS, current_density=-0.3e12))
    compared(direct, through, of_m=5e-5, of_ends=0.01e-9)
    assert through.attrs["backend"] == OURS
    assert through.attrs["backend_version"].startswith(("source ", "wallnet "))


WATCHED = """
import wallnet.film

calls = []


class TimeDriver:
    def __init__(self, **settings):
        self.settings = settings

    def drive(self, system, /, **kwargs):
        torque = getattr(system.dynamics, "slonczewski", None)
        m = system.m.orientation.array.copy()
        calls.append((kwargs["t"], kwargs["n"], torque and torque.J, m, self))
        wallnet.film.TimeDriver(**self.settings).drive(system, **kwargs)
"""


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """Return the calls of a driver that is otherwise the engine's."""
    (tmp_path / "watched.py").write_text(WATCHED)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "watched", raising=False)
    experiment.code.code_of.cache_clear()
    import watched

    return watched.calls


def test_pulse_and_relaxation_are_driven_apart_until_the_wall_rests(own_job, watched):
    """A pulse of 0.13 ns in steps of 0.02 ns, then pieces as long as the hold, 0.06 ns."""
    settings = {"stray_field_tolerance": "1e-4"}
    job, told = own_job("watched:TimeDriver", settings, current_density=-0.3e12), []
    trace = simulate(job, progress=told.append)
    times, stages, currents, starts, drivers = zip(*watched, strict=True)
    assert list(stages[:4]) == [6, 1, 1, 3]
    assert np.array(times[:4]) * 1e12 == pytest.approx([120, 10, 10, 60], abs=1e-6)
    assert list(currents[:2]) == [-0.3e12, -0.3e12]
    assert set(currents[2:]) == {None}
    assert len(set(map(id, drivers))) == len(drivers)
    assert all(driver.settings == {"stray_field_tolerance": 1e-4} for driver in drivers)
    # each starts with the final state of the one before
    for start, entry in zip(starts, np.cumsum([0, *stages]), strict=False):
        m = trace["m"].values[entry]
        assert start.mean(axis=(0, 1, 2)) == pytest.approx(m, abs=1e-6)
    assert trace.attrs["settled"] == 1
    entries = trace["time"].values
    assert entries[-1] == pytest.approx(sum(times), rel=1e-6, abs=0)
    assert told == pytest.approx(entries[1:], rel=1e-9, abs=0)


def test_no_run_has_more_states_than_two_digits_tell_apart(own_job, watched):
    """The pulse has a hundred steps."""
    pulse = {"duration": 2e-9, "current_densities": [0.3e12]}
    job = own_job("watched:TimeDriver", pulse=pulse, relaxation={"longest": 0})
    assert simulate(job).sizes["time"] == 101
    assert [stages for _, stages, *_ in watched] == [99, 1]


def test_nor_have_the_pieces_of_a_relaxation_with_a_long_hold(own_job):
    """The hold has 150 steps of 0.02 ns, the relaxation 160."""
    relaxation = {"longest": 3.2e-9, "hold": 3e-9, "speed": 40.0}
    pieces = list(UbermagCalculator._pieces(own_job(OURS, relaxation=relaxation)))
    # the pulse of 0.13 ns ends within a step
    assert [piece.stages for piece in pieces] == [6, 1, 1, 99, 60, 1]
    assert pieces[-1].time(0) == pytest.approx(3.33e-9, rel=1e-9, abs=0)


def test_the_relaxation_ends_within_a_piece_as_the_wall_rests(own_job, small_job):
    """The hold has seven steps; the end of the pulse shortens the first one."""
    relaxation = {"longest": 0.4e-9, "hold": 0.13e-9, "speed": 40.0}
    direct = simulate(small_job("film", relaxation=relaxation))
    through = simulate(own_job(OURS, relaxation=relaxation))
    assert 0.27e-9 < direct["time"].values[-1] < 0.5e-9
    compared(direct, through, of_m=5e-5, of_ends=0.01e-9)


def test_a_driver_that_leaves_too_few_states_is_refused(own_job, watched, monkeypatch):
    import watched as module

    drive = module.TimeDriver.drive

    def forgetful(self, system, /, **kwargs):
        drive(self, system, **kwargs | {"n": kwargs["n"] - 1})

    monkeypatch.setattr(module.TimeDriver, "drive", forgetful)
    with pytest.raises(SimulationError, match="watched left 5 states instead of 6"):
        simulate(own_job("watched:TimeDriver"))


def test_a_driver_is_tried_before_the_first_job(watched):
    registry.check("watched:TimeDriver", {})
    ((time, stages, current, *_),) = watched
    assert (time, stages, current) == (1e-15, 1, 1e11)


def test_a_driver_that_does_not_do_is_named_by_the_check():
    with pytest.raises(SimulationError) as refused:
        registry.check(OURS, {"strayfield": 1})
    assert f"calculator {OURS} cannot run (" in str(refused.value)
    assert "strayfield" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.oommf
@pytest.mark.usefixtures("real_oommf")
@pytest.mark.parametrize("density", [0.3e12, -0.3e12])
def test_oommfc_gives_the_trace_of_the_engine(small_job, own_job, density):
    """The bounds are those of the `oommf` calculator."""
    registry.check("oommfc:TimeDriver", {})
    direct = simulate(small_job("film", density))
    through = simulate(own_job("oommfc:TimeDriver", current_density=density))
    compared(direct, through, of_m=5e-4, of_ends=0.05e-9)
    assert config.calculators.file_name(through.attrs["backend"]) == "oommfc-TimeDriver"
