import os
import shutil

import pytest
import pytorch_lightning
import torch
from helpers.synthetic import one_sentence
from helpers.training import FREE, on_levels, outputs, start_from, trained_on

from wallnet import __version__, files, revisions
from wallnet.files import FileError
from wallnet.files.whole import note_digest
from wallnet.networks import storage
from wallnet.networks.classifier import Classifier

MADE_BY = {
    "parameters",
    "seed",
    "wallnet_version",
    "torch_version",
    "instructions",
    "lightning_version",
    "revision",
}


def test_every_result_says_what_it_is_and_what_made_it(results):
    for stage, (record, checkpoint) in results.items():
        assert record["stage"] == stage
        assert set(record) >= MADE_BY
        assert record["seed"] == 3
        assert record["parameters"]["dataset"] == "blots"
        assert record["device"] == ("none" if stage in FREE else "synapse")
        about = torch.load(checkpoint, weights_only=True)["wallnet"]
        assert about.keys() >= MADE_BY
        assert about["stage"] == stage
        for metadata in (record, about):
            assert metadata["revision"] == revisions.of("networks")
            assert metadata["wallnet_version"] == __version__
            assert metadata["torch_version"] == torch.__version__
            assert metadata["lightning_version"] == pytorch_lightning.__version__


def test_lightning_opens_every_checkpoint(results, images):
    for record, path in results.values():
        network = Classifier.load_from_checkpoint(path)
        pixels = torch.from_numpy(images.test_images[:, None].copy()).float() / 255
        with torch.no_grad():
            right = network.eval()(pixels).argmax(dim=1) == torch.tensor(images.test_labels)
        assert 100 * float(right.float().mean()) == pytest.approx(record["test_accuracy"], abs=1e-3)


def test_a_damaged_checkpoint_is_refused_where_it_lies(results, networks, images, place, tmp_path):
    folder = tmp_path / "results/networks"
    _, start = outputs(folder, "fp32")
    start_from(results["fp32"][1], folder)
    content = bytearray(start.read_bytes())
    content[len(content) // 2] ^= 0xFF
    start.write_bytes(content)
    with pytest.raises(FileError) as caught:
        on_levels(networks, images, place, start, folder)
    text = one_sentence(caught, str(start), "damaged", "run snakemake again")
    with pytest.raises(FileError) as caught:
        trained_on(networks, images, start, folder)
    assert str(caught.value) == text
    # the next run finds it and computes it again
    assert start.exists()
    assert list(files.find_damaged(start.parent)) == [str(start)]
    storage.save_network(storage.load_network(results["fp32"][1], "dense"), start, {})
    assert files.find_damaged(start.parent) == {}


def test_a_checkpoint_that_is_not_what_was_written_is_refused(results, tmp_path):
    """Neither the archive nor PyTorch notices this damage."""
    path = tmp_path / "results" / "best.ckpt"
    path.parent.mkdir()
    shutil.copy(results["fp32"][1], path)
    note_digest(path)
    storage.load_network(path, "dense")
    with open(path, "ab") as stream:
        stream.write(bytes(1))
    with pytest.raises(files.DamagedFileError, match="its content is not what was written"):
        storage.load_network(path, "dense")


def test_a_checkpoint_with_weights_that_are_no_numbers_is_refused(results, tmp_path):
    network = storage.load_network(results["fp32"][1], "dense")
    with torch.no_grad():
        network.model.output.weight[1, 2] = float("nan")
    storage.save_network(network, tmp_path / "best.ckpt", {})
    with pytest.raises(FileError, match="has weights that are not finite"):
        storage.load_network(tmp_path / "best.ckpt", "dense")


def test_a_checkpoint_of_another_model_is_refused(results):
    with pytest.raises(FileError) as caught:
        storage.load_network(results["fp32"][1], "convolutional")
    one_sentence(caught, "its model is not convolutional")


def test_a_checkpoint_cannot_name_code_to_run(results, tmp_path, monkeypatch):
    (tmp_path / "planted.py").write_text("raise SystemExit('executed')\n")
    monkeypatch.syspath_prepend(tmp_path)
    stored = torch.load(results["fp32"][1], weights_only=True)
    stored["hyper_parameters"]["model"] = "planted:Model"
    torch.save(stored, tmp_path / "best.ckpt")
    with pytest.raises(FileError, match="its model is not dense"):
        storage.load_network(tmp_path / "best.ckpt", "dense")


def test_a_checkpoint_cannot_hold_code_to_run(results, tmp_path):
    made = tmp_path / "executed"
    planted = type("Planted", (), {"__reduce__": lambda _: (os.mkdir, (str(made),))})()
    stored = torch.load(results["fp32"][1], weights_only=True) | {"wallnet": planted}
    torch.save(stored, tmp_path / "best.ckpt")
    with pytest.raises(FileError, match="damaged or not a network"):
        storage.load_network(tmp_path / "best.ckpt", "dense")
    assert not made.exists()


def test_the_bytes_of_a_checkpoint_follow_from_its_content(results, tmp_path):
    """Also if two equal texts are one object, as in one process, or two, as in another one."""
    network = storage.load_network(results["fp32"][1], "dense")
    shared = "".join(["syn", "apse"])
    apart = "".join(["syn", "apse"])
    assert shared is not apart
    written = []
    for number, other in enumerate((shared, apart)):
        path = tmp_path / f"{number}.ckpt"
        storage.save_network(network, path, {"device": shared, "parameters": {"device": other}})
        written.append(path.read_bytes())
    assert written[0] == written[1]
