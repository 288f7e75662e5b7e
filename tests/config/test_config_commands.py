"""`wallnet init` creates a campaign that runs."""

import json
import re

import pytest
from helpers.small_campaign import ROOT, Campaign

from wallnet import cli, files, plan, workflow_path
from wallnet.config import schema
from wallnet.jobs.run import level_states
from wallnet.studies import STUDIES


def test_a_new_campaign_is_valid_and_snakemake_plans_it(tmp_path, capsys):
    folder = tmp_path / "my first campaign"
    cli.main(["init", str(folder)])
    written = {path.name for path in folder.iterdir()}
    assert written == {"config.yaml", "config.schema.json", "Snakefile", "profiles"}
    message = capsys.readouterr().out
    assert message.endswith(f"    cd '{folder}'\n    snakemake --cores 2\n")

    campaign = plan.load(folder / "config.yaml")
    assert [device.kind for device in campaign.devices.values()] == ["neuron", "synapse"]
    assert campaign.devices["synapse"].track.edges == "smooth"
    planned = Campaign(folder).planned()
    pulses = sum(len(device.pulse.current_densities) for device in campaign.devices.values())
    assert planned["run"] == pulses + len(level_states(campaign.devices["synapse"].track))
    assert planned["gather_devices"] == 2
    # its own Snakefile includes the workflow, and has the same target by default
    planned["campaign"] = planned.pop("all")
    assert Campaign(folder).planned("--snakefile", folder / "Snakefile") == planned


@pytest.mark.campaign
def test_every_pulse_of_a_new_campaign_is_cool_and_ends_at_a_level_that_stands(tmp_path, capsys):
    """One level for each of four notches, from the weakest pulse to the strongest; all retained."""
    cli.main(["init", str(tmp_path)])
    barriers = "results/barriers/synapse.nc"
    Campaign(tmp_path).snakemake("results/devices/synapse.nc", barriers)
    device = files.read_dataset(tmp_path / "results/devices/synapse.nc", "synapse")
    notches = [f"notch {number}" for number in (1, 1, 1, 2, 3, 3, 4)]
    assert device["state"].values.tolist() == notches
    assert device["settled"].values.tolist() == [1] * 7
    assert device["temperature_rise"].values.max() < 50
    whole = device["level_state"].values[::2].tolist()
    assert whole == ["notch 1", "notch 2", "notch 3", "notch 4"]
    assert device["reachable"].values.tolist() == [1, 0, 1, 0, 1, 0, 1]
    assert (device["level_conductance"].diff("level") > 0).all()
    assert "caveat" not in device.attrs
    states = files.read_dataset(tmp_path / barriers, "barriers")
    kept = states["state_name"].values[states["state_retained"].values == 1].tolist()
    assert kept == whole
    cli.main(["preview", "--directory", str(tmp_path)])
    assert "!" not in capsys.readouterr().out


def test_the_workflow_and_the_profiles_of_an_editable_install_are_those_of_the_checkout(tmp_path):
    assert workflow_path() == str(ROOT / "Snakefile")
    cli.main(["init", str(tmp_path)])
    for profile in ("profiles/default/config.yaml", "profiles/slurm/config.yaml"):
        assert (tmp_path / profile).read_text() == (ROOT / profile).read_text()


def test_an_editor_finds_the_schema_beside_a_new_campaign(tmp_path):
    cli.main(["init", str(tmp_path)])
    text = (tmp_path / "config.yaml").read_text(encoding="utf-8")
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)[1]
    assert json.loads((tmp_path / named).read_text(encoding="utf-8")) == schema.as_written(STUDIES)


def test_every_value_of_a_new_campaign_has_a_comment(tmp_path):
    cli.main(["init", str(tmp_path)])
    lines = (tmp_path / "config.yaml").read_text(encoding="utf-8").splitlines()
    values = [line for line in lines if re.search(r": *[^#\s]|- ", line.partition("#")[0])]
    assert len(values) > 30
    # the unit of a sweep is in the comment above it
    assert [line for line in values if "#" not in line and "start:" not in line] == []


@pytest.mark.parametrize("name", ["config.yaml", "config.schema.json", "Snakefile"])
def test_what_is_there_is_not_written_over(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(SystemExit, match=f"{name} already exists; remove it or give another"):
        cli.main(["init", str(tmp_path)])
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match="file/campaign cannot be written") as refused:
        cli.main(["init", str(tmp_path / "file/campaign")])
    assert "\n" not in str(refused.value)
