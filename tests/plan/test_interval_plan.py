"""A bisection of a small track run by Snakemake, and the jobs that a change of it plans."""

import copy

import numpy as np
import pytest
from helpers.intervals import bisected
from helpers.small_campaign import Campaign

from wallnet import config, files, plan

pytestmark = pytest.mark.campaign

DATA = bisected(resolution=0.15e12)
RULES = ("trace", "interval_round", "interval_trace", "device_intervals", "interval_report")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return the campaign with its bisection, run as a user runs it, and what it told."""
    made = Campaign(tmp_path_factory.mktemp("intervals"))
    made.configure(DATA)
    made.told = made.snakemake("intervals").stderr
    return made


@pytest.fixture
def finished(ran, tmp_path):
    """Return a copy of that campaign, which a test may change."""
    return ran.copied(tmp_path / "campaign")


def of_intervals(planned):
    return {rule: count for rule, count in planned.items() if rule in RULES}


def test_a_bisection_has_data_tables_and_a_figure(ran):
    names = ("results/tables/intervals/stairs", "results/figures/intervals/stairs-edges")
    suffixes = (".csv", ".md", ".html", ".png", ".pdf")
    found = {s for name in names for s in suffixes if (ran.folder / f"{name}{s}").is_file()}
    assert found == set(suffixes)
    data = files.read_dataset(ran.folder / "results/intervals/stairs.nc", "intervals")
    # the sweep has 0.6 and 1.2, the rounds 0.9 and then 1.05e12 A/m²
    np.testing.assert_allclose(data["current_density"].values / 1e12, [0.6, 0.9, 1.05, 1.2])
    assert data["state"].values.tolist() == ["notch 1", "notch 1", "notch 2", "notch 2"]
    assert data["interval_low"].values[1] == pytest.approx(0.975e12, rel=1e-9, abs=0)


def test_a_run_tells_beforehand_how_much_it_simulates_at_most(ran):
    """Two pulses of the sweep, and one in each of two rounds, of 1.5 + 3 ns each."""
    assert "4 simulations of this target are not there yet: at most 18 ns, about " in ran.told


def test_the_estimate_counts_an_edge_between_each_two_pulses_until_all_are_found(
    tmp_path, monkeypatch
):
    """From 1.2e12 A/m², two rounds halve 0.6e12 to 0.15e12 A/m²; two gaps make four pulses."""
    monkeypatch.chdir(tmp_path)
    data = copy.deepcopy(DATA)
    data["devices"]["stairs"]["pulse"]["current_densities"] = [0.6e12, 1.2e12, 1.8e12]
    campaign = config.parse(data)
    traces = [f"results/traces/stairs/{j}000.nc" for j in ("0.6", "1.2", "1.8")]
    sweep = list(zip(traces, (0.6e12, 1.2e12, 1.8e12), strict=True))
    work = plan.interval_work(campaign)
    assert [(each.path, each.strongest) for each in work] == [*sweep, *[("", 1.8e12)] * 4]
    assert [each.longest for each in work] == pytest.approx([4.5e-9] * 7, rel=1e-9, abs=0)
    files.write_text("", "results/intervals/stairs.nc")
    assert [each.path for each in plan.interval_work(campaign)] == traces


def test_a_finished_bisection_plans_nothing_and_is_no_part_of_the_rest(finished):
    assert finished.planned("intervals") == {}
    assert "interval_round" not in finished.planned()


def test_a_bisection_goes_on_after_the_pulses_that_are_there(finished):
    """The later round and its pulse are missing, as after a run that was killed."""
    folder = finished.folder / "results/intervals"
    for path in ("stairs/1.0500.nc", "stairs/round-2.json", "stairs.nc"):
        (folder / path).unlink()
    before = (folder / "stairs/0.9000.nc").stat().st_mtime_ns
    finished.snakemake("intervals")
    assert (folder / "stairs/0.9000.nc").stat().st_mtime_ns == before
    data = files.read_dataset(folder / "stairs.nc", "intervals")
    assert data["state"].values.tolist() == ["notch 1", "notch 1", "notch 2", "notch 2"]


def test_a_bisection_is_finished_with_the_pulses_that_its_rounds_asked_for(finished):
    campaign = config.parse(DATA)
    assert "intervals" in plan.finished_targets(campaign, finished.folder)
    asked_for = "results/intervals/stairs/0.9000.nc"
    assert asked_for in plan.finished_targets(campaign, finished.folder)["intervals"]
    (finished.folder / asked_for).unlink()
    assert "intervals" not in plan.finished_targets(campaign, finished.folder)
    there, wanted = plan.unfinished_targets(campaign, finished.folder)["intervals"]
    assert there == wanted - 1


def test_a_coarser_resolution_simulates_nothing(finished):
    data = copy.deepcopy(DATA)
    data["intervals"]["stairs"]["resolution"] = 0.3e12
    finished.configure(data)
    planned = of_intervals(finished.planned("intervals"))
    assert planned == {"interval_round": 1, "device_intervals": 1, "interval_report": 1}


def test_the_pulses_of_all_rounds_belong_to_the_configuration(finished):
    data = copy.deepcopy(DATA)
    assert plan.not_asked_for(config.parse(data), finished.folder) == []
    data["intervals"]["stairs"]["resolution"] = 0.3e12
    left = plan.not_asked_for(config.parse(data), finished.folder)
    results = [path for path in left if path.split("/")[1] not in ("logs", "benchmarks")]
    assert results == [
        "results/intervals/stairs/1.0500.nc",
        "results/intervals/stairs/round-2.json",
    ]


def test_a_campaign_without_intervals_says_so(campaign):
    result = campaign.snakemake("intervals", "--dry-run", check=False)
    assert result.returncode != 0
    assert "the target intervals has nothing to run" in result.stdout + result.stderr
