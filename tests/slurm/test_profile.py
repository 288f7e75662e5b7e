"""Resources that the shipped profile and the rules request; the tests do not need SLURM."""

import re
from collections import defaultdict

import pytest
import yaml
from helpers.small_campaign import ROOT, Campaign, plain_profile, with_networks

SUBMITTED = ("run", "minima", "train", "train_on", "map")


def read_profile(name):
    return yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text())


@pytest.fixture(scope="module")
def requests(tmp_path_factory):
    """Return memory (MB) and time (minutes) that each rule requests at its first attempts."""
    campaign = Campaign(tmp_path_factory.mktemp("requests"))
    pulse = {"current_density": 2e11, "duration": 2e-9}
    trains = {"pulse_trains": {"once": {"device": "neuron", "pulses": [pulse]}}}
    campaign.configure(with_networks() | trains)
    profile = ("--workflow-profile", plain_profile("slurm"))
    resources = defaultdict(dict)
    for attempt in (1, 2, 3):
        result = campaign.snakemake(*profile, "--dry-run", "--attempt", str(attempt))
        for rule, line in re.findall(
            r"^rule (\w+):\n(?: .*\n)*? +resources: (.*)", result.stdout, re.M
        ):
            amounts = dict(re.findall(r"(mem_mb|runtime)=(\d+)", line))
            resources[rule][attempt] = (int(amounts["mem_mb"]), int(amounts["runtime"]))
    return resources


def test_the_profile_is_complete():
    """It replaces the default profile, so it contains the same settings of reruns and failures."""
    default, slurm = read_profile("default"), read_profile("slurm")
    for key in default.keys() - {"cores"}:
        assert slurm[key] == default[key]


def test_retries_are_the_profiles():
    """Retries of a rule would also run inside the allocation that was too small."""
    assert read_profile("slurm")["retries"] > 0
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        assert not re.search(r"^\s+retries:", path.read_text(), re.M)


@pytest.mark.parametrize("rule", SUBMITTED)
def test_each_attempt_asks_for_more(requests, rule):
    memory, runtime = requests[rule][1]
    # Snakemake's steps, twice in each job, take half of this
    assert memory >= 400
    for attempt in (2, 3):
        assert requests[rule][attempt] == (attempt * memory, attempt * runtime)
