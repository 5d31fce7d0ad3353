"""Images as they come, and as a model reads them.

Shapes: ``n`` images of ``height × width`` pixels; ``T`` time steps of ``F`` features.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Int, UInt8
from numpy.typing import NDArray
from torch import Tensor

from results.errors import UsageError
from strategies.continual.stream import Samples

Form = Literal["rows", "flat"]

SPLIT_SEED = 20241
"""Seed of the splits that are the same for every seed of a stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """Grey images with their labels, as bytes.

    Attributes:
        pixels: Grey values, from 0 to the set's own largest.
        labels: Classes, from 0.
    """

    pixels: UInt8[np.ndarray, "n height width"]
    labels: UInt8[np.ndarray, "n"]

    def samples(self, form: Form, largest: int) -> Samples:
        """Return what a model reads: values in [0, 1], a row of pixels per time step, or the whole image as one step.

        Args:
            form: ``"rows"`` for ``T = height, F = width``; ``"flat"`` for ``T = 1, F = height · width``.
            largest: The grey value that becomes 1.

        Raises:
            UsageError: If there is no such form.
        """
        if form not in ("rows", "flat"):
            raise UsageError(f"form = '{form}' is not a form of images: choose rows or flat")
        inputs = torch.from_numpy(self.pixels.astype(np.float32) / largest)
        shaped = inputs if form == "rows" else inputs.flatten(1).unsqueeze(1)
        return Samples(inputs=shaped, labels=_labels(self.labels))

    def split(self, fraction: float) -> tuple["Images", "Images"]:
        """Part the images in two, the second holding ``fraction`` of every class; the same at every call."""
        rng = np.random.default_rng(SPLIT_SEED)
        second = np.zeros(len(self.labels), dtype=bool)
        for label in np.unique(self.labels):
            members = rng.permutation(np.flatnonzero(self.labels == label))
            second[members[: round(fraction * len(members))]] = True
        first = Images(pixels=self.pixels[~second], labels=self.labels[~second])
        return first, Images(pixels=self.pixels[second], labels=self.labels[second])

    @property
    def sample_bytes(self) -> int:
        """Bytes of one raw image and its label."""
        return int(np.prod(self.pixels.shape[1:])) + 1


def verify(arrays: list[NDArray[np.uint8]], digest: str, name: str, source: str) -> None:
    """Compare a data set with what is expected of it.

    Args:
        arrays: The set as loaded.
        digest: ``sha256:`` and the hash of the arrays, their types and their shapes.
        name: What the set is called.
        source: Where it was loaded from.

    Raises:
        UsageError: If it is something else.
    """
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype.str}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    if f"sha256:{found.hexdigest()}" != digest:
        raise UsageError(f"{name} from {source} is not the set that was published: expected {digest}; remove the files and run again")


def _labels(labels: UInt8[np.ndarray, "n"]) -> Int[Tensor, "n"]:
    return torch.from_numpy(labels.astype(np.int64))
