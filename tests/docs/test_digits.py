"""The data set of examples/digits.py is one that networks read, and its labels are right."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from wallnet.config.networks import DataSet
from wallnet.networks.fetching import check, read_idx

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def digits():
    return runpy.run_path(str(ROOT / "examples/digits.py"))


def test_the_files_are_read_as_any_other_data_set(digits, tmp_path):
    digits["write"](tmp_path / "raw", training=60, test=20)
    description = check("digits", DataSet(folder="raw"), tmp_path)
    assert (description["training_images"], description["test_images"]) == (60, 20)
    assert description["image_shape"] == [28, 28]
    images, labels = digits["draw"](20, seed=1)
    np.testing.assert_array_equal(read_idx(tmp_path / "raw/t10k-images-idx3-ubyte"), images)
    np.testing.assert_array_equal(read_idx(tmp_path / "raw/t10k-labels-idx1-ubyte"), labels)
    training = read_idx(tmp_path / "raw/train-images-idx3-ubyte")
    assert not np.array_equal(training[:20], images)


def test_an_image_is_like_others_of_its_label(digits):
    """The nearest mean image of a first set is that of the label in most of a second one."""
    images, labels = digits["draw"](600, seed=0)
    others, expected = digits["draw"](200, seed=1)
    assert set(labels) == set(range(10))
    means = np.stack([images[labels == digit].mean(axis=0) for digit in range(10)])
    distances = ((others[:, np.newaxis].astype(float) - means) ** 2).sum(axis=(2, 3))
    # 0.68 of them; one in ten by chance
    assert (distances.argmin(axis=1) == expected).mean() > 0.5
