"""`wallnet init` creates a campaign that runs."""

import json
import re
import tomllib

import pytest
from helpers.small_campaign import ROOT, Campaign

from wallnet import cli, plan
from wallnet.config import schema
from wallnet.plan import commands
from wallnet.studies import STUDIES


def test_a_new_campaign_is_valid_and_snakemake_plans_it(tmp_path, capsys):
    folder = tmp_path / "my first campaign"
    cli.main(["init", str(folder)])
    assert {path.name for path in folder.iterdir()} == {"config.yaml", "config.schema.json"}
    told = capsys.readouterr().out
    assert told.endswith(f"    make run DIRECTORY='{folder}'\n")

    campaign = plan.load(folder / "config.yaml")
    assert [device.kind for device in campaign.devices.values()] == ["neuron", "synapse"]
    planned = Campaign(folder).planned()
    pulses = sum(len(device.pulse.current_densities) for device in campaign.devices.values())
    assert planned["trace"] == pulses
    assert planned["device"] == 2


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


@pytest.mark.parametrize("name", ["config.yaml", "config.schema.json"])
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


def test_an_installed_package_has_the_example():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    package = ROOT / "src/wallnet"
    patterns = project["tool"]["setuptools"]["package-data"]["wallnet"]
    packed = {path for pattern in patterns for path in package.glob(pattern)}
    assert package / "config" / commands.EXAMPLE in packed
