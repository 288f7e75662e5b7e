"""A node that fails while a job runs on it."""

import os

import pytest

pytestmark = pytest.mark.slurm

TRACE = "results/traces/neuron/0.4000.nc"


def test_a_job_on_a_node_that_fails_is_submitted_again(cluster, submit, waiting_campaign, until):
    """Its files have the permissions of the umask of Snakemake, not of SLURM's daemons."""
    folder = waiting_campaign.folder
    usual = os.umask(0o002)
    try:
        run = submit(folder, TRACE)
    finally:
        os.umask(usual)
    until((folder / "begun").exists, run)
    (first,) = cluster.jobs(run.name, "RUNNING")
    node = ("scontrol", "update", "nodename=localhost")
    cluster.call(*node, "state=down", "reason=test")
    try:
        until(lambda: cluster.job(first)["JobState"] == "NODE_FAIL", run)
    finally:
        cluster.call(*node, "state=resume", check=False)  # SLURM may have done so
    assert run.wait() == 0, run.text
    jobs = [cluster.job(number) for number in sorted(cluster.jobs(run.name), key=int)]
    assert [job["JobState"] for job in jobs] == ["NODE_FAIL", "COMPLETED"]
    # as the second attempt of a job that was killed for its time or memory
    assert [job["TimeLimit"] for job in jobs] == ["00:15:00", "00:30:00"]
    assert (folder / TRACE).stat().st_mode & 0o777 == 0o664
    # with its own log of SLURM
    assert len([*folder.glob(".snakemake/slurm_logs/rule_run/*/*.log")]) == 2
