"""The images of a data set: read and check the raw files.

The files have torchvision's layout, so that ``torchvision.datasets.MNIST(root)`` opens them too.
"""

import math
import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wallnet import files
from wallnet.config.networks import DATA_FILES, DataSet
from wallnet.files import FileError
from wallnet.files.whole import sha256_of


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


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file of unsigned bytes.

    Parameters
    ----------
    path : Path
        The uncompressed file: two zero bytes, the type 0x08, the number of dimensions, the
        dimensions as big-endian 32-bit integers, the bytes (LeCun's format of MNIST).

    Returns
    -------
    numpy.ndarray
        Content, shape (count,) or (count, rows, columns), uint8.

    Raises
    ------
    FileError
        If the file is missing, may not be read, is truncated or is not an IDX file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileError(
            f"{path} cannot be read ({error.strerror}); put the file there and make it readable"
        ) from None
    dimensions = content[3] if len(content) >= 4 else 0
    start = 4 + 4 * dimensions
    if content[:3] != b"\x00\x00\x08" or dimensions not in (1, 3) or len(content) < start:
        raise _damaged(path, "is not an IDX file of bytes")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    expected = start + math.prod(shape)
    if len(content) != expected or not all(shape):
        state = "truncated or empty" if len(content) <= expected else "too long"
        raise _damaged(path, f"is {state} ({len(content)} bytes instead of {expected})")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def _damaged(path: Path, fault: str) -> FileError:
    return FileError(
        f"{path} {fault}; put the uncompressed original there (a deleted file of mnist or "
        "fashion-mnist is fetched again)"
    )


def check(name: str, dataset: DataSet, data_folder: str | Path) -> dict[str, Any]:
    """Check the four files of a data set.

    Parameters
    ----------
    name : str
        Name of the data set in messages.
    dataset : DataSet
        Folder, classes and checksums of the data set.
    data_folder : str or Path
        Folder of all data sets.

    Returns
    -------
    dict
        `files` with the SHA-256 and shape of each file, `training_images`, `test_images`,
        `image_shape`.

    Raises
    ------
    FileError
        If a file is missing, truncated or foreign, or if the four do not belong together.
    """
    folder = Path(data_folder) / dataset.folder
    found: dict[str, dict[str, Any]] = {}
    arrays = {}
    for file_name in DATA_FILES:
        path = folder / file_name
        arrays[file_name], digest = read_idx(path), sha256_of(path)
        expected = (dataset.checksums or {}).get(file_name, digest)
        if digest != expected:
            raise _damaged(
                path, f"is not the file of {name} (SHA-256 {digest[:12]}…, not {expected[:12]}…)"
            )
        found[file_name] = {
            "sha256": digest,
            "shape": list(arrays[file_name].shape),
        }
    counts: dict[str, Any] = {}
    parts = ("training", *DATA_FILES[:2]), ("test", *DATA_FILES[2:])
    for part, images_name, labels_name in parts:
        images, labels = arrays[images_name], arrays[labels_name]
        if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
            raise FileError(
                f"{folder / images_name} {images.shape} and {folder / labels_name} "
                f"{labels.shape} do not belong together; put the images and the labels of "
                "one data set there"
            )
        if labels.max() >= len(dataset.classes):
            raise FileError(
                f"{folder / labels_name} has class {labels.max()}, but {name} has "
                f"{len(dataset.classes)} classes; put its own labels there or name all classes"
            )
        counts[f"{part}_images"] = len(images)
    shapes = {arrays[file_name].shape[1:] for file_name in DATA_FILES[::2]}
    if len(shapes) > 1:
        raise FileError(
            f"{folder} has training and test images of different shape; put one data set there"
        )
    return {"files": found, "image_shape": list(shapes.pop()), **counts}


def load(record_path: str | Path, data_folder: str | Path) -> Images:
    """Read a data set that was checked.

    Parameters
    ----------
    record_path : str or Path
        Record that `wallnet.networks.fetching.provide` wrote.
    data_folder : str or Path
        Folder of all data sets.

    Returns
    -------
    Images
        The data set in memory.

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
