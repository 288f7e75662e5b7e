"""The comparison of mappings: stages of networks, measured on the validation images."""

from pathlib import Path

import pytest
import torch
from helpers.training import start_from

from wallnet import files
from wallnet.jobs.networks import mapping_job
from wallnet.networks import stages, storage

SEED = 3
HELD_OUT = 60
"""Validation images: a tenth of 600."""

NAMES = ("layer", "signed-3sd")


@pytest.fixture(scope="module")
def compared(networks):
    changed = networks.model_copy(update={"compared": NAMES, "mappings": ("row",)})
    return mapping_job(changed, "blots", "synapse", "series", SEED, compared=True)


def comparison(job, images, place, results, folder):
    start_from(Path(results["fp32"][1]), folder / "networks")
    out = folder / "mappings/seed-3.json"
    stages.compare(job, images, place / "synapse.json", folder / "networks", out)
    return files.read_json(out)


@pytest.fixture(scope="module")
def mapped(compared, place, results, tmp_path_factory):
    """Return the result of `compare`, and its folder."""
    from wallnet.networks import images

    folder = tmp_path_factory.mktemp("compared")
    data = images.load(place / "blots.json", place / "data")
    return comparison(compared, data, place, results, folder), folder


def accuracies(record):
    return {(row["mapping"], row["stage"]): row["validation_accuracy"] for row in record["rows"]}


def test_a_comparison_has_the_numbers_of_the_stages_themselves(mapped, results):
    """`wallnet map` computes the same stages; a comparison has no fine-tuned network."""
    numbers = accuracies(mapped[0])
    compared = ("quantized", "compensated", "on_levels")
    assert set(numbers) == {(name, stage) for name in NAMES for stage in compared}
    for stage in compared:
        expected = results[stage][0]["validation_accuracy"]
        assert numbers["layer", stage] == pytest.approx(expected, abs=1e-9)
    attributes = {key: mapped[0][key] for key in ("kind", "dataset", "device", "reading", "seed")}
    assert tuple(attributes.values()) == ("comparison", "blots", "synapse", "series", SEED)
    assert (mapped[0]["device_levels"], mapped[0]["rows"][0]["recipe"]) == (6, "plain")


def test_a_comparison_has_a_row_for_every_recipe(networks, images, place, results, tmp_path):
    """The network of the second recipe reads the third class in every image."""
    plain = networks.recipes["plain"].model_copy(update={"on_levels": None, "compensated": None})
    recipes = {"plain": plain, "other": plain}
    both = networks.model_copy(update={"recipes": recipes, "compared": ("layer",)})
    network = storage.load_network(results["fp32"][1], "dense")
    with torch.no_grad():
        network.model.output.bias[2] += 1e3
    place_of = tmp_path / "networks/blots/none/none/none/other/fp32/seed-3/best.ckpt"
    storage.save_network(network, place_of, {})
    job = mapping_job(both, "blots", "synapse", "series", SEED, compared=True)
    plain_row, other_row = comparison(job, images, place, results, tmp_path)["rows"]
    assert (plain_row["recipe"], other_row["recipe"]) == ("plain", "other")
    order = torch.randperm(600, generator=torch.Generator().manual_seed(SEED)).numpy()
    thirds = images.training_labels[order[:HELD_OUT]] == 2
    assert other_row["validation_accuracy"] == pytest.approx(100 * thirds.mean(), abs=1e-4)
    expected = results["quantized"][0]["validation_accuracy"]
    assert plain_row["validation_accuracy"] == pytest.approx(expected, abs=1e-4)


def test_a_comparison_leaves_only_its_result(mapped):
    folder = mapped[1]
    paths = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    started = "networks/blots/none/none/none/plain/fp32/seed-3/best.ckpt"
    assert paths == {started, "mappings/seed-3.json"}


def test_a_comparison_never_reads_the_test_images(
    compared, images, place, results, mapped, tmp_path
):
    turned = images._replace(
        test_images=255 - images.test_images, test_labels=(images.test_labels + 1) % 4
    )
    record = comparison(compared, turned, place, results, tmp_path)
    assert accuracies(record) == accuracies(mapped[0])
