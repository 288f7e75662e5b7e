"""A stage of training, added as docs/extending.md describes, is run, tabulated and drawn."""

import csv

import pytest
import torch
from helpers import extending
from helpers.small_campaign import TRAINING, Campaign, with_networks
from helpers.synthetic import write_images

from wallnet import files
from wallnet.config.networks import FREE_STAGES, LEVEL_STAGES

NEW = {"limited": "Limited", "limited_snapped": "Limited, snapped"}


@pytest.mark.campaign
def test_a_training_stage_takes_three_places(tmp_path):
    root = extending.copied(tmp_path / "checkout")
    assert len(extending.apply("A training stage", root)) <= 3
    content = with_networks()
    content["networks"] |= {"readings": ["series"], "table_ii": {"synapse": 5}}
    content["networks"]["recipes"]["plain"]["limited"] = {**TRAINING, "epochs": 3}
    campaign = Campaign(tmp_path)
    campaign.configure(content)
    write_images(tmp_path / "data/Blots/raw")
    drawn = "results/figures/networks/blots/weights-synapse.png"
    tables = [f"results/tables/accuracy.{suffix}" for suffix in ("csv", "md")]
    environment = extending.environment_of(root)
    campaign.snakemake(*tables, drawn, root=root, environment=environment)
    place = tmp_path / "results/networks/blots/synapse/series/layer/plain"
    records = {stage: files.read_json(place / stage / "seed-3/metrics.json") for stage in NEW}
    for stage, record in records.items():
        assert record["stage"] == stage
    assert len(records["limited"]["training_curve"]) == 3
    # images of 8 × 8 pixels: limited to 2 / √64
    path = place / "limited/seed-3/best.ckpt"
    weight = torch.load(path, weights_only=True)["state_dict"]["model.hidden.weight"]
    assert weight.abs().max().item() == pytest.approx(0.25, rel=1e-6, abs=0)
    assert len(weight.unique()) > 100
    snapped = records["limited_snapped"]
    assert snapped["weights"]["hidden"]["different_values"] <= len(snapped["levels"])
    programmed = {stage for stage in NEW if (place / stage / "seed-3/programming.nc").exists()}
    assert programmed == {"limited_snapped"}
    with open(tmp_path / tables[0], newline="", encoding="utf-8") as stream:
        rows = {row["stage"]: row for row in csv.DictReader(stream)}
    assert set(rows) == {*FREE_STAGES, *LEVEL_STAGES, *NEW}
    markdown = (tmp_path / tables[1]).read_text(encoding="utf-8")
    for stage, title in NEW.items():
        accuracy = records[stage]["test_accuracy"]
        assert float(rows[stage]["test_accuracy"]) == pytest.approx(accuracy, abs=6e-3)
        assert f" {title} |" in markdown
    assert "*Limited*: the quantised network, trained further" in " ".join(markdown.split())
    assert (tmp_path / drawn).exists()
