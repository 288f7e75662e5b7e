import numpy as np
import pytest
from helpers.synthetic import idx, one_sentence, write_images

from wallnet.config.networks import DATA_FILES, DataSet
from wallnet.files import FileError
from wallnet.jobs.networks import DataJob
from wallnet.networks import fetching, images

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = DATA_FILES
DATASET = DataSet(folder="Tiny/raw", classes=tuple("abcd"))


def test_images_come_back_as_they_were_written(tmp_path):
    array = np.arange(2 * 3 * 5).reshape(2, 3, 5)
    (tmp_path / "images").write_bytes(idx(array))
    np.testing.assert_array_equal(fetching.read_idx(tmp_path / "images"), array)


def test_torchvision_opens_the_same_folder(tmp_path):
    datasets = pytest.importorskip("torchvision.datasets")
    write_images(tmp_path / "MNIST/raw", training=12, test=6, side=28)
    assert len(datasets.MNIST(tmp_path, train=True)) == 12
    image, label = datasets.MNIST(tmp_path, train=False)[4]
    raw = tmp_path / "MNIST/raw"
    np.testing.assert_array_equal(np.asarray(image), fetching.read_idx(raw / TEST_IMAGES)[4])
    assert label == fetching.read_idx(raw / TEST_LABELS)[4]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (TEST_LABELS, b"", "not an IDX file"),
        (TEST_LABELS, b"<html>not found</html>", "not an IDX file"),
        (TEST_LABELS, b"\x00\x00\x0d\x01\x00\x00\x00\x01\x00\x00\x00\x00", "not an IDX file"),
        (TEST_IMAGES, idx(np.zeros((10, 8, 8))) + bytes(3), "is too long"),
        (TRAIN_LABELS, idx(np.zeros(19)), "do not belong together"),
        (TRAIN_LABELS, idx(np.full(20, 4)), "has class 4, but tiny has 4 classes"),
    ],
)
def test_a_faulty_file_is_named(folder, name, content, words):
    path = folder / "Tiny/raw" / name
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        fetching.check("tiny", DATASET, folder)
    one_sentence(caught, str(path), words)


@pytest.mark.parametrize("shape", [(0,), (0, 8, 8), (10, 0, 8), (10, 8, 0)], ids=str)
def test_no_images_are_refused(tmp_path, shape):
    """The content agrees with its header."""
    (tmp_path / "images").write_bytes(idx(np.zeros(shape, dtype=np.uint8)))
    with pytest.raises(FileError) as caught:
        fetching.read_idx(tmp_path / "images")
    one_sentence(caught, "is truncated or empty")


def test_a_shape_beyond_the_file_is_refused(tmp_path):
    """The product of these numbers is 0 in 64 bits."""
    header = bytes([0, 0, 8, 3]) + b"\x80\0\0\0" * 2 + b"\0\0\0\4"
    (tmp_path / "images").write_bytes(header)
    with pytest.raises(FileError) as caught:
        fetching.read_idx(tmp_path / "images")
    one_sentence(caught, "(16 bytes instead of 18446744073709551632)")


def test_images_that_change_after_the_check_are_noticed(folder):
    fetching.provide(DataJob(name="tiny", dataset=DATASET), folder, folder / "tiny.json")
    path = folder / "Tiny/raw" / TEST_LABELS
    path.write_bytes(idx(np.zeros(10)))
    with pytest.raises(FileError) as caught:
        images.load(folder / "tiny.json", folder)
    one_sentence(
        caught,
        f"tiny.json is no longer valid: {path} has changed since it was checked",
        "run snakemake",
    )
