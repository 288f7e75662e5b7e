"""The sentence with the number and the estimated time of missing simulations."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.runs import with_step
from helpers.small_campaign import with_networks
from helpers.windows import windowed

from wallnet import config
from wallnet.jobs import Request, pulse_job
from wallnet.jobs.film import check
from wallnet.plan import load, parse
from wallnet.plan.requests import Requested, of_study
from wallnet.plan.work import bytes_of, work_ahead, work_of_as_made

TRACK = {
    "length": 1500e-9,
    "width": 150e-9,
    "thickness": 2e-9,
    "cell_size": 3e-9,
    "edges": "stairs",
    "notches": {"diameter": 40e-9, "positions": [60e-9, 300e-9]},
}


def pulse_of(longest, calculator="film", **changes):
    """Return a pulse of 0.65e12 A/m² that is simulated for a time in s, relaxation included."""
    data = windowed()
    data["devices"]["stairs"] |= {"calculator": calculator} | changes
    del data["operating_windows"]
    job = pulse_job(config.parse(data, check).devices["stairs"], 0.65e12)
    left = with_step(job, pause=longest - job.pulse_end)
    return Request("run", "nowhere.nc", lambda: left)


def test_the_estimate_is_that_of_cells_and_steps():
    """The engine takes 0.2 s for a nanosecond of 500×50 cells, OOMMF 53 s on the same core."""
    changes = {"track": TRACK, "wall": {"start": 60e-9}}
    film, slow = (pulse_of(10e-9, name, **changes) for name in ("film", "oommf"))
    assert film.computes.processor_time == pytest.approx(2.1, rel=0.1, abs=0)
    assert slow.computes.processor_time == pytest.approx(530, rel=0.1, abs=0)
    # each of three jobs takes 0.8 s to its start
    assert work_ahead("all", [(3, film)]) == (
        "3 simulations of the target all will run: at most 30 ns, about 9 s of processor "
        "time, less where a simulation ends early."
    )


def test_what_is_there_counts_if_it_runs_again(tmp_path, monkeypatch):
    """One pulse is there, one is of another configuration, and one began in another state."""
    monkeypatch.chdir(tmp_path)
    paths = "kept.nc", "of-another.nc", "began-elsewhere.nc", "start.nc"
    for path in paths:
        Path(path).touch()
    work = [(1, replace(pulse_of(10e-9), path=path)) for path in paths[:3]]
    work[2] = 1, replace(work[2][1], after=("start.nc",))
    assert work_ahead("all", work) == "All simulations of the target all are there."
    stale = ["of-another.nc", "start.nc", "fp32.json"]
    sentence = work_ahead("all", work, stale=stale)
    assert sentence.startswith("2 simulations of the target all will run: ")
    Path("fp32.json").touch()
    networks = {"fp32.json": 7.0}
    sentence = work_ahead("all", work, networks, stale)
    assert sentence.startswith("2 simulations and 1 network of the target all will run: ")
    paths = 1, Request("barrier", "nowhere.nc", lambda: pulse_of(10e-9).computes)
    sentence = work_ahead("all", [*work[:2], paths], networks, ["of-another.nc", "fp32.json"])
    assert sentence.startswith("1 simulation, 1 path between minima and 1 network of the ")
    Path("start.nc").unlink()  # Snakemake makes it again only for a pulse that runs
    assert work_ahead("all", work) == "All simulations of the target all are there."


def test_a_target_without_simulations_has_none_that_are_there(tmp_path):
    fp32 = tmp_path / "fp32.json"
    fp32.touch()
    assert work_ahead("all", []) == "The target all has no simulations."
    assert work_ahead("all", [], {str(fp32): 7.0}) == "All networks of the target all are there."


def test_simulations_of_unknown_speed_are_told_apart():
    own = pulse_of(5e-9).computes.model_copy(update={"calculator_name": "mine:Own"})
    work = [(1, pulse_of(10e-9)), (2, Request("run", "nowhere.nc", lambda: own))]
    assert work_ahead("all", work) == (
        "3 simulations of the target all will run: at most 20 ns, about 1 s of processor "
        "time, 2 with a calculator of unknown speed, less where a simulation ends early."
    )


def test_long_estimates_are_in_minutes_and_hours():
    nanosecond = pulse_of(1e-9, "oommf").computes.processor_time

    def estimate(seconds):
        sentence = work_ahead("all", [(1, pulse_of((seconds - 0.8) / nanosecond * 1e-9, "oommf"))])
        return re.search(r"about (.*?) of processor time", sentence)[1]

    shown = [estimate(seconds) for seconds in (42, 119, 123, 7100, 7300, 54_100)]
    assert shown == ["42 s", "2 min", "2 min", "1 h 58 min", "2 h 2 min", "15 h 2 min"]


def test_many_simulations_are_told_in_submissions_core_hours_files_and_bytes(monkeypatch):
    """2000 pulses of 10 ns on 500×50 cells; each with 0.8 s to its start, and 6 s of a queue."""
    pulse = pulse_of(10e-9, track=TRACK, wall={"start": 60e-9})
    size = bytes_of(pulse)
    job = pulse.computes
    times, maps = 10e-9 / job.output.interval, 2 + 10e-9 / job.output.snapshot_interval
    assert size == pytest.approx(5e4 + 0.6 * 3 * 4 * 500 * (times + 50 * maps), abs=1)
    sentence = work_ahead("all", [(2000, pulse)])
    match = re.search(r"2,000 submissions, about (\d+) h (\d+) min of cores with 6 s", sentence)
    seconds = 3600 * int(match[1]) + 60 * int(match[2])
    expected = 2000 * (job.processor_time + 0.8 + 6)
    assert seconds == pytest.approx(expected, abs=60)
    assert sentence.endswith(f"and 12,000 files of about {2000 * size / 1e9:.1f} GB.")
    assert "submissions" not in work_ahead("all", [(100, pulse)])


def test_networks_as_made_need_what_is_simulated_of_their_devices():
    data = {**with_networks(), "as_made": {"default": {}}}
    # minimisations take seconds and do not count
    swept = {*of_study("devices", parse(data))} - {"results/minima/synapse.nc"}
    assert {one.path for _, one in work_of_as_made(Requested(parse(data)))} == swept
    data["thermal"] = {"warm": {"device": "synapse", "current_densities": [3e12], "replicas": 2}}
    data["barriers"] = {"devices": ["synapse"]}
    without = len(work_of_as_made(Requested(parse(data))))
    data["imperfections"] = {"synapse": {"thermal": "warm", "barriers": True}}
    further = {one.path for _, one in work_of_as_made(Requested(parse(data)))} - swept
    assert without == len(swept)
    assert {path.split("/")[1] for path in further} == {"thermal", "barriers"}


def test_the_size_of_a_trace_is_about_that_of_its_file(finished_devices):
    """Compression depends on the walls."""
    campaign = load(finished_devices.folder / "config.yaml")
    for path, request in of_study("devices", campaign).items():
        if request.conditions.current_density is not None:
            size = (finished_devices.folder / path).stat().st_size
            assert bytes_of(request) == pytest.approx(size, rel=0.5, abs=0)
