"""Pulses with a waveform, from a job to its trace."""

import re

import numpy as np
import pytest
from helpers.drift import DRIFT
from helpers.programs import UP, staircase

from wallnet import jobs, plan, tracks
from wallnet.config import ProgramPulse
from wallnet.simulate import SimulationError, oommf, simulate
from wallnet.simulate.drives import drives

SHAPE = [[0.0, 0.2], [0.05e-9, 1.0], [0.05e-9, -0.5], [0.11e-9, -0.5]]
"""A ramp, a jump at an output time less 10 ps, and a plateau; the pulse has 130 ps."""


@pytest.fixture
def shaped(small_job):
    """Return a function that creates a job whose pulse has a waveform."""

    def make(waveform, current_density=3e12, calculator="film", **changes):
        pulse = {"duration": 0.13e-9, "current_densities": [0.3e12], "waveform": waveform}
        return small_job(calculator, current_density, pulse=pulse, **changes)

    return make


def test_a_waveform_of_ones_is_the_square_pulse_to_the_bit(shaped, small_job):
    square = simulate(small_job("film", 3e12))
    trace = simulate(shaped([[0, 1], [0.13e-9, 1]]))
    for name in square.variables:
        np.testing.assert_array_equal(trace[name].values, square[name].values, err_msg=name)
    assert trace.attrs["steps"] == square.attrs["steps"]


def test_two_plateaus_are_a_train_of_two_square_pulses():
    """The train starts its engine anew, and so far field and step are not the same to the bit."""
    two = [UP | {"duration": 0.32e-9, "pause": 0, "repetitions": 1}]
    two.append(two[0] | {"current_density": -0.6e12, "duration": 0.49e-9, "pause": 0.2e-9})
    one = two[1] | {"current_density": 1.2e12, "duration": 0.81e-9}
    one["waveform"] = [[0, 1], [0.32e-9, 1], [0.32e-9, -0.5]]
    device = plan.parse(staircase()).devices["stairs"]
    start = simulate(jobs.initial_job(device))
    trains = []
    for pulses in (two, [one]):
        job = jobs.pulse_train_job(device, [ProgramPulse(**pulse) for pulse in pulses])
        trains.append(simulate(job, start))
    square, waveform = trains
    np.testing.assert_allclose(waveform["time"].values, square["time"], rtol=1e-9, atol=1e-18)
    current = waveform["applied_current_density"].values
    np.testing.assert_allclose(current, square["applied_current_density"], rtol=1e-9)
    # 4e-6 is observed
    np.testing.assert_allclose(waveform["m"].values, square["m"], atol=2e-5)
    assert np.ptp(square["wall_bottom"].values) > 20e-9


def test_a_spike_shorter_than_a_step_has_the_effect_of_its_area(shaped):
    rest = simulate(shaped([[0, 0], [0.13e-9, 0]], 9e12))
    differences = []
    for width, height in ((0.1e-12, 1.0), (0.2e-12, 0.5)):
        begin, middle, end = (51.3e-12 + shift * width for shift in (-1, 0, 1))
        trace = simulate(shaped([[0, 0], [begin, 0], [middle, height], [end, 0]], 9e12))
        same = np.isin(np.round(trace["time"] * 1e15), np.round(rest["time"] * 1e15))
        # at 60 ps
        differences.append((trace["m"].values[same] - rest["m"].values)[3])
    assert rest.attrs["steps"] * 0.5e-12 < rest["time"][-1]
    assert np.abs(differences[0]).max() > 2e-3
    np.testing.assert_allclose(
        differences[0], differences[1], atol=5e-3 * np.abs(differences[0]).max()
    )


def test_a_trace_has_the_current_of_each_entry_and_the_points(shaped):
    trace = simulate(shaped(SHAPE))
    times = [0, 20, 40, 50, 60, 80, 100, 110, 120, 130]
    np.testing.assert_allclose(trace["time"][:10] * 1e12, times, atol=1e-6)
    expected = [0.6, 1.56, 2.52, 3.0, *[-1.5] * 6]
    np.testing.assert_allclose(trace["applied_current_density"][:10] / 1e12, expected, rtol=1e-6)
    assert not trace["applied_current_density"][10:].any()
    assert trace["pulse_duration"].values[-1] == 0.13e-9


def test_runs_of_other_calculators_end_at_the_points(shaped):
    job = shaped(SHAPE)
    runs = [(d.start * 1e12, d.time(d.stages - 1) * 1e12, d.first, d.last) for d in drives(job)]
    expected = [
        *((0, 40, 0.2, 0.84), (40, 50, 0.84, 1.0)),
        *((50, 60, -0.5, -0.5), (60, 100, -0.5, -0.5), (100, 110, -0.5, -0.5)),
        *((110, 120, -0.5, -0.5), (120, 130, -0.5, -0.5)),
    ]
    np.testing.assert_allclose(runs[:7], expected, rtol=1e-6)
    trace = simulate(job)
    times = [d.time(stage) for d in drives(job) for stage in range(d.stages)]
    np.testing.assert_allclose(trace["time"][1:], times[: trace["time"].size - 1], rtol=1e-9)


def evaluated(script, time):
    """Return the factor that the script of a MIF file returns at a time of its run."""
    body = re.fullmatch(
        r"proc Waveform \{ total_time \} \{\n  return \[expr \{(.+)\}\]\n\}\n\n", script
    )[1]
    return eval(body.replace("$total_time", repr(time)))  # the arithmetic of Tcl is Python's


def test_oommf_scales_the_current_within_a_run(shaped, tmp_path):
    job = shaped(SHAPE, calculator="oommf")
    wall = tracks.placed_wall(job, 60e-9, 60e-9)
    texts = []
    for index, drive in enumerate(drives(job)):
        folder = tmp_path / f"{index}"
        folder.mkdir()
        oommf.write_input(job, drive, wall, folder)
        texts.append((folder / "track.mif").read_text())
        if drive.first == drive.last:
            assert "J_profile" not in texts[-1]
    for number, (first, last) in enumerate([(0.2, 0.84), (0.84, 1.0)]):
        text, drive = texts[number], drives(job)[number]
        assert re.search(r"\bJ 3000000000000\.0", text)
        assert re.search(r"\bJ_profile Waveform\b", text)
        assert re.search(r"\bJ_profile_args total_time\b", text)
        script = re.search(r"proc Waveform.+?\n\}\n\n", text, re.DOTALL)[0]
        assert evaluated(script, 0.0) == pytest.approx(first, rel=1e-6, abs=0)
        assert evaluated(script, drive.duration) == pytest.approx(last, rel=1e-6, abs=0)
    assert re.search(r"\bJ -1500000000000\.0", texts[2])
    assert "SpinXfer" not in texts[7]
    # no current at all
    still = shaped([[0, 0], [0.13e-9, 0]], calculator="oommf")
    assert not hasattr(oommf.system_of(still, drives(still)[0], wall).dynamics, "slonczewski")


def test_a_calculator_without_waveforms_is_refused(shaped, tmp_path, monkeypatch):
    (tmp_path / "square.py").write_text(DRIFT)
    monkeypatch.syspath_prepend(tmp_path)
    settings = {"square:Drift": {"velocity": 1.0}}
    job = shaped(SHAPE, calculator="square:Drift", calculator_settings=settings)
    with pytest.raises(SimulationError, match="waveform is not simulated by the calculator squa"):
        simulate(job)


@pytest.mark.oommf
@pytest.mark.usefixtures("real_oommf")
def test_oommf_gives_the_trace_of_the_embedded_engine(shaped):
    ours, theirs = (simulate(shaped(SHAPE, calculator=name)) for name in ("film", "oommf"))
    np.testing.assert_allclose(ours["time"], theirs["time"], rtol=1e-9, atol=1e-18)
    np.testing.assert_allclose(ours["m"], theirs["m"], atol=5e-4)
    current = "applied_current_density"
    np.testing.assert_array_equal(ours[current].values, theirs[current].values)
