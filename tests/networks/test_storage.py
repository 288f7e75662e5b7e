import json
import shutil

import pytest
import torch
from helpers.training import on_levels

from wallnet import files
from wallnet.files import FileError
from wallnet.networks import storage
from wallnet.networks.model import Classifier

MADE_BY = {
    "parameters",
    "seed",
    "wallnet_version",
    "torch_version",
    "lightning_version",
    "revision",
}


def test_every_result_says_what_it_is_and_what_made_it(results):
    for stage, (record, checkpoint) in results.items():
        assert record["stage"] == stage
        assert set(record) >= MADE_BY
        assert record["seed"] == 3
        assert record["parameters"]["dataset"] == "blots"
        assert record["device"] == ("none" if stage == "fp32" else "synapse")
        about = torch.load(checkpoint, weights_only=True)["wallnet"]
        assert about.keys() >= MADE_BY
        assert about["stage"] == stage


def test_lightning_opens_every_checkpoint(results, images):
    for record, path in results.values():
        network = Classifier.load_from_checkpoint(path)
        pixels = torch.from_numpy(images.test_images.reshape(200, -1).copy()).float() / 255
        with torch.no_grad():
            right = network.eval()(pixels).argmax(dim=1) == torch.tensor(images.test_labels)
        assert 100 * float(right.float().mean()) == pytest.approx(record["test_accuracy"], abs=1e-3)


def damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "truncated":
        content = content[: len(content) // 2]
    elif how == "empty":
        content = b""
    elif how == "flipped":
        content[len(content) // 2] ^= 0xFF
    else:
        content = b"something else altogether"
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("how", ["truncated", "empty", "flipped", "foreign"])
def test_a_damaged_checkpoint_is_refused_where_it_lies(
    results, networks, images, place, tmp_path, how
):
    start = tmp_path / "results" / "best.ckpt"
    start.parent.mkdir()
    shutil.copy(results["fp32"][1], start)
    damage(start, how)
    with pytest.raises(FileError) as caught:
        on_levels(networks, images, place, start, tmp_path)
    text = str(caught.value)
    assert str(start) in text
    assert "damaged" in text
    assert "run snakemake again" in text
    assert "\n" not in text
    # the next run finds it and computes it again
    assert start.exists()
    assert list(files.find_damaged(start.parent)) == [str(start)]
    storage.save_network(storage.load_network(results["fp32"][1]), start, {})
    assert files.find_damaged(start.parent) == {}


def test_a_checkpoint_that_is_not_what_was_written_is_refused(results, tmp_path):
    """Neither the archive nor PyTorch notices this damage."""
    path = tmp_path / "results" / "best.ckpt"
    path.parent.mkdir()
    shutil.copy(results["fp32"][1], path)
    files.note_digest(path)
    storage.load_network(path)
    with open(path, "ab") as stream:
        stream.write(bytes(1))
    with pytest.raises(files.DamagedFileError, match="its content is not what was written"):
        storage.load_network(path)


def test_a_damaged_checkpoint_elsewhere_is_its_owners(results, tmp_path):
    path = tmp_path / "best.ckpt"
    shutil.copy(results["fp32"][1], path)
    damage(path, "flipped")
    with pytest.raises(FileError, match="is damaged .*; delete it and run snakemake"):
        storage.load_network(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_checkpoint_is_one_sentence(networks, images, place, tmp_path):
    with pytest.raises(FileError, match="is not there; run snakemake"):
        on_levels(networks, images, place, tmp_path / "best.ckpt", tmp_path)


def test_a_checkpoint_with_weights_that_are_no_numbers_is_refused(results, tmp_path):
    network = storage.load_network(results["fp32"][1])
    with torch.no_grad():
        network.output.weight[1, 2] = float("nan")
    storage.save_network(network, tmp_path / "best.ckpt", {})
    with pytest.raises(FileError, match="has weights that are not finite"):
        storage.load_network(tmp_path / "best.ckpt")


def test_metrics_are_plain_json(results):
    for record, _ in results.values():
        assert json.loads(json.dumps(record, allow_nan=False)) == record
