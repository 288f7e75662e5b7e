"""Names of results do not clash, and results of devices that are gone do not stay unseen."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from small_campaign import with_networks

from wallnet import config, files, plan

pytestmark = pytest.mark.campaign


def wallnet(*arguments, folder):
    program = Path(sys.executable).with_name("wallnet")
    return subprocess.run([program, *arguments], capture_output=True, text=True, cwd=folder)


def present(folder):
    return {
        str(path.relative_to(folder))
        for path in folder.glob("results/**/*")
        if path.is_file() and not path.name.startswith(".")
    }


def test_the_plan_lists_what_a_campaign_makes_and_nothing_else(finished_campaign):
    campaign = config.load(finished_campaign.folder / "config.yaml")
    logs = ("results/logs/", "results/benchmarks/")
    made = {path for path in present(finished_campaign.folder) if not path.startswith(logs)}
    planned = plan.everything(campaign)
    assert set(planned) == made
    assert len(planned) == len(set(planned))
    assert plan.not_asked_for(campaign, finished_campaign.folder) == []


def test_every_file_has_a_digest_beside_it(finished_campaign):
    campaign = config.load(finished_campaign.folder / "config.yaml")
    for path in plan.everything(campaign):
        assert files.digest_path(finished_campaign.folder / path).exists(), path


RESERVED = ("accuracy", "parameters", "validation", "crosscheck", "devices", "misread")


def test_devices_may_have_the_names_of_tables(campaign, tiny):
    for name in RESERVED:
        tiny["devices"][name] = {"like": "neuron"}
    tiny["devices"]["parameters"]["material"] = {"damping": 0.25}
    campaign.configure(tiny)
    tables = campaign.folder / "results/tables"
    campaign.snakemake("devices", "results/tables/parameters.csv")
    for name in RESERVED:
        with open(tables / f"devices/{name}.csv", newline="") as stream:
            assert len(list(csv.DictReader(stream))) == 5, name
    with open(tables / "parameters.csv", newline="") as stream:
        rows = {row["key"]: row for row in csv.DictReader(stream)}
    assert rows["material.damping"]["parameters"] == "0.25"
    assert rows["material.damping"]["accuracy"] == "0.5"


def test_names_with_dashes_do_not_meet_in_a_figure(tiny):
    """Data sets and devices whose names, put together with a dash, would be the same."""
    data = with_networks()
    blots = data["networks"]["own_datasets"]["blots"]
    data["networks"]["own_datasets"] = {"a": blots, "a-b": blots}
    data["networks"]["datasets"] = ["a", "a-b"]
    data["devices"] |= {"c": {"like": "synapse"}, "b-c": {"like": "synapse"}}
    data["networks"]["synapses"] = ["c", "b-c"]
    planned = plan.everything(config.parse(data))
    assert len(planned) == len(set(planned))


def test_results_of_a_renamed_device_are_listed_and_removed(whole):
    data = with_networks()
    data["devices"]["renamed"] = data["devices"].pop("neuron")
    data["networks"]["neuron"] = "renamed"
    data["devices"]["synapse"]["pulse"]["current_densities"].remove(1.5e12)
    whole.configure(data)
    damaged = whole.folder / "results/traces/neuron/0.2000.nc"
    damaged.rename(damaged.with_name("0.2000.nc.damaged"))
    (whole.folder / "results/notes.txt").write_text("mine")
    before = present(whole.folder)
    listed = wallnet("clean", "--config", "config.yaml", folder=whole.folder)
    assert listed.returncode == 0, listed.stderr
    *paths, count = listed.stdout.splitlines()
    # of the neuron 5 traces, initial state, device, compact model, 3 tables and 4 figures; 1 trace
    # of the synapse
    assert count == (
        "16 results and 24 logs and benchmarks that config.yaml does not ask for; --yes removes "
        "them"
    )
    gone = [path for path in paths if "/logs/" not in path and "/benchmarks/" not in path]
    assert all("neuron" in path or path.endswith("synapse/1.5000.nc") for path in gone)
    assert "results/figures/devices/neuron-transfer-curve.pdf" in gone
    assert present(whole.folder) == before
    removed = wallnet("clean", "--config", "config.yaml", "--yes", folder=whole.folder)
    assert removed.stdout.splitlines()[:-1] == paths
    left = [str(path) for path in whole.folder.glob("results/**/*") if "neuron" in path.name]
    assert left == []
    assert not list(whole.folder.glob("results/**/.1.5000*"))
    assert present(whole.folder) == before - set(paths) - {
        "results/traces/neuron/0.2000.nc.damaged"
    }
    again = wallnet("clean", "--config", "config.yaml", folder=whole.folder)
    assert again.stdout == "no results that config.yaml does not ask for\n"


def test_check_names_what_is_damaged(whole):
    assert wallnet("check", folder=whole.folder).returncode == 0
    path = whole.folder / "results/tables/accuracy.csv"
    path.write_text(path.read_text().replace("9", "8"))
    found = wallnet("check", folder=whole.folder)
    assert found.returncode == 1
    assert found.stdout == (
        "results/tables/accuracy.csv is damaged (its content is not what was written)\n"
    )
    missing = wallnet("check", "results/report.html", folder=whole.folder)
    assert missing.returncode == 1
    assert missing.stdout == "results/report.html is not there; run snakemake to make it\n"
    wallnet("digest", "results/tables/accuracy.csv", folder=whole.folder)
    assert wallnet("check", folder=whole.folder).returncode == 0
