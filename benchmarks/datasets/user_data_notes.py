"""Notes on a user's data before a run: how they were understood, and what looks unintended.

The data are pictures in class folders, or arrays in an ``.npz`` file. Imports no torch.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets.class_folders import Layout, Picture, read_layout
from benchmarks.datasets.held_out import held_out
from benchmarks.datasets.npz_arrays import read_arrays, root_mean_square
from benchmarks.datasets.picture_decoding import Background, background, extrema, read_picture
from results.errors import UsageError

LOW_CONTRAST = 32
"""Range of grey values, of 255, below which a data set is reported as nearly uniform."""

NOTED_RATIO = 5
"""Ratio of the root mean squares of training and test inputs from which they are reported."""


def notes(place: Path, name: str = "inputs") -> tuple[str, ...]:
    """Return what a user should know of the data before a run, one line each.

    How a folder was understood, the background of transparent pictures, inputs of an unusual scale,
    and how many test samples are also training samples.

    Args:
        place: A folder of pictures, or a file of arrays.
        name: Name of the array of samples (`read_arrays`).

    Raises:
        UsageError: If the data can't be read or are malformed.
    """
    if place.is_file():
        return tuple(_array_notes(place, name))
    if name != "inputs":
        raise UsageError(
            f"{place} is a folder: this stream reads {name} from {place}.npz; for pictures use "
            "from-folder"
        )
    layout = read_layout(place)
    return (*layout.notes, *_picture_notes(place, layout))


def _array_notes(file: Path, name: str) -> Iterator[str]:
    train, test, _ = read_arrays(file, name)
    names = [str(label) for label in range(int(train.labels.max()) + 1)]
    keys = _row_keys(train.inputs)
    if test is None:
        chosen = held_out(train.labels, names)
        yield from _overlaps(file, keys, train.labels.tolist(), chosen)
        return
    if missing := sorted(set(names) - set(map(str, test.labels.tolist())), key=int):
        yield f"{file}: no test_{name} of class {', '.join(missing)}"
    low, high = sorted(sizes := [root_mean_square(one) for one in (train, test)])
    if high > NOTED_RATIO * low:
        yield (
            f"{file}: {name} have a root mean square of {sizes[0]:.3g} and test_{name} of "
            f"{sizes[1]:.3g}"
        )
    others = _row_keys(test.inputs)
    labels = [*train.labels.tolist(), *test.labels.tolist()]
    chosen = np.arange(len(labels)) >= len(keys)
    yield from _overlaps(file, [*keys, *others], labels, chosen)


def _row_keys(inputs: NDArray[np.float32]) -> list[bytes]:
    same = inputs + np.float32(0)  # -0 becomes 0
    return [hashlib.sha256(row.tobytes()).digest() for row in same]


def _picture_notes(folder: Path, layout: Layout) -> Iterator[str]:
    pictures: list[Picture] = [one for part in layout.parts for one in part]
    hidden: list[tuple[Path, Background | None]] = []
    keys: list[bytes] = []
    ranges: list[tuple[int, int]] = []
    transparent = 0
    for picture in pictures:
        shown = read_picture(picture.path)
        hidden.append((picture.path, shown.hidden_on))
        transparent += shown.black is not None
        images = [image for image in (shown.white, shown.black) if image is not None]
        channels = [channel for image in images for channel in extrema(image)]
        ranges.append((min(low for low, _ in channels), max(high for _, high in channels)))
        size = f"{shown.white.size}".encode()
        keys.append(hashlib.sha256(b"".join([size, *(im.tobytes() for im in images)])).digest())
    if transparent:
        chosen_colour = background(hidden)
        yield f"{folder}: {transparent} transparent pictures are on a {chosen_colour} background"
    yield from _low_contrast(folder, layout, ranges)
    labels = [layout.classes.index(picture.label) for picture in pictures]
    if layout.test is None:
        chosen = held_out(np.array(labels), layout.classes)
    else:
        chosen = np.arange(len(labels)) >= len(layout.train)
        names = sorted(set(layout.classes) - {picture.label for picture in layout.test})
        if names:
            yield f"{folder}: no test pictures of {', '.join(names)}"
    yield from _overlaps(folder, keys, labels, chosen)


def _low_contrast(folder: Path, layout: Layout, ranges: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Yield a note on each part of the data, or on all of them, that is nearly uniform."""
    border = len(layout.train)
    found = []
    for name, part in (("training", ranges[:border]), ("test", ranges[border:])):
        if part:
            low, high = min(low for low, _ in part), max(high for _, high in part)
            found.append((name, low, high))
    low, high = min(low for _, low, _ in found), max(high for *_, high in found)
    if high - low < LOW_CONTRAST:
        yield f"{folder}: all pixels have values from {low} to {high} of 255"
        return
    for name, low, high in found:
        if high - low < LOW_CONTRAST:
            yield f"{folder}: all pixels of {name} pictures have values from {low} to {high} of 255"


def _overlaps(
    place: Path, keys: Sequence[bytes], labels: Sequence[int], test: NDArray[np.bool_]
) -> Iterator[str]:
    """Yield notes on equal samples: in training and test set, and in several classes."""
    trained = {key for key, other in zip(keys, test, strict=True) if not other}
    tested = [key for key, other in zip(keys, test, strict=True) if other]
    if both := sum(key in trained for key in tested):
        yield f"{place}: {both} of {len(tested)} test samples are also training samples"
    classes = Counter(key for key, _ in set(zip(keys, labels, strict=True)))
    if several := sum(count > 1 for count in classes.values()):
        yield f"{place}: {several} samples are in more than one class"
