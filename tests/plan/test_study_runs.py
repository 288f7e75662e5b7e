"""The target `mappings`, run by Snakemake on small images."""

import csv

import pytest
from helpers.small_campaign import with_networks
from helpers.synthetic import write_images

from wallnet import plan
from wallnet.plan.commands import not_asked_for

pytestmark = pytest.mark.campaign


@pytest.fixture
def devices(finished_devices, tmp_path):
    """Return a copy of the tiny campaign with finished devices, which a test may change."""
    return finished_devices.copied(tmp_path / "campaign")


def rows_of(folder, table):
    with open(folder / f"results/tables/{table}.csv", newline="") as stream:
        return list(csv.DictReader(stream))


def test_mappings_are_compared_and_another_one_trains_no_network_again(devices):
    data = with_networks()
    data["networks"] |= {"compared": ["layer", "signed"], "readings": ["series"]}
    devices.configure(data)
    write_images(devices.folder / "data/Blots/raw")
    # the mappings of the campaign are not computed for it
    compared = {"compare_mappings": 1, "mapping_table": 1, "mappings": 1}
    assert devices.planned("mappings") == compared | {"data": 1, "train": 1, "train_on": 1}
    devices.snakemake("mappings")
    pairs = {(row["mapping"], row["stage"]) for row in rows_of(devices.folder, "mappings")}
    assert pairs == {
        (mapping, stage) for mapping in ("layer", "signed") for stage in ("quantized", "on_levels")
    }
    assert devices.planned("mappings") == {}
    campaign = plan.load(devices.folder / "config.yaml")
    assert not_asked_for(campaign, devices.folder) == []
    data["networks"]["compared"].append("row")
    devices.configure(data)
    assert devices.planned("mappings") == compared
