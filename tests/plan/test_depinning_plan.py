"""Depinning of a small track run by Snakemake, and the jobs that a change of it plans."""

import copy

import pytest
from helpers.depinning import freed
from helpers.small_campaign import Campaign

from wallnet import config, files, plan

pytestmark = pytest.mark.campaign

DATA = freed()


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return the campaign with its thresholds, run as a user runs it, and what it told."""
    made = Campaign(tmp_path_factory.mktemp("depinning"))
    made.configure(DATA)
    made.told = made.snakemake("depinning").stderr
    return made


@pytest.fixture
def finished(ran, tmp_path):
    """Return a copy of that campaign, which a test may change."""
    return ran.copied(tmp_path / "campaign")


def test_depinning_has_data_tables_and_a_figure(ran):
    names = ("results/tables/depinning/synapse", "results/figures/depinning/synapse-thresholds")
    suffixes = (".csv", ".md", ".html", ".png", ".pdf")
    found = {s for name in names for s in suffixes if (ran.folder / f"{name}{s}").is_file()}
    assert found == set(suffixes)
    data = files.read_dataset(ran.folder / "results/depinning/synapse.nc", "depinning")
    assert data["place"].values.tolist() == ["notch-1", "notch-2", "alone-1", "alone-2"]
    low, high = (data[f"threshold_{name}"].values for name in ("low", "high"))
    found = ~(low == 3.0e12)
    assert (high - low)[found].max() <= 1.25e12 * (1 + 1e-9)
    # a track with one notch starts from a wall of its own
    start = files.read_dataset(ran.folder / "results/depinning/synapse/alone-2/start.nc", "trace")
    assert start.attrs["state"] == "notch 1"


def test_a_run_tells_beforehand_how_much_it_simulates_at_most(ran):
    """Initial state, sweep 3, resting walls 4, and in two rounds two pulses each on each wall."""
    assert "24 simulations of this target are not there yet" in ran.told


def test_the_estimate_counts_known_pulses_with_their_own_current(tmp_path, monkeypatch):
    """Of two thresholds in two rounds on each of four walls, three pulses are known."""
    monkeypatch.chdir(tmp_path)
    campaign = config.parse(freed(duration=0.7e-9))
    asked = {"notch-1": [0.5e12, 3.0e12], "alone-2": [3.0e12]}
    files.write_json({"current_densities": asked}, "results/depinning/synapse/round-1.json")
    work = [
        (count, each.path, round(each.longest / 1e-12), each.computes.strongest)
        for count, each in plan.depinning_work(plan.Requested(campaign))
    ]
    folder = "results/depinning/synapse"
    known = [
        ("results/initial/synapse.nc", 0, 0.0),
        # the sweep of the device: 0.6 ns and 1 ns of relaxation
        *((f"results/traces/synapse/{j}000.nc", 1600, float(j) * 1e12) for j in (0.5, 1.5, 3.0)),
        *((f"results/levels/synapse/{k}.nc", 1000, 0.0) for k in (1, 2)),
        *((f"{folder}/alone-{k}/start.nc", 1000, 0.0) for k in (1, 2)),
        (f"{folder}/alone-2/3.0000.nc", 700, 3.0e12),
        (f"{folder}/notch-1/0.5000.nc", 700, 0.5e12),
        (f"{folder}/notch-1/3.0000.nc", 700, 3.0e12),
    ]
    assert work == [*((1, *each) for each in known), (2 * 2 * 4 - 3, "", 700, 3.0e12)]
    files.write_text("", "results/depinning/synapse.nc")
    assert len(plan.depinning_work(plan.Requested(campaign))) == len(known)


def test_finished_depinning_plans_nothing_and_is_no_part_of_the_rest(finished):
    assert finished.planned("depinning") == {}
    assert "depinning_round" not in finished.planned()


def test_depinning_goes_on_after_the_pulses_that_are_there(finished):
    """The later round is missing, as after a run that was killed."""
    folder = finished.folder / "results/depinning"
    for path in ("synapse/round-2.json", "synapse.nc"):
        (folder / path).unlink()
    planned = finished.planned("depinning")
    assert planned["depinning_round"] == 1
    assert not {"level", "trace"} & set(planned)
    finished.snakemake("depinning")
    assert (folder / "synapse.nc").exists()


def test_the_pulses_of_all_rounds_belong_to_the_configuration(finished):
    data = copy.deepcopy(DATA)
    assert plan.not_asked_for(config.parse(data), finished.folder) == []
    data["depinning"]["synapse"]["resolution"] = 2.5e12
    left = plan.not_asked_for(config.parse(data), finished.folder)
    results = [path for path in left if path.split("/")[1] not in ("logs", "benchmarks")]
    assert "results/depinning/synapse/round-2.json" in results
    assert all("/1.7500.nc" in path for path in results if path.endswith(".nc"))
