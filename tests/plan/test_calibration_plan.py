"""A calibration of a small track run by Snakemake, and the jobs that a change of it plans."""

import copy
import json

import pytest
from helpers.calibration import SEARCH, searched
from helpers.small_campaign import Campaign

from wallnet import config, files, plan

pytestmark = pytest.mark.campaign

DATA = searched(rests=SEARCH["rests"][:1])
"""One simulation a candidate: rest and arrival are read from the same trace."""

RULES = ("calibration_round", "trace", "candidates", "calibration_report")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return the campaign with its calibration, run as a user runs it, and what it told."""
    made = Campaign(tmp_path_factory.mktemp("calibration"))
    made.configure(DATA)
    made.told = made.snakemake("calibration").stderr
    return made


@pytest.fixture
def finished(ran, tmp_path):
    """Return a copy of that campaign, which a test may change."""
    return ran.copied(tmp_path / "campaign")


def of_calibration(planned):
    return {rule: count for rule, count in planned.items() if rule in RULES}


def test_a_calibration_has_data_tables_and_a_figure(ran):
    names = ("results/tables/calibration", "results/figures/calibration")
    suffixes = (".csv", ".md", ".html", ".png", ".pdf")
    found = {s for name in names for s in suffixes if (ran.folder / f"{name}{s}").is_file()}
    assert found == set(suffixes)
    data = files.read_dataset(ran.folder / "results/calibration/calibration.nc", "calibration")
    assert data["candidate"].values.tolist() == [0, 1, 2, 3]
    assert data["candidate_round"].values.tolist() == [1, 1, 1, 2]
    # each simulation has the parameters of its candidate
    second = json.loads((ran.folder / "results/calibration/round-1.json").read_text())
    trace = files.read_dataset(ran.folder / "results/calibration/2/synapse/1.5000.nc", "trace")
    made = json.loads(trace.attrs["parameters"])
    assert made["material"]["damping"] == second["candidates"]["2"]["damping"]
    assert made["pulse_duration"] == second["candidates"]["2"]["pulse_duration"]


def test_a_run_tells_beforehand_how_much_it_simulates_at_most(ran):
    """Four candidates with pulses of up to 0.8 ns and 1 ns of relaxation: 7.2 ns."""
    assert "4 simulations of this target are not there yet: at most 7 ns, about " in ran.told


def test_known_candidates_count_with_their_own_pulse_and_others_with_the_longest(
    tmp_path, monkeypatch
):
    """Three of four candidates are known; each has two simulations, with 1 ns of relaxation."""
    monkeypatch.chdir(tmp_path)
    candidates = {
        str(number): {
            "damping": 0.5,
            "notch_diameter": 32e-9,
            "wall_start": 40e-9,
            "pulse_duration": duration,
        }
        for number, duration in enumerate((0.6e-9, 0.4e-9, 0.7e-9))
    }
    files.write_json({"candidates": candidates}, "results/calibration/round-1.json")
    work = plan.calibration_work(plan.Requested(config.parse(searched())))
    longest = {0: 1600, 1: 1400, 2: 1700}
    assert [
        (count, each.path, round(each.longest / 1e-12), each.computes.strongest)
        for count, each in work
    ] == [
        *(
            (1, f"results/calibration/{number}/synapse/{density / 1e12:.4f}.nc", time, density)
            for number, time in longest.items()
            for density in (1.5e12, 3.0e12)
        ),
        *((1, "", 1800, density) for density in (1.5e12, 3.0e12)),
    ]


def test_a_finished_calibration_plans_nothing_and_is_no_part_of_the_rest(finished):
    assert finished.planned("calibration") == {}
    assert "calibration_round" not in finished.planned()


def test_a_calibration_goes_on_after_the_candidates_that_are_there(finished):
    """The second round and its candidate are missing, as after a run that was killed."""
    folder = finished.folder / "results/calibration"
    for path in ("3/synapse/1.5000.nc", "round-2.json", "calibration.nc"):
        (folder / path).unlink()
    before = (folder / "2/synapse/1.5000.nc").stat().st_mtime_ns
    finished.snakemake("calibration")
    assert (folder / "2/synapse/1.5000.nc").stat().st_mtime_ns == before
    assert files.read_dataset(folder / "calibration.nc", "calibration").sizes["candidate"] == 4


def test_another_time_of_reading_simulates_nothing(finished):
    data = copy.deepcopy(DATA)
    data["calibration"]["read_delays"] = [0.0, 0.25e-9, 0.75e-9]
    finished.configure(data)
    planned = of_calibration(finished.planned("calibration"))
    assert planned == {"calibration_round": 2, "candidates": 1, "calibration_report": 1}


def test_the_traces_of_all_candidates_belong_to_the_configuration(finished):
    data = copy.deepcopy(DATA)
    assert plan.not_asked_for(config.parse(data), finished.folder) == []
    data["calibration"]["local_candidates"] = 0
    left = plan.not_asked_for(config.parse(data), finished.folder)
    results = [path for path in left if path.split("/")[1] not in ("logs", "benchmarks")]
    assert results == [
        "results/calibration/3/synapse/1.5000.nc",
        "results/calibration/round-2.json",
    ]
