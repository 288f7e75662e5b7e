import itertools

import pytest
import torch

from wallnet.networks.batches import ImageData, ShuffledBatches


def test_validation_and_training_images_do_not_overlap(images):
    data = ImageData(images, 0.2, seed=1)
    parts = [
        {row.numpy().tobytes() for row in part[0]} for part in (data.training, data.validation)
    ]
    assert list(map(len, parts)) == [480, 120]
    assert parts[0] & parts[1] == set()
    assert parts[0] | parts[1] == {image.tobytes() for image in images.training_images}


def test_at_least_one_image_is_held_out(images):
    few = images._replace(
        training_images=images.training_images[:3], training_labels=images.training_labels[:3]
    )
    data = ImageData(few, 0.01, seed=1)
    assert (len(data.training[1]), len(data.validation[1])) == (2, 1)


def test_the_seed_draws_the_split_and_the_order_of_the_batches(images):
    pixels = torch.from_numpy(images.training_images.reshape(600, -1).copy()).float() / 255

    def drawn(seed):
        data = ImageData(images, 0.2, seed)
        ((first, _),) = data.shuffled(600)
        return data.validation[0], first

    held_out, first = drawn(1)
    again, same_first = drawn(1)
    assert torch.equal(held_out, again)
    assert torch.equal(first, same_first)
    other, other_first = drawn(2)
    assert not torch.equal(held_out, other)
    # the seed determines the order among the images of that split
    left = torch.randperm(600, generator=torch.Generator().manual_seed(2))[120:]
    order = torch.randperm(480, generator=torch.Generator().manual_seed(2))
    assert torch.equal(other_first, pixels[left[order]])


def test_batches_go_through_every_image_once_an_epoch():
    batches = ShuffledBatches(10, 4, seed=1)
    epochs = []
    for epoch in range(3):
        batches.set_epoch(epoch)
        assert list(map(len, batches)) == [4, 4, 2]
        epochs.append(list(itertools.chain.from_iterable(batches)))
    assert all(sorted(order) == list(range(10)) for order in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


@pytest.mark.parametrize("visited", [(), (0,), (0, 1, 2), (5,), (4, 0, 2, 2)], ids=str)
def test_the_order_of_an_epoch_is_that_of_its_number_alone(visited):
    """Each epoch takes one permutation of one generator, whether or not earlier epochs ran."""
    generator = torch.Generator().manual_seed(7)
    expected = [torch.randperm(50, generator=generator).tolist() for _ in range(4)]
    batches = ShuffledBatches(50, 8, seed=7)
    for epoch in visited:
        batches.set_epoch(epoch)
    batches.set_epoch(3)
    assert list(itertools.chain.from_iterable(batches)) == expected[3]


def test_grey_values_are_scaled_and_labels_kept(images):
    data = ImageData(images, 0.2, seed=1)
    ((pixels, labels),) = data.whole("test")
    assert pixels.dtype == torch.float32
    expected = torch.from_numpy(images.test_images.reshape(200, -1).copy()) / 255.0
    assert torch.equal(pixels, expected)
    assert labels.tolist() == images.test_labels.tolist()
