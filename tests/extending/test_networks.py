"""A mapping and a stage of training, added to one checkout as docs/extending.md describes."""

import csv

import pytest
import torch
from helpers import extending
from helpers.small_campaign import TRAINING, with_networks
from helpers.synthetic import write_images

from wallnet import files
from wallnet.config.stages import STAGES

MAPPING = "ternary-fitted-extended"
NEW = {"limited": "Limited", "limited_snapped": "Limited, snapped"}
DRAWN = "figures/networks/blots/weights-synapse.png"

pytestmark = pytest.mark.campaign


@pytest.fixture(scope="module")
def results(finished_devices, tmp_path_factory):
    root = extending.copied(tmp_path_factory.mktemp("extended") / "checkout")
    assert len(extending.apply("A mapping", root)) <= 2
    assert len(extending.apply("A training stage", root)) <= 2
    content = with_networks()
    content["networks"] |= {"mappings": ["layer", MAPPING], "readings": ["series"]}
    content["networks"] |= {"table_ii": {"synapse": 5}}
    content["networks"]["recipes"]["plain"]["limited"] = {
        **TRAINING,
        "epochs": 3,
        "weight_limit": 2.0,
    }
    folder = root.with_name("campaign")
    campaign = finished_devices.copied(folder)
    campaign.configure(content)
    write_images(folder / "data/Blots/raw")
    targets = [f"results/{path}" for path in ("tables/accuracy.csv", "tables/accuracy.md", DRAWN)]
    campaign.snakemake(*targets, root=root, environment=extending.environment_of(root))
    return folder / "results"


def weight_of(results, place):
    state = torch.load(results / f"networks/blots/{place}/seed-3/best.ckpt", weights_only=True)[
        "state_dict"
    ]
    return state["model.hidden.weight"]


def rows(results, mapping):
    with open(results / "tables/accuracy.csv", newline="", encoding="utf-8") as stream:
        return {
            row["stage"]: float(row["test_accuracy"])
            for row in csv.DictReader(stream)
            if row["mapping"] in ("none", mapping)
        }


def test_a_mapping_takes_two_places(results):
    place = f"synapse/series/{MAPPING}/plain/quantized"
    folder = results / f"networks/blots/{place}/seed-3"
    record = files.read_json(folder / "metrics.json")
    free = weight_of(results, "none/none/none/plain/fp32")
    weight, circuit = weight_of(results, place), record["circuits"]["hidden"]
    assert circuit["offset"] == [0]
    (scale,) = circuit["scale"]
    # each weight is at the nearest of three values
    expected = torch.where(free.abs() > scale / 2, scale * free.sign(), 0.0)
    torch.testing.assert_close(weight, expected)
    assert len(weight.unique()) == 3
    # with the scale of least squared error among fractions of the largest weight
    errors = {
        near: (free - near * free.sign() * (free.abs() > near / 2)).square().mean().item()
        for near in (torch.linspace(0.1, 1, 46) * free.abs().max()).tolist()
    }
    assert scale == pytest.approx(min(errors, key=errors.get), rel=1e-5, abs=0)
    # one synapse of a pair is programmed, with all levels listed, to the highest of them
    last = len(record["conductances"]) - 1
    made = files.read_dataset(folder / "programming.nc", "programming")
    pairs = made["programmed_level"].values[made["weight_layer"].values == 0]
    by_sign = {1: [last, 0], 0: [0, 0], -1: [0, last]}
    assert pairs.tolist() == [by_sign[sign] for sign in weight.flatten().sign().tolist()]
    assert rows(results, MAPPING)["quantized"] == pytest.approx(record["test_accuracy"], abs=6e-3)


def test_a_training_stage_takes_two_places(results):
    place = "synapse/series/layer/plain"
    folder = results / f"networks/blots/{place}"
    records = {stage: files.read_json(folder / stage / "seed-3/metrics.json") for stage in NEW}
    assert len(records["limited"]["training_curve"]) == 3
    # images of 8 × 8 pixels: limited to 2 / √64
    weight = weight_of(results, f"{place}/limited")
    assert weight.abs().max().item() == pytest.approx(0.25, rel=1e-6, abs=0)
    assert len(weight.unique()) > 100
    snapped = records["limited_snapped"]
    assert snapped["weights"]["hidden"]["different_values"] <= len(snapped["levels"])
    programmed = [stage for stage in NEW if (folder / stage / "seed-3/programming.nc").exists()]
    assert programmed == ["limited_snapped"]
    accuracies = rows(results, "layer")
    assert set(accuracies) == {*STAGES, *NEW} - {"compensated"}
    markdown = (results / "tables/accuracy.md").read_text(encoding="utf-8")
    for stage, title in NEW.items():
        assert accuracies[stage] == pytest.approx(records[stage]["test_accuracy"], abs=6e-3)
        assert f" {title} |" in markdown
    assert (results / DRAWN).exists()
