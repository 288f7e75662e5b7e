"""Write a small data set of printed digits, in torchvision's layout: it needs no download.

    python examples/digits.py FOLDER

writes four IDX files into FOLDER. `own_datasets: {digits: {folder: …}}` names them in a campaign.
Each image is a digit in one of matplotlib's own fonts, moved, turned and with noise.
"""

import argparse
import struct
from pathlib import Path

import numpy as np
from matplotlib import font_manager
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SIDE = 28
FONTS = ("DejaVu Sans", "DejaVu Sans:bold", "DejaVu Sans Mono", "DejaVu Serif", "STIXGeneral")
SIZES = (18, 21, 24)


def draw(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw digits.

    Parameters
    ----------
    count : int
        Number of images.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    images : numpy.ndarray
        Grey values 0 to 255, shape (count, 28, 28), uint8.
    labels : numpy.ndarray
        The digits, shape (count,), uint8.
    """
    random = np.random.default_rng(seed)
    fonts = [
        ImageFont.truetype(font_manager.findfont(name), size) for name in FONTS for size in SIZES
    ]
    labels = random.integers(0, 10, count).astype(np.uint8)
    images = np.empty((count, SIDE, SIDE), np.uint8)
    for index, digit in enumerate(labels):
        picture = Image.new("L", (SIDE, SIDE))
        place = SIDE / 2 + random.uniform(-1.5, 1.5, size=2)
        font = fonts[random.integers(len(fonts))]
        ImageDraw.Draw(picture).text(tuple(place), str(digit), fill=255, font=font, anchor="mm")
        turned = picture.rotate(random.uniform(-10, 10), Image.Resampling.BILINEAR)
        grey = 0.7 * np.asarray(turned) + random.normal(20, 20, (SIDE, SIDE))
        images[index] = np.clip(grey, 0, 255)
    return images, labels


def idx(values: NDArray[np.uint8]) -> bytes:
    """Return bytes in the format of MNIST's files."""
    sizes = struct.pack(f">{values.ndim}I", *values.shape)
    return struct.pack(">BBBB", 0, 0, 8, values.ndim) + sizes + values.tobytes()


def write(folder: Path, training: int = 4000, test: int = 1000) -> None:
    """Write training and test images and their labels."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (part, count) in enumerate((("train", training), ("t10k", test))):
        images, labels = draw(count, seed)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder to write")
    write(parser.parse_args().folder)
