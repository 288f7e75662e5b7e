"""The campaign through the shipped profile and a real scheduler, undisturbed and disturbed."""

import copy
import re
import signal
from pathlib import Path

import numpy as np
import psutil
import pytest
import xarray
from helpers.small_campaign import TINY, Campaign

pytestmark = pytest.mark.slurm

ALONE = ("results/levels/synapse/1-2.nc", "results/minima/synapse.nc")
"""A result of each other rule whose jobs are in the queue."""

GROUPED = (
    *("results/traces/neuron/0.4000.nc", "results/traces/neuron/0.6000.nc"),
    "results/traces/synapse/1.5000.nc",
)

GROUPS = (
    *("--groups", "run=pulses", "--group-components", "pulses=2"),
    *("--resources", "mem_mb=800", "--set-resource-scopes", "mem_mb=local"),
    *("--set-resources", "run:mem_mb=800", "run:runtime=2*attempt"),
)
"""Grouping as in docs/cluster.md, with smaller groups."""


@pytest.fixture(scope="module", autouse=True)
def limits(submit, tmp_path_factory):
    """Start the jobs that reach their limits; they take minutes, so they run with the others."""
    folder = tmp_path_factory.mktemp("limits")
    snakefile = Path(__file__).with_name("limits.smk")
    run = submit(folder, "--logger", "wallnet", snakefile=snakefile)
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


@pytest.fixture(scope="module")
def undisturbed(submit, limits, tmp_path_factory):
    """Return the finished run of a job of each rule, of which the runs are in groups."""
    folder = tmp_path_factory.mktemp("undisturbed")
    data = copy.deepcopy(TINY)
    data["networks"]["data_folder"] = "a '$(touch PWNED)`touch PWNED`$HOME\" {b}"
    Campaign(folder).configure(data)
    run = submit(folder, *ALONE, *GROUPED, *GROUPS)
    assert run.wait() == 0, run.text
    run.folder = folder
    return run


def test_nothing_listens_beyond_loopback(cluster):
    for daemon in cluster.daemons:
        for process in [psutil.Process(daemon.pid), *psutil.Process(daemon.pid).children(True)]:
            for connection in process.net_connections("inet"):
                assert connection.laddr.ip == "127.0.0.1"


def test_jobs_give_the_same_data_as_on_local_cores(cluster, undisturbed, finished_devices):
    """A job reads the Snakefile again and sets its environment on a node, without a shell."""
    folder = undisturbed.folder
    same_data(folder, finished_devices.folder, [*ALONE, *GROUPED])
    assert not [*folder.rglob("PWNED")]

    # jobs of seconds are not in the queue, and queued jobs request the rules' resources
    jobs = [cluster.job(number) for number in cluster.jobs(undisturbed.name)]
    alone = [job for job in jobs if rule_of(job) != "rule_pulses_run"]
    assert sorted(map(rule_of, alone)) == ["rule_minima"]
    for job in alone:
        assert (job["TimeLimit"], job["MinMemoryNode"]) == ("00:30:00", "800M")
        assert job["NumCPUs"] == "1"
    for job in jobs:
        assert job["JobState"] == "COMPLETED"
        assert (job["Account"], job["Partition"]) == ("walls", "main")

    assert len([*(folder / ".snakemake" / "slurm_logs").rglob("*.log")]) == len(jobs)
    for kind, number in {"traces": 3, "levels": 1, "minima": 1}.items():
        assert len([*(folder / "results/logs" / kind).rglob("*.log")]) == number


def test_groups_take_one_core_and_the_sum_of_their_times(cluster, undisturbed):
    jobs = [cluster.job(number) for number in cluster.jobs(undisturbed.name)]
    groups = [job for job in jobs if rule_of(job) == "rule_pulses_run"]
    assert sorted(job["TimeLimit"] for job in groups) == ["00:04:00", "00:04:00"]
    for job in groups:
        assert (job["MinMemoryNode"], job["NumCPUs"]) == ("800M", "1")


def test_cancelling_cancels_the_jobs(cluster, submit, waiting_campaign, until):
    run = submit(waiting_campaign.folder, *GROUPED[:2])
    until(lambda: run.name and cluster.jobs(run.name, "RUNNING"), run)
    (waiting_campaign.folder / "interrupt").touch()
    assert run.wait() != 0
    until(lambda: not cluster.jobs(run.name, "PENDING", "RUNNING", "COMPLETING"))
    assert "CANCELLED" in {cluster.job(n)["JobState"] for n in cluster.jobs(run.name)}
    # no lock remains either
    assert not [*waiting_campaign.folder.glob(".snakemake/locks/*")]


def test_killed_and_started_again_it_finishes_without_repeating(
    cluster, submit, campaign, finished_devices, until
):
    # one after the other, so that there is a middle
    targets = GROUPED
    run = submit(campaign.folder, *targets, "--jobs", "1")

    def stopped():
        """Stop the job that runs after a finished one, so that it stays in the queue."""
        running = cluster.jobs(run.name, "RUNNING")
        if running and any("traces" in path for path in run.finished()):
            # a job that is being launched takes no signal: its log begins with its first process
            logs = (campaign.folder / ".snakemake" / "slurm_logs").rglob(f"{running[0]}.log")
            if any(log.stat().st_size for log in logs):
                cluster.call("scancel", "--full", "--signal=STOP", running[0], check=False)
        return cluster.jobs(run.name, "STOPPED")

    until(stopped, run)
    run.signal(signal.SIGKILL)
    run.wait()
    kept = {path: (campaign.folder / path).stat() for path in run.finished()}

    # the procedure of docs/cluster.md
    refused = campaign.snakemake(*targets, check=False)
    assert refused.returncode
    assert "cannot be locked" in refused.stderr
    campaign.snakemake("--unlock")
    queued = cluster.jobs(run.name, "STOPPED")
    cancel = f"scancel --name={run.name}"
    said = f"jobs of an earlier run in this folder are in the queue ({len(queued)})"
    remaining = submit(campaign.folder, *targets)
    assert remaining.wait() != 0
    assert said in remaining.text
    assert cancel in remaining.text
    assert not cluster.jobs(remaining.name)
    # on the cores of the login node, jobs would write the same files too
    local = campaign.snakemake(*targets, check=False, environment=cluster.environment)
    assert local.returncode
    assert said in local.stderr
    assert cancel in local.stderr
    cluster.call(*cancel.split())
    until(lambda: not cluster.jobs(run.name, "PENDING", "RUNNING", "COMPLETING"))
    again = submit(campaign.folder, *targets)
    assert again.wait() == 0, again.text

    same_data(campaign.folder, finished_devices.folder, targets)
    for path, before in kept.items():
        after = (campaign.folder / path).stat()
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
    for name in ("slow", "greedy", "after"):
        assert (ended.folder / f"{name}.txt").exists()
    (log,) = (ended.folder / ".snakemake/log").glob("*.log")
    end = log.read_text().rpartition("Finished jobid")[2]
    assert "Failed at every attempt (1):\n  broken: broken/a.txt; log: logs/broken/a.log" in end
    assert "the wall is gone" in log.read_text()


OF_OTHERS = ("Using workflow specific profile", "SLURM run ID", "Both 'sacctmgr' and 'sshare'")
"""Beginnings of lines that Snakemake and its executor write."""


def test_without_a_terminal_it_is_a_few_lines_and_names_each_failure(ended):
    lines = [line for line in ended.text.splitlines() if not line.startswith(OF_OTHERS)]
    said = [re.sub(r"/\d+\.log$", "/NUMBER.log", line) for line in lines]
    # jobs end at any time, with a line at most every half minute
    said = [line for line in said if not re.match(r"\d\d:\d\d:\d\d \d of 5 jobs", line)]
    beginning, *middle = said[:-3]
    assert beginning == "5 jobs: 1 after, 1 all, 1 broken, 1 greedy, 1 slow"
    for name, status, number in (("broken a", "FAILED", 3), ("slow", "TIMEOUT", 1)):
        place = name.replace(" ", "/")
        logs = f"logs/{place}.log, .snakemake/slurm_logs/rule_{place}/NUMBER.log"
        failed = [f"FAILED {name} (SLURM: {status}); log: {logs}", f"again: {name}"] * number
        # not again after the third
        assert [line for line in middle if name in line] == failed[:5]
    assert len([line for line in middle if "greedy" in line]) == 2
    # the last line of each log
    of_logs = [line for line in middle if not line.startswith(("FAILED ", "again: "))]
    assert sorted(of_logs) == ["1", "500", *["the wall is gone"] * 3]
    assert len(middle) - len(of_logs) == 5 + 2 + 2
    assert said[-3:-1] == [
        "Failed at every attempt (1):",
        "  broken: broken/a.txt; log: logs/broken/a.log",
    ]
    assert re.fullmatch(r"3 of 5 jobs done in \d+ (s|min); 1 failed", said[-1])
    for line in lines:
        if "slurm_logs" in line:
            assert (ended.folder / line.rpartition(" ")[2]).is_file()
