"""The display of a campaign that runs through the shipped profile and a real scheduler."""

import re

import pytest
import yaml
from helpers.drift import DRIFT, NAME

pytestmark = pytest.mark.slurm

SOUND, BROKEN = "results/traces/neuron/0.4000.nc", "results/traces/synapse/0.5000.nc"
OF_OTHERS = ("Using workflow specific profile", "SLURM run ID", "Both 'sacctmgr' and 'sshare'")
"""Beginnings of lines that Snakemake and its executor write."""

DISPLAY = ("--logger", "wallnet", "--retries", "1")


@pytest.fixture
def half_broken(cluster_campaign, tiny):
    """Return a campaign with one trace of some seconds, and one whose calculator fails."""
    tiny["film"] = {"time_step_fraction": 0.01, "frozen_change": 0.0}
    tiny["devices"]["neuron"]["pulse"]["duration"] = 8e-9
    tiny["devices"]["synapse"] |= {
        "calculator": NAME,
        "calculator_settings": {NAME: {"velocity": 200.0}},
    }
    (cluster_campaign / "drift.py").write_text(DRIFT.replace("/ 1e12", "/ 0"))
    (cluster_campaign / "config.yaml").write_text(yaml.safe_dump(tiny, sort_keys=False))
    return cluster_campaign


def test_without_a_terminal_it_is_a_few_lines_and_names_each_failure(submit, half_broken):
    run = submit(half_broken, SOUND, BROKEN, *DISPLAY)
    assert run.wait() != 0
    lines = [line for line in run.text.splitlines() if not line.startswith(OF_OTHERS)]
    log = "results/logs/traces/synapse/0.5000.log"
    failure = (
        f"FAILED trace traces/synapse/0.5000 (SLURM: FAILED); log: {log}, "
        ".snakemake/slurm_logs/rule_trace/traces_synapse_0.5000/NUMBER.log"
    )
    said = [re.sub(r"/\d+\.log$", "/NUMBER.log", line) for line in lines]
    # the other trace ends at any time, with a line at most every half minute
    said = [line for line in said if not re.match(r"\d\d:\d\d:\d\d \d of 4 jobs", line)]
    assert said[:-1] == [
        "4 jobs: 2 initial, 2 trace",
        failure,
        "again: trace traces/synapse/0.5000",
        failure,
        "Failed at every attempt (1):",
        f"  trace: {BROKEN}; log: {log}",
    ]
    assert re.fullmatch(r"3 of 4 jobs done in \d+ (s|min); 1 failed", said[-1])
    assert "ZeroDivisionError" in (half_broken / log).read_text()
    for line in lines:
        if "slurm_logs" in line:
            assert (half_broken / line.rpartition(" ")[2]).is_file()
