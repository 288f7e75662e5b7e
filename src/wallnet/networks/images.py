"""Images as input of a network: read from checked files, split by a seed, in batches."""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor
from torch.nn import functional

from wallnet import files
from wallnet.config.networks import DATA_FILES
from wallnet.files import FileError
from wallnet.files.whole import sha256_of
from wallnet.networks.fetching import read_idx

Batch: TypeAlias = tuple[Tensor, Tensor]
"""Images, with values in [0, 1], and their labels."""

EVALUATION_BATCH = 2000


class Images(NamedTuple):
    """A data set in memory.

    Attributes
    ----------
    training_images, test_images : numpy.ndarray
        Grey values 0 to 255, shape (images, rows, columns), uint8.
    training_labels, test_labels : numpy.ndarray
        Class of each image, shape (images,), uint8.
    classes : tuple of str
        Names of the classes.
    """

    training_images: np.ndarray
    training_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    classes: tuple[str, ...]


def load(record_path: str | Path, data_folder: str | Path) -> Images:
    """Read a data set of which `wallnet.networks.fetching.provide` wrote a record.

    Raises
    ------
    FileError
        If a file has changed since it was checked. The record is then rejected, so that the next
        run checks the data set again.
    """
    record = files.read_json(record_path, keys=("folder", "classes", "files"))
    arrays = []
    for name in DATA_FILES:
        path = Path(data_folder) / record["folder"] / name
        try:
            changed = sha256_of(path) != record["files"][name]["sha256"]
        except OSError:
            changed = True
        if changed:
            fault = f"is no longer valid: {path} has changed since it was checked"
            raise files.damaged(record_path, fault)
        arrays.append(read_idx(path))
    return Images._make([*arrays, tuple(record["classes"])])


class ShuffledBatches:
    """Training images in batches: each iteration is an epoch, in an order from the seed.

    Epoch k uses the k-th permutation that a generator with the seed draws. When the first batch of
    an epoch is taken, PyTorch's generator is seeded with the seed and the number of the epoch,
    whatever drew numbers from it before.

    Parameters
    ----------
    size : int
        Images per batch; the last batch may have fewer.
    shift : int
        Each image is shifted at random by up to this many pixels along rows and along columns.
        Pixels that are shifted in from outside the image are 0.
    """

    def __init__(
        self, images: Tensor, labels: Tensor, size: int, seed: int, shift: int = 0
    ) -> None:
        self.labels, self.size, self.seed = labels, size, seed
        padded = functional.pad(images[:, 0], [shift] * 4).numpy()
        # a view with the shifts of an image, from which NumPy copies rows and PyTorch single pixels
        self._windows = sliding_window_view(padded, images.shape[-2:], (1, 2))
        self._generator = torch.Generator().manual_seed(seed)
        self._epochs = itertools.count()

    def __len__(self) -> int:
        return math.ceil(len(self.labels) / self.size)

    def __iter__(self) -> Iterator[Batch]:
        (state,) = np.random.SeedSequence((self.seed, next(self._epochs))).generate_state(1)
        torch.manual_seed(int(state))
        count, shifts = len(self.labels), math.prod(self._windows.shape[1:3])
        order = torch.randperm(count, generator=self._generator)
        drawn = torch.zeros_like(order)
        if shifts > 1:
            drawn = torch.randint(shifts, (count,), generator=self._generator)
        for image, number in zip(order.split(self.size), drawn.split(self.size), strict=True):
            row, column = np.divmod(number.numpy(), self._windows.shape[2])
            shifted = torch.from_numpy(self._windows[image.numpy(), row, column])
            yield _scaled(shifted[:, None]), self.labels[image]


class ImageData:
    """Data set in memory; the seed splits its training images into training and validation.

    The seed also determines the order of the training. `validation_fraction` is a share of the
    training images.

    Attributes
    ----------
    training, validation, test : tuple of torch.Tensor
        Grey values, shape (images, 1, rows, columns), uint8, and labels, shape (images,), int64.
    shape : tuple of int
        Rows and columns of an image.

    Raises
    ------
    FileError
        If no training image would be left.
    """

    def __init__(self, images: Images, validation_fraction: float, seed: int) -> None:
        self.images, self.seed = images, seed
        self.shape = images.training_images.shape[1:]
        count = len(images.training_labels)
        order = torch.randperm(count, generator=torch.Generator().manual_seed(seed)).numpy()
        held_out = max(1, round(count * validation_fraction))
        if held_out == count:
            raise FileError(
                f"the data set has {count} training image, too few to hold any out for "
                "validation; use a larger one"
            )
        self.validation, self.training = (
            _tensors(images.training_images[chosen], images.training_labels[chosen])
            for chosen in (order[:held_out], order[held_out:])
        )
        self.test = _tensors(images.test_images.copy(), images.test_labels)

    def shuffled(self, size: int, shift: int = 0) -> ShuffledBatches:
        """Return the training images in batches; see `ShuffledBatches`."""
        return ShuffledBatches(*self.training, size, self.seed, shift)

    def whole(self, part: str) -> list[Batch]:
        """Return the `validation` or `test` images in large batches."""
        images, labels = (tensor.split(EVALUATION_BATCH) for tensor in getattr(self, part))
        return [*zip(map(_scaled, images), labels, strict=True)]


def _tensors(images: np.ndarray, labels: np.ndarray) -> Batch:
    return torch.from_numpy(images[:, None]), torch.from_numpy(labels.astype(np.int64))


def _scaled(images: Tensor) -> Tensor:
    """Scale grey values from 0 to 255 to [0, 1]."""
    return images.float().div_(255.0)
