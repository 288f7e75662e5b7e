"""Studies that the target `all` does not need can stand in `studies.yaml` beside `config.yaml`."""

import pytest
import yaml
from helpers.small_campaign import Campaign
from helpers.windows import windowed

from wallnet import config, plan


@pytest.fixture
def apart(tmp_path):
    """Return the folder of a campaign whose windows stand in a file of their own."""
    data = windowed()
    (tmp_path / "studies.yaml").write_text(
        yaml.safe_dump({"operating_windows": data.pop("operating_windows")})
    )
    Campaign(tmp_path).configure(data)
    return tmp_path


def test_both_files_make_one_campaign(apart):
    read = plan.load(apart / "config.yaml")
    assert read.studies == plan.parse(windowed()).studies
    assert list(read.studies["operating_windows"]) == ["three"]


def test_a_problem_names_the_file_of_its_key(apart):
    path = apart / "studies.yaml"
    path.write_text(path.read_text().replace("pause: 2.5e-09", "pause: 2.5"))
    with pytest.raises(
        config.ConfigError, match=rf"^{path}: operating_windows\.three\.pause = 2\.5 "
    ):
        plan.load(apart / "config.yaml")


def test_a_key_in_both_files_is_refused(apart):
    with open(apart / "config.yaml", "a") as stream:
        stream.write("operating_windows: {}\n")
    with pytest.raises(
        config.ConfigError, match=r"studies.yaml: operating_windows stands in .*config.yaml"
    ):
        plan.load(apart / "config.yaml")


@pytest.mark.campaign
def test_a_target_reads_its_study_there(apart):
    campaign = Campaign(apart)
    planned = campaign.planned("operating_windows")
    assert planned == {
        "initial": 1,
        "minima": 1,
        "run": 2,
        **{"gather_operating_windows": 1, "show_operating_windows": 1, "operating_windows": 1},
    }
    (apart / "studies.yaml").write_text("operating_windows: [1]\n")
    refused = campaign.snakemake("operating_windows", "--dry-run", check=False)
    assert (
        "studies.yaml: operating_windows is a list, not a block of keys; indent its keys below it"
        in refused.stdout + refused.stderr
    )
