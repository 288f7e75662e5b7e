"""A mapping, added as docs/extending.md describes, puts networks on levels."""

import csv

import pytest
import torch
from helpers import extending
from helpers.small_campaign import Campaign, with_networks
from helpers.synthetic import write_images

from wallnet import files
from wallnet.config.networks import LEVEL_STAGES


def weight_of(folder, stage):
    path = folder / stage / "seed-3/best.ckpt"
    state = torch.load(path, weights_only=True)["state_dict"]
    return state["model.hidden.weight"]


@pytest.mark.campaign
def test_a_mapping_takes_three_places(tmp_path):
    root = extending.copied(tmp_path / "checkout")
    assert len(extending.apply("A mapping", root)) <= 3
    content = with_networks()
    name = "ternary-fitted-extended"
    content["networks"] |= {"mappings": ["layer", name], "readings": ["series"]}
    campaign = Campaign(tmp_path)
    campaign.configure(content)
    write_images(tmp_path / "data/Blots/raw")
    campaign.snakemake(
        "results/tables/accuracy.csv", root=root, environment=extending.environment_of(root)
    )
    networks = tmp_path / "results/networks/blots"
    place = networks / f"synapse/series/{name}/plain"
    record = files.read_json(place / "quantized/seed-3/metrics.json")
    free = weight_of(networks / "none/none/none/plain", "fp32")
    weight, circuit = weight_of(place, "quantized"), record["circuits"]["hidden"]
    assert circuit["offset"] == [0]
    (scale,) = circuit["scale"]
    # each weight is at the nearest of three values
    expected = torch.where(free.abs() > scale / 2, scale * free.sign(), 0.0)
    torch.testing.assert_close(weight, expected)
    assert len(weight.unique()) == 3
    # with the scale of least squared error among fractions of the largest weight
    errors = {
        fraction: (free - near * free.sign() * (free.abs() > near / 2)).square().mean().item()
        for fraction in torch.linspace(0.1, 1, 46).tolist()
        for near in [fraction * free.abs().max()]
    }
    assert scale == pytest.approx(
        min(errors, key=errors.get) * free.abs().max().item(), rel=1e-5, abs=0
    )
    # one synapse of a pair is programmed, with all levels listed, to the highest of them
    last = len(record["conductances"]) - 1
    made = files.read_dataset(place / "quantized/seed-3/programming.nc", "programming")
    pairs = made["programmed_level"].values[made["weight_layer"].values == 0]
    signs = weight.flatten().sign().tolist()
    by_sign = {1: [last, 0], 0: [0, 0], -1: [0, last]}
    assert pairs.tolist() == [by_sign[sign] for sign in signs]
    with open(tmp_path / "results/tables/accuracy.csv", newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["mapping"] == name]
    assert [row["stage"] for row in rows] == list(LEVEL_STAGES)
    assert float(rows[0]["test_accuracy"]) == pytest.approx(record["test_accuracy"], abs=6e-3)
