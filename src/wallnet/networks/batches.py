"""Images as input of a network: split by a seed, in batches."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from wallnet.files import FileError
from wallnet.networks.images import Images

Batch: TypeAlias = tuple[Tensor, Tensor]
"""Images and their labels."""

Batches: TypeAlias = DataLoader[Batch]

Epochs: TypeAlias = DataLoader[Iterator[Batch]]
"""One item an epoch: the batches of this epoch."""

EVALUATION_BATCH = 2000


class ShuffledBatches(Sampler[Sequence[Tensor]]):
    """Batches of indices, in an order that depends on the seed and the number of the epoch.

    Epoch k uses the k-th permutation that a generator with this seed draws. PyTorch's RandomSampler
    would draw twice per epoch.

    Parameters
    ----------
    count : int
        Number of images.
    size : int
        Images per batch; the last batch may have fewer.
    seed : int
        Seed of the order.
    versions : int
        Number of versions of each image. In each epoch one is drawn at random for each image.
        The index of version v of image i is ``i + v · count``.
    """

    def __init__(self, count: int, size: int, seed: int, versions: int = 1) -> None:
        self.count, self.size, self.versions = count, size, versions
        self._generator = torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        return 1

    @property
    def batches(self) -> int:
        """Number of batches of an epoch."""
        return math.ceil(self.count / self.size)

    def __iter__(self) -> Iterator[Sequence[Tensor]]:
        """Yield one item: the indices of each batch of the next epoch."""
        order = torch.randperm(self.count, generator=self._generator)
        if self.versions > 1:
            drawn = torch.randint(self.versions, (self.count,), generator=self._generator)
            order = order + self.count * drawn
        yield order.split(self.size)


class ShiftedImages(Dataset[Batch]):
    """Images and their shifted versions, see `ShuffledBatches`.

    Pixels that are shifted in from outside the image are 0.

    Parameters
    ----------
    images, labels : torch.Tensor
        Shapes (images, 1, rows, columns) and (images,).
    largest : int
        Largest shift along rows and along columns, in pixels; 0 for the images as they are. There
        are ``(2 · largest + 1)²`` versions.
    """

    def __init__(self, images: Tensor, labels: Tensor, largest: int) -> None:
        self.labels = labels
        padded = torch.nn.functional.pad(images[:, 0], [largest] * 4).numpy()
        # a view, from which NumPy copies rows and PyTorch single pixels
        self._windows = sliding_window_view(padded, images.shape[-2:], (1, 2))

    def __len__(self) -> int:
        return math.prod(self._windows.shape[:3])

    def __getitem__(self, indices: Tensor) -> Batch:
        """Return the versions with these indices, as a batch."""
        image, version = indices % len(self.labels), indices // len(self.labels)
        row, column = np.divmod(version.numpy(), self._windows.shape[2])
        shifted = torch.from_numpy(self._windows[image.numpy(), row, column])
        return shifted[:, None], self.labels[image]


class ImageData:
    """Data set in memory; the seed splits its training images into training and validation.

    Parameters
    ----------
    images : Images
        The data set.
    validation_fraction : float
        Share of the training images that is used for validation.
    seed : int
        Seed of the split and of the order of training.

    Attributes
    ----------
    training, validation, test : tuple of torch.Tensor
        Grey values, shape (images, 1, rows, columns), uint8, and labels, shape (images,), int64.

    Raises
    ------
    FileError
        If no training image would be left.
    """

    def __init__(self, images: Images, validation_fraction: float, seed: int) -> None:
        self.images, self.seed = images, seed
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
        self._whole: dict[str, Batches] = {}

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of an image."""
        rows, columns = self.training[0].shape[-2:]
        return rows, columns

    def shuffled(self, size: int, shift: int = 0) -> Epochs:
        """Return the training images by epoch, in batches of `size` and in another order each.

        Each image is shifted at random by up to `shift` pixels along rows and along columns.
        """
        count = len(self.training[1])
        versions = (2 * shift + 1) ** 2
        part = ShiftedImages(*self.training, shift)
        return _load(_Epochs(part), ShuffledBatches(count, size, self.seed, versions))

    def whole(self, part: str) -> Batches:
        """Return the `validation` or `test` images in large batches."""
        if part not in self._whole:
            batches = zip(
                *(each.split(EVALUATION_BATCH) for each in getattr(self, part)), strict=True
            )
            scaled = [_scaled(batch) for batch in batches]
            self._whole[part] = _load(scaled)  # type: ignore[arg-type]
        return self._whole[part]


class _Epochs(Dataset[Iterator[Batch]]):
    """A data set that takes each batch with one index operation."""

    def __init__(self, part: Dataset[Any]) -> None:
        self.part = part

    def __getitem__(self, batches: Sequence[Tensor]) -> Iterator[Batch]:
        return (_scaled(self.part[chosen]) for chosen in batches)


def _tensors(images: np.ndarray, labels: np.ndarray) -> Batch:
    return torch.from_numpy(images[:, None]), torch.from_numpy(labels.astype(np.int64))


def _load(part: Dataset[Any], order: Sampler[Any] | None = None) -> DataLoader[Any]:
    """Return a loader that passes on what the data set returns."""
    return DataLoader(part, sampler=order, batch_size=None, collate_fn=lambda each: each)


def _scaled(batch: Batch) -> Batch:
    """Scale grey values from 0 to 255 to [0, 1]."""
    images, labels = batch
    return images.float().div_(255.0), labels
