"""User data: class folders of images, or arrays in an ``.npz`` file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.datasets.images import Images
from results.errors import UsageError
from strategies.continual.stream import Samples

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".pgm", ".ppm", ".tif", ".tiff", ".webp")

STORED_BYTES = {"uint8": 1, "bool": 1, "float16": 2}
"""Bytes of a stored number, by its type.

A number of any other type is stored as the 32-bit float that a model reads.
"""


def class_names(folder: Path) -> list[str]:
    """Return the names of the folders in a folder, in alphabetical order.

    A class's label is its index among them.
    """
    return sorted(
        path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )


def folder_images(folder: Path, size: int, colour: bool, classes: Sequence[str]) -> Images:
    """Read a folder with one folder of images per class.

    Args:
        folder: The folder.
        size: Every image is resized to ``size × size`` pixels.
        colour: Whether to read red, green and blue, or grey values.
        classes: Names of all classes in the order of their labels; some may be missing in the
            folder.

    Raises:
        UsageError: If there are fewer than two classes, the folder holds an unknown class, one of
            its folders holds no image, or an image can't be read.
    """
    names = class_names(folder)
    if unknown := sorted(set(names) - set(classes)):
        raise UsageError(
            f"{folder} holds classes without training samples: {', '.join(unknown)}; "
            f"there are {', '.join(classes)}"
        )
    files = [
        (path, classes.index(name))
        for name in names
        for path in sorted((folder / name).rglob("*"))
        if path.suffix.lower() in SUFFIXES
    ]
    if len({label for _, label in files}) < max(1, len(names)) or len(classes) < 2:
        raise UsageError(
            f"{folder} must hold a folder of images ({', '.join(SUFFIXES)}) "
            "for each class, and at least two classes"
        )
    if len(classes) > 256:
        raise UsageError(f"{folder} holds {len(classes)} classes: at most 256 are supported")
    pixels = np.stack([_pixels(path, size, colour) for path, _ in files])
    return Images(pixels=pixels, labels=np.array([label for _, label in files], dtype=np.uint8))


def _pixels(path: Path, size: int, colour: bool) -> NDArray[np.uint8]:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return np.asarray(
                image.convert("RGB" if colour else "L").resize(
                    (size, size), Image.Resampling.BILINEAR
                )
            )
    except OSError as error:
        raise UsageError(
            f"{path} can't be read as an image ({error}); repair or remove it"
        ) from error


def array_samples(file: Path) -> tuple[Samples, Samples | None, int]:
    """Read sequences ``inputs [n, T, F]`` and ``labels [n]``, and optional test arrays.

    Bytes (``uint8``) are scaled to [0, 1]; other numbers are converted to 32-bit floats.

    Returns:
        Training samples, test samples or None, and the bytes of a stored sample and its label.

    Raises:
        UsageError: If the file or an array is malformed.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        train = _samples(found["inputs"], found["labels"])
        test = (
            _samples(found["test_inputs"], found["test_labels"]) if "test_inputs" in found else None
        )
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(
            f"{file} must hold arrays inputs [n, T, F] and labels [n], "
            f"and may hold test_inputs and test_labels: {error}"
        ) from error
    return (
        train,
        test,
        found["inputs"][0].size * STORED_BYTES.get(found["inputs"].dtype.name, 4) + 1,
    )


def _samples(inputs: NDArray[np.generic], labels: NDArray[np.generic]) -> Samples:
    if inputs.ndim != 3 or labels.shape != inputs.shape[:1]:
        raise ValueError(f"inputs are {list(inputs.shape)} and labels {list(labels.shape)}")
    if labels.dtype.kind not in "iu" or labels.min() < 0:
        raise ValueError(f"labels are whole numbers from 0, not {labels.dtype} from {labels.min()}")
    values = torch.from_numpy(inputs.astype(np.float32) / (255 if inputs.dtype == np.uint8 else 1))
    if not bool(values.isfinite().all()):
        raise ValueError("inputs hold numbers that are not finite")
    return Samples(inputs=values, labels=torch.from_numpy(labels.astype(np.int64)))
