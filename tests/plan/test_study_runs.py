"""The targets `mappings` and `table-ii`, run by Snakemake on small images."""

import csv
import json
import shutil

import pytest
from helpers.small_campaign import ROOT, with_networks
from helpers.synthetic import write_images

from wallnet import plan
from wallnet.plan.clean import not_asked_for

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
    found = {(row["mapping"], row["stage"]) for row in rows_of(devices.folder, "mappings")}
    assert found == {
        (mapping, stage) for mapping in ("layer", "signed") for stage in ("quantized", "on_levels")
    }
    assert devices.planned("mappings") == {}
    campaign = plan.load(devices.folder / "config.yaml")
    assert not_asked_for(campaign, devices.folder) == []
    data["networks"]["compared"].append("row")
    devices.configure(data)
    assert devices.planned("mappings") == compared


def test_table_ii_is_read_in_every_way_and_another_seed_trains_only_its_own(devices, tmp_path):
    """The images have the names of the paper's; a copy of the package does not check their sums."""
    source = tmp_path / "source"
    shutil.copytree(ROOT / "src/wallnet", source / "wallnet")
    path = source / "wallnet/config/networks.py"
    text = path.read_text()
    assert text.count("checksums=_checksums(") == 2
    path.write_text(text.replace("checksums=_checksums(", "checksums=None and _checksums("))
    environment = {"PYTHONPATH": str(source)}
    data = with_networks()
    training = {"epochs": 1, "batch_size": 16, "learning_rate": 5e-3}
    given = {"epochs": [1], "levels": [4, 6], "seeds": [3, 5], "training": training}
    data["networks"] |= {
        "datasets": ["mnist", "fashion-mnist"],
        "interpretations": given | {"fine_tuned": 2},
    }
    devices.configure(data)
    for seed, name in enumerate(("MNIST", "FashionMNIST")):
        write_images(
            devices.folder / f"data/{name}/raw", training=200, test=100, classes=10, seed=seed
        )
    devices.snakemake("table-ii", environment=environment)
    # 2 ranges of the images, 2 schemes, 3 scales, biases or not; 4 and 4, 6 and 4, 6 and 6 levels
    assert len(rows_of(devices.folder, "table-ii")) == 2 * 2 * 3 * 2 * 3
    results = devices.folder / "results/table-ii"
    chosen = json.loads((results / "chosen.json").read_text())["chosen"]
    assert len(chosen) == 2
    for path in results.glob("*/seed-*-fine-tuned.json"):
        rows = json.loads(path.read_text())["rows"]
        kept = [{key: row[key] for key in chosen[0]} for row in rows]
        assert sorted(kept, key=str) == sorted(chosen, key=str)
    assert devices.planned("table-ii", environment=environment) == {}
    campaign = plan.load(devices.folder / "config.yaml")
    assert [p for p in not_asked_for(campaign, devices.folder) if "table-ii" in p] == []
    given["seeds"].append(7)
    devices.configure(data)
    planned = devices.planned("table-ii", environment=environment)
    assert planned["interpret"] == 2
    assert not {"train", "data", "trace", "device"} & set(planned)
