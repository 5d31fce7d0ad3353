"""Loads a user's pictures from class folders, in one size. Imports no torch.

Shapes: ``n`` pictures of ``size × size`` pixels.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets.class_folders import read_layout
from benchmarks.datasets.picture_decoding import Background, background, read_picture, resized
from results.errors import UsageError

LARGEST_SIZE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureArrays:
    """Pictures as bytes, with their labels.

    Attributes:
        pixels: Grey values or RGB.
        labels: Classes, from 0.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def load_pictures(folder: Path, size: int, colour: bool) -> list[PictureArrays]:
    """Load the training pictures, and the test pictures if the folder has any of its own.

    Args:
        folder: See `read_layout`.
        size: Every picture is resized to ``size × size`` pixels.
        colour: Whether to return RGB or grey values.

    Raises:
        UsageError: If the folder is malformed, a picture can't be read, or ``size`` is not valid.
    """
    if not 1 <= size <= LARGEST_SIZE:
        raise UsageError(f"size={size}: pictures are resized to 1 to {LARGEST_SIZE} pixels")
    layout = read_layout(folder)
    loaded = []
    hidden: list[tuple[Path, Background | None]] = []
    for picture in (one for part in layout.parts for one in part):
        shown = read_picture(picture.path)
        hidden.append((picture.path, shown.hidden_on))
        white = resized(shown.white, size, colour)
        loaded.append((white, white if shown.black is None else resized(shown.black, size, colour)))
    chosen = background(hidden)
    pixels = np.stack([white if chosen == "white" else black for white, black in loaded])
    parts, start = [], 0
    for part in layout.parts:
        labels = [layout.classes.index(picture.label) for picture in part]
        parts.append(
            PictureArrays(
                pixels=pixels[start : start + len(part)], labels=np.array(labels, dtype=np.uint8)
            )
        )
        start += len(part)
    return parts
