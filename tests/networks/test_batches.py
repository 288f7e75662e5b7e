import itertools

import numpy as np
import pytest
import torch

from wallnet.files import FileError
from wallnet.networks import images as image_files
from wallnet.networks.images import ImageData, ShuffledBatches


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


def test_the_number_of_images_held_out_is_rounded(images):
    for fraction, count in ((0.024, 14), (0.0243, 15)):  # 14.4 and 14.58 of 600
        assert len(ImageData(images, fraction, seed=1).validation[1]) == count


def test_a_single_image_is_not_enough(images):
    one = images._replace(
        training_images=images.training_images[:1], training_labels=images.training_labels[:1]
    )
    with pytest.raises(FileError, match="has 1 training image, too few to hold any out"):
        ImageData(one, 0.1, seed=1)


def test_large_parts_are_evaluated_whole_and_in_order(images, monkeypatch):
    monkeypatch.setattr(image_files, "EVALUATION_BATCH", 64)
    data = ImageData(images, 0.2, seed=1)
    for part, sizes in (("test", [64, 64, 64, 8]), ("validation", [64, 56])):
        pixels, labels = zip(*data.whole(part), strict=True)
        assert list(map(len, pixels)) == list(map(len, labels)) == sizes
        expected, expected_labels = getattr(data, part)
        assert torch.equal(torch.cat(pixels), expected.float() / 255)
        assert torch.equal(torch.cat(labels), expected_labels)


def test_the_seed_draws_the_split_and_the_order_of_the_batches(images):
    pixels = torch.from_numpy(images.training_images[:, None].copy()).float() / 255

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


def numbered(count, rows=1, columns=1):
    """Return images of different pixels, with their numbers as labels."""
    pixels = np.arange(1, count * rows * columns + 1, dtype=np.uint8)
    return torch.from_numpy(pixels.reshape(count, 1, rows, columns)), torch.arange(count)


def drawn(seed, epoch):
    """Return random numbers that a model draws in an epoch, if some were drawn before."""
    batches = ShuffledBatches(*numbered(10), 4, seed)
    for number in range(epoch + 1):
        torch.manual_seed(99 + number)
        values = [torch.rand(3).tolist() for _ in batches]
    return values


def test_every_epoch_and_every_seed_has_its_own_random_numbers():
    """Later batches go on from the first."""
    assert drawn(3, 1) == drawn(3, 1)
    different = [*drawn(3, 0), *drawn(3, 1), *drawn(4, 0), *drawn(4, 1)]
    assert len({tuple(numbers) for numbers in different}) == 4 * 3


def moved_by(image, down, right):
    """Return an image moved down and to the right, with 0 where nothing was."""
    rows, columns = image.shape
    moved = np.zeros_like(image)
    moved[max(down, 0) : rows + min(down, 0), max(right, 0) : columns + min(right, 0)] = image[
        max(-down, 0) : rows + min(-down, 0), max(-right, 0) : columns + min(-right, 0)
    ]
    return moved


@pytest.mark.parametrize("largest", [0, 1, 2])
def test_an_epoch_draws_an_order_and_then_shifts(largest):
    """From one generator; rows and columns differ in number, and no two pixels are equal."""
    generator = torch.Generator().manual_seed(7)
    images, _ = numbered(6, 5, 7)
    labels = torch.tensor([4, 5, 6, 7, 8, 9])
    batches = ShuffledBatches(images, labels, 4, seed=7, shift=largest)
    steps = range(largest, -largest - 1, -1)
    shifts = list(itertools.product(steps, steps))
    for _ in range(30):
        order = torch.randperm(6, generator=generator).tolist()
        chosen = [0] * 6
        if largest:
            chosen = torch.randint(len(shifts), (6,), generator=generator).tolist()
        pairs = zip(order, chosen, strict=True)
        expected = np.array([moved_by(images[k, 0].numpy(), *shifts[v]) for k, v in pairs])
        pixels, named = zip(*batches, strict=True)
        assert torch.cat(named).tolist() == labels[order].tolist()
        scaled = torch.from_numpy(expected).float() / 255
        assert torch.equal(torch.cat(pixels)[:, 0], scaled)


def test_shifted_training_images_stay_within_their_shift(images):
    """Each is its image in one of nine places; the order is that without shifts."""
    data = ImageData(images, 0.2, seed=1)
    plain, moved = data.shuffled(50), data.shuffled(50, shift=1)
    chosen = []
    for (pixels, labels), (theirs, their_labels) in zip(plain, moved, strict=True):
        assert theirs.shape == pixels.shape
        assert labels.tolist() == their_labels.tolist()
        for image, version in zip(pixels[:, 0].numpy(), theirs[:, 0].numpy(), strict=True):
            shifts = itertools.product((-1, 0, 1), repeat=2)
            chosen += [
                shift for shift in shifts if np.array_equal(moved_by(image, *shift), version)
            ]
    assert len(chosen) == 480
    counts = [chosen.count(shift) for shift in itertools.product((-1, 0, 1), repeat=2)]
    assert min(counts) > 480 / 9 / 2
    # images that are not trained on are not shifted
    ((inputs, _),) = data.whole("validation")
    np.testing.assert_array_equal(inputs.numpy(), data.validation[0].numpy() / np.float32(255))
