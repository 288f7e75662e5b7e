"""The campaign through the shipped profile and a real scheduler, undisturbed and disturbed."""

import signal
from pathlib import Path

import numpy as np
import psutil
import pytest
import xarray
import yaml

pytestmark = pytest.mark.slurm

SUBMITTED = {
    "trace": "results/traces/synapse/1.5000.nc",
    "level": "results/levels/synapse/1-2.nc",
    "minimum": "results/minima/synapse/1.nc",
}
"""A result of each rule whose jobs are in the queue."""


@pytest.fixture(scope="module", autouse=True)
def limits(submit, tmp_path_factory):
    """Start the jobs that reach their limits; they take minutes, so they run with the others."""
    folder = tmp_path_factory.mktemp("limits")
    run = submit(folder, snakefile=Path(__file__).with_name("limits.smk"))
    run.folder = folder
    return run


@pytest.fixture(scope="module")
def ended(limits):
    """Return the finished run of the jobs that reach their limits."""
    limits.wait()
    return limits


def rule_of(job):
    return job["Comment"].partition("_wildcards_")[0]


def attempts(cluster, run, rule):
    """Return the jobs of a rule in the queue, beginning with the first attempt."""
    jobs = [cluster.job(number) for number in cluster.jobs(run.name)]
    return sorted((j for j in jobs if rule_of(j) == rule), key=lambda j: int(j["JobId"]))


def same_data(folder, other, targets):
    """Compare results of two campaigns except attributes with times and dates."""
    for path in targets:
        with xarray.open_dataset(folder / path) as one, xarray.open_dataset(other / path) as two:
            assert dict(one.sizes) == dict(two.sizes)
            assert set(one.variables) == set(two.variables)
            for name in one.variables:
                np.testing.assert_array_equal(
                    one[name].values, two[name].values, f"{name} of {path}"
                )


def traces_of(campaign):
    """Return the names of the five traces of the neuron of a finished campaign."""
    paths = (campaign.folder / "results/traces/neuron").glob("*.nc")
    return sorted(str(path.relative_to(campaign.folder)) for path in paths)


def test_nothing_listens_beyond_loopback(cluster):
    for daemon in cluster.daemons:
        for process in [psutil.Process(daemon.pid), *psutil.Process(daemon.pid).children(True)]:
            for connection in process.net_connections("inet"):
                assert connection.laddr.ip == "127.0.0.1"


def test_jobs_give_the_same_data_as_on_local_cores(
    cluster, submit, cluster_campaign, finished_devices, tiny
):
    """A job reads the Snakefile again and sets its environment on a node, without a shell."""
    tiny["networks"]["data_folder"] = "a '$(touch PWNED)`touch PWNED`$HOME\" {b}"
    (cluster_campaign / "config.yaml").write_text(yaml.safe_dump(tiny, sort_keys=False))
    run = submit(cluster_campaign, *SUBMITTED.values())
    assert run.wait() == 0, run.text
    same_data(cluster_campaign, finished_devices.folder, SUBMITTED.values())
    assert not [*cluster_campaign.rglob("PWNED")]

    # jobs of seconds are not in the queue, and queued jobs request the rules' resources
    jobs = [cluster.job(number) for number in cluster.jobs(run.name)]
    assert sorted(map(rule_of, jobs)) == sorted(f"rule_{rule}" for rule in SUBMITTED)
    for job in jobs:
        assert job["JobState"] == "COMPLETED"
        assert (job["Account"], job["Partition"]) == ("walls", "main")
        assert (job["TimeLimit"], job["MinMemoryNode"]) == ("00:15:00", "800M")
        assert job["NumCPUs"] == "1"

    slurm_logs = list((cluster_campaign / ".snakemake" / "slurm_logs").rglob("*.log"))
    assert len(slurm_logs) == len(SUBMITTED)
    for kind in ("traces", "levels", "minima"):
        assert len(list((cluster_campaign / "results/logs" / kind).rglob("*.log"))) == 1


GROUPS = (
    *("--groups", "trace=pulses", "--group-components", "pulses=3"),
    *("--resources", "mem_mb=800", "--set-resource-scopes", "mem_mb=local"),
    *("--set-resources", "trace:mem_mb=800", "trace:runtime=2*attempt"),
)
"""Grouping as in docs/cluster.md, with smaller groups."""


def test_groups_take_one_core_and_the_sum_of_their_times(
    cluster, submit, cluster_campaign, finished_devices
):
    targets = traces_of(finished_devices)
    run = submit(cluster_campaign, *targets, *GROUPS)
    assert run.wait() == 0, run.text
    same_data(cluster_campaign, finished_devices.folder, targets)
    jobs = [cluster.job(number) for number in cluster.jobs(run.name)]
    groups = [job for job in jobs if rule_of(job) == "rule_pulses_trace"]
    assert len(groups) == len(jobs) == 2
    assert sorted(job["TimeLimit"] for job in groups) == ["00:04:00", "00:06:00"]
    for job in groups:
        assert (job["MinMemoryNode"], job["NumCPUs"]) == ("800M", "1")


def test_cancelling_cancels_the_jobs(
    cluster, submit, cluster_campaign, finished_devices, tiny, until
):
    # traces of a minute: a job that ends before the signal arrives would test nothing
    tiny["film"] = {"time_step_fraction": 0.01, "frozen_change": 0.0}
    for device in tiny["devices"].values():
        device["pulse"]["duration"] = 20e-9
    (cluster_campaign / "config.yaml").write_text(yaml.safe_dump(tiny, sort_keys=False))
    run = submit(cluster_campaign, *traces_of(finished_devices))
    until(lambda: run.name and cluster.jobs(run.name, "RUNNING"), run)
    run.signal(signal.SIGINT)
    assert run.wait() != 0
    until(lambda: not cluster.jobs(run.name, "PENDING", "RUNNING", "COMPLETING"))
    assert "CANCELLED" in {cluster.job(n)["JobState"] for n in cluster.jobs(run.name)}
    # no lock remains either
    assert submit(cluster_campaign, "--dry-run", "devices").wait() == 0


def test_killed_and_started_again_it_finishes_without_repeating(
    cluster, submit, cluster_campaign, finished_devices, until
):
    # two at once, so that there is a middle
    targets = traces_of(finished_devices)[:4]
    run = submit(cluster_campaign, *targets, "--jobs", "2")
    until(
        lambda: (
            any("traces" in path for path in run.finished()) and cluster.jobs(run.name, "RUNNING")
        ),
        run,
    )
    run.signal(signal.SIGKILL)
    run.wait()
    kept = {path: (cluster_campaign / path).stat() for path in run.finished()}
    assert cluster.jobs(run.name, "PENDING", "RUNNING")

    # the procedure of docs/cluster.md
    refused = submit(cluster_campaign, *targets)
    assert refused.wait() != 0
    assert "cannot be locked" in refused.text
    cluster.call("scancel", f"--name={run.name}")
    until(lambda: not cluster.jobs(run.name, "PENDING", "RUNNING", "COMPLETING"))
    assert submit(cluster_campaign, "--unlock").wait() == 0
    again = submit(cluster_campaign, *targets)
    assert again.wait() == 0, again.text

    same_data(cluster_campaign, finished_devices.folder, targets)
    for path, before in kept.items():
        after = (cluster_campaign / path).stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert len(cluster.jobs(again.name)) < len(targets)
    assert not kept.keys() & again.finished()


def test_a_job_past_its_time_limit_gets_more_time(cluster, ended):
    first, second = attempts(cluster, ended, "rule_slow")
    assert (first["JobState"], first["TimeLimit"]) == ("TIMEOUT", "00:01:00")
    assert (second["JobState"], second["TimeLimit"]) == ("COMPLETED", "00:02:00")
    assert (ended.folder / "slow.txt").read_text() == "2\n"


def test_a_job_past_its_memory_gets_more_memory(cluster, ended):
    first, second = attempts(cluster, ended, "rule_greedy")
    assert first["JobState"] in ("FAILED", "OUT_OF_MEMORY")
    assert first["MinMemoryNode"] == "500M"
    assert (second["JobState"], second["MinMemoryNode"]) == ("COMPLETED", "1000M")
    assert (ended.folder / "greedy.txt").read_text() == "1000\n"


def test_a_failing_job_stops_no_other_and_is_named_at_the_end(cluster, ended):
    tried = attempts(cluster, ended, "rule_broken")
    assert [job["JobState"] for job in tried] == ["FAILED"] * 3
    assert ended.process.returncode != 0
    for name in ("sound", "after", "slow", "greedy"):
        assert (ended.folder / f"{name}.txt").exists()
    end = ended.text.rpartition("Finished jobid")[2]
    assert "Failed at every attempt (1):\n  broken: broken.txt; log: logs/broken.log" in end
    assert "the wall is gone" in ended.text
