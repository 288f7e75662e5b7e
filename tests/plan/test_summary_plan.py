"""The plan of the summary: whose story it tells, from which files."""

import copy
import os

import pytest
from helpers.calibration import CURVE, referring
from helpers.measured import measured_campaign
from helpers.programs import UP
from helpers.small_campaign import TINY, with_networks

from wallnet import config, files, plan
from wallnet.jobs.film import check
from wallnet.plan.listing import everything
from wallnet.plan.summary import (
    device_figure,
    is_outdated,
    linked_summary,
    studied_files,
    summary_job,
    summary_sources,
)


def job_of(data):
    return summary_job(plan.parse(data))


def of_study(job, study):
    return [studied for studied in job.studied if studied.study == study]


def headlines(job, study="pulse_trains"):
    return [studied.subject for studied in of_study(job, study) if studied.headline]


def test_all_studies_are_read_with_their_devices(default_campaign):
    """Of those that the page does not need, what is there is read."""
    job = summary_job(default_campaign)
    assert needed(job) == ["stepwise"]
    thermal = {studied.subject: studied for studied in of_study(job, "thermal")}
    assert {"synapse-5", "synapse-rewritable"} <= set(thermal)
    assert thermal["synapse-5"].settings["current_densities"][0] == 0.4e12
    # this device is optional: what is there of its studies is read, without a part of the page
    optional = thermal["staircase-10"]
    assert optional.device == "synapse-rewritable-10"
    assert (optional.needed, optional.headline) == (False, False)
    devices = {(studied.study, studied.subject): studied.device for studied in job.studied}
    assert devices["operating_windows", "shallow"] == "synapse-rewritable"
    assert devices["intervals", "synapse-5"] == devices["barriers", "synapse-5"] == "synapse-5"
    assert devices["calibration", "paper"] is None


def needed(job):
    return [studied.subject for studied in job.studied if studied.needed]


def test_the_story_is_that_of_the_first_simulated_synapse(default_campaign):
    job = summary_job(default_campaign)
    assert job.written == "synapse-5"
    assert (needed(job), headlines(job)) == (["stepwise"], ["stepwise"])
    assert of_study(job, "pulse_trains")[0].settings["device"] == "synapse-rewritable"
    assert headlines(job, "barriers") == ["synapse-5"]
    assert job.table_ii == {"synapse-10": 10, "synapse-5": 5}
    assert len(job.reference.final_states) == 8
    assert "synapse-rewritable-10" not in job.devices


def test_sources_are_what_the_page_shows(default_campaign):
    sources = summary_sources(summary_job(default_campaign))
    assert len(sources) == len(set(sources)) == 7 + 2 + 1 + 3 + 1
    assert {
        "results/devices/track.nc",
        "results/pulse_trains/stepwise.nc",
        "results/compact_models/synapse-5.json",
        "results/compact_models/synapse-10.json",
        "results/figures/devices/synapse-5-conductance.png",
        "results/figures/pulse_trains/stepwise-response.png",
        "results/figures/accuracy.png",
        "results/tables/accuracy.csv",
    } <= set(sources)
    assert set(sources) < set(everything(default_campaign))
    assert files.SUMMARY in everything(default_campaign)


def test_pulse_trains_on_other_devices_do_not_rewrite():
    data = copy.deepcopy(TINY)
    data["pulse_trains"] = {
        "first": {"device": "neuron", "pulses": [UP]},
        "second": {"device": "synapse", "pulses": [UP]},
    }
    job = job_of(data)
    assert (needed(job), headlines(job)) == (["first", "second"], ["second"])
    data["devices"]["synapse"]["optional"] = True
    job = job_of(data)
    assert (job.written, needed(job), headlines(job)) == (None, ["first"], [])
    (barriers,) = of_study(job, "barriers")
    assert (barriers.needed, barriers.headline) == (False, False)


def test_what_the_paper_states_of_optional_devices_is_left_out():
    data = referring(transfer_curves=[CURVE])

    def counts():
        reference = job_of(data).reference
        return [len(getattr(reference, block)) for block in data["reference"]]

    assert counts() == [2, 1, 1]
    data["devices"]["synapse"]["optional"] = True
    assert counts() == [0, 0, 1]
    data["devices"]["synapse"]["optional"] = False
    data["devices"]["neuron"]["optional"] = True
    assert counts() == [2, 1, 0]


def test_a_page_depends_on_how_barriers_are_judged():
    data = copy.deepcopy(TINY)
    data["barriers"] = {"temperature": 350.0, "largest_loss": 0.25}
    (studied,) = of_study(linked_summary(plan.parse(data)), "barriers")
    assert (studied.settings["temperature"], studied.settings["largest_loss"]) == (350.0, 0.25)
    data["barriers"] = {"devices": []}
    (studied,) = of_study(linked_summary(plan.parse(data)), "barriers")
    assert studied.settings is None


def test_of_a_measured_device_the_levels_are_shown():
    job = summary_job(config.parse(measured_campaign(), check))
    assert job.written not in job.devices
    assert job.devices == ()
    assert device_figure(job).endswith(f"{job.written}-measured.png")
    assert job.studied == ()
    both = copy.deepcopy(TINY)
    both["devices"] = measured_campaign()["devices"] | both["devices"]
    assert job_of(both).written == "synapse"


def barrier_results():
    return studied_files(of_study(job_of(TINY), "barriers")[0])


def aged(path, seconds):
    """Write a result that is so old."""
    files.write_text("", path)
    os.utime(path, (1e9 - seconds, 1e9 - seconds))


def test_a_page_is_outdated_by_what_it_shows_once_all_is_there_that_it_needs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    job = job_of(TINY)
    sources = summary_sources(job)
    for path in sources[1:]:
        aged(path, 300)
    aged(files.SUMMARY, 200)
    assert not is_outdated(job)
    aged(sources[0], 300)
    assert not is_outdated(job)
    for path in (sources[0], barrier_results()[0]):
        aged(path, 100)
        assert is_outdated(job)
        aged(path, 300)
        assert not is_outdated(job)
    os.remove(files.SUMMARY)
    assert is_outdated(job)


@pytest.mark.campaign
def test_a_run_of_a_study_rewrites_the_page_and_leaves_nothing_to_do(finished_campaign, tmp_path):
    """The page shows the study; a page that cannot be made fails nothing."""
    whole = finished_campaign.copied(tmp_path / "campaign")
    data = with_networks()
    data["intervals"] = {"synapse": {"resolution": 1.0e12}}
    whole.configure(data)
    page = whole.folder / files.SUMMARY
    whole.snakemake("summary")
    sentence = "the sweep has pulses in"
    assert sentence not in page.read_text()
    whole.snakemake("intervals")
    assert sentence in page.read_text()
    assert whole.planned() == {}
    written = page.read_bytes()
    next(whole.folder.glob("results/intervals/synapse.nc")).unlink()
    files.write_text("no table", whole.folder / "results/tables/accuracy.csv")
    done = whole.snakemake("intervals")
    assert page.read_bytes() == written
    assert "summary.html is not rewritten: " in done.stderr
