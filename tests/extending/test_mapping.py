"""A mapping, added as docs/extending.md describes, puts networks on levels."""

import csv

import pytest
import torch
from helpers import extending
from helpers.small_campaign import Campaign, with_networks
from helpers.synthetic import write_images

from wallnet import files
from wallnet.config.networks import LEVEL_STAGES


@pytest.mark.campaign
def test_a_mapping_takes_three_places(tmp_path):
    root = extending.copied(tmp_path / "checkout")
    assert len(extending.apply("A mapping", root)) <= 3
    content = with_networks()
    content["networks"] |= {"mappings": ["layer", "column-extended"], "readings": ["series"]}
    campaign = Campaign(tmp_path)
    campaign.configure(content)
    write_images(tmp_path / "data/Blots/raw")
    campaign.snakemake(
        "results/tables/accuracy.csv", root=root, environment=extending.environment_of(root)
    )
    place = tmp_path / "results/networks/blots/synapse/series/column-extended/plain"
    record = files.read_json(place / "quantized/seed-3/metrics.json")
    state = torch.load(place / "quantized/seed-3/best.ckpt", weights_only=True)["state_dict"]
    weight, circuit = state["hidden.weight"], record["circuits"]["hidden"]
    # each column contains its least weight and the levels above it
    offset, scale = torch.tensor(circuit["offset"]), torch.tensor(circuit["scale"])
    torch.testing.assert_close(weight.amin(dim=0), offset)
    values = offset + scale * torch.tensor(record["levels"])[:, None]
    assert ((weight[:, None] - values).abs().amin(dim=1) < 1e-5).all()
    with open(tmp_path / "results/tables/accuracy.csv", newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["mapping"] == "column-extended"]
    assert [row["stage"] for row in rows] == list(LEVEL_STAGES)
    assert float(rows[0]["test_accuracy"]) == pytest.approx(record["test_accuracy"], abs=6e-3)
