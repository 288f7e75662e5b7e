"""A stage of training, added as docs/extending.md describes, is run, tabulated and drawn."""

import csv

import pytest
from helpers import extending
from helpers.small_campaign import TRAINING, Campaign, with_networks
from helpers.synthetic import write_images

from wallnet import files
from wallnet.config.networks import LEVEL_STAGES

NEW, TITLE = "fine_tuned_on_levels", "Fine-tuned on levels"


@pytest.mark.campaign
def test_a_training_stage_takes_three_places(tmp_path):
    root = extending.copied(tmp_path / "checkout")
    assert len(extending.apply("A training stage", root)) <= 3
    content = with_networks()
    content["networks"] |= {"readings": ["series"], "table_ii": {"synapse": 5}}
    content["networks"]["recipes"]["plain"][NEW] = {**TRAINING, "epochs": 3}
    campaign = Campaign(tmp_path)
    campaign.configure(content)
    write_images(tmp_path / "data/Blots/raw")
    drawn = "results/figures/networks/blots/weights-synapse.png"
    tables = [f"results/tables/accuracy.{suffix}" for suffix in ("csv", "md")]
    environment = extending.environment_of(root)
    campaign.snakemake(*tables, drawn, root=root, environment=environment)
    place = tmp_path / "results/networks/blots/synapse/series/layer/plain"
    record = files.read_json(place / NEW / "seed-3/metrics.json")
    assert record["stage"] == NEW
    assert len(record["training_curve"]) == 3
    assert record["weights"]["hidden"]["different_values"] <= len(record["levels"])
    with open(tmp_path / tables[0], newline="", encoding="utf-8") as stream:
        rows = {row["stage"]: row for row in csv.DictReader(stream)}
    assert set(rows) == {"fp32", *LEVEL_STAGES, NEW}
    assert float(rows[NEW]["test_accuracy"]) == pytest.approx(record["test_accuracy"], abs=6e-3)
    markdown = (tmp_path / tables[1]).read_text(encoding="utf-8")
    assert f" {TITLE} |" in markdown
    assert f"*{TITLE}*: the fine-tuned network trained on" in " ".join(markdown.split())
    assert (tmp_path / drawn).exists()
