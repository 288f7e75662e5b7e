"""Images as input of a network: split by a seed, in batches of PyTorch's DataLoader."""

from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, TensorDataset

from wallnet.files import FileError
from wallnet.networks.images import Images

Batch: TypeAlias = tuple[Tensor, Tensor]
"""Images and their labels."""

Batches: TypeAlias = DataLoader[Batch]

EVALUATION_BATCH = 2000


class ShuffledBatches(BatchSampler):
    """Batches of indices, in an order that depends on the seed and the number of the epoch.

    Epoch k uses the k-th permutation that a generator with this seed draws, independently of the
    epochs that ran before. PyTorch's RandomSampler would draw twice per epoch.

    Parameters
    ----------
    count : int
        Number of images.
    size : int
        Images per batch; the last batch may have fewer.
    seed : int
        Seed of the order.
    """

    def __init__(self, count: int, size: int, seed: int) -> None:
        super().__init__(range(count), size, drop_last=False)
        self.count, self.seed = count, seed
        self._generator = torch.Generator()
        self._drawn = 1  # larger than 0, so that the first call seeds the generator
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Draw the order of an epoch, counted from 0; Lightning calls this before each epoch."""
        if epoch < self._drawn:
            self._generator.manual_seed(self.seed)
            self._drawn = 0
        while self._drawn <= epoch:
            order = torch.randperm(self.count, generator=self._generator)
            self._drawn += 1
        self.sampler = order.tolist()


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
        Grey values, shape (images, pixels), uint8, and labels, shape (images,), int64.

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

    @property
    def pixels(self) -> int:
        """Number of pixels per image."""
        return self.training[0].shape[1]

    def shuffled(self, size: int) -> Batches:
        """Return the training images in batches of `size`, in another order each epoch."""
        return _load(self.training, ShuffledBatches(len(self.training[1]), size, self.seed))

    def whole(self, part: str) -> Batches:
        """Return the `validation` or `test` images in large batches."""
        images, labels = getattr(self, part)
        return _load((images, labels), BatchSampler(range(len(labels)), EVALUATION_BATCH, False))


def _tensors(images: np.ndarray, labels: np.ndarray) -> Batch:
    flat = images.reshape(len(images), -1)
    return torch.from_numpy(flat), torch.from_numpy(labels.astype(np.int64))


def _load(part: Batch, order: BatchSampler) -> Batches:
    """Return a loader that takes each batch from the tensors with one index operation."""
    dataset = TensorDataset(*part)
    return DataLoader(dataset, sampler=order, batch_size=None, collate_fn=_scaled)  # type: ignore[arg-type]


def _scaled(batch: Batch) -> Batch:
    """Scale grey values from 0 to 255 to [0, 1]."""
    images, labels = batch
    return images.float().div_(255.0), labels
