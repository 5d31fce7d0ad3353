"""Labelled images, and the shapes in which a model reads them.

Shapes: ``n`` images of ``height × width`` pixels; ``T`` time steps of ``F`` features.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Int, UInt8
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.datasets.held_out import SPLIT_SEED, stratified
from results.errors import UsageError
from strategies.continual.stream import Samples

Form = Literal["rows", "flat"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """Images with their labels, as bytes.

    Attributes:
        pixels: Grey values, or values of each channel in the last dimension, from 0 to a maximum
            that depends on the set.
        labels: Classes, from 0.
    """

    pixels: UInt8[np.ndarray, "n height width *channels"]
    labels: UInt8[np.ndarray, "n"]

    def samples(self, form: Form, largest: int) -> Samples:
        """Return the images as samples with values in [0, 1].


        Args:
            form: ``"rows"`` for ``T = height, F = width · channels``; ``"flat"`` for ``T = 1, F =
                height · width · channels``.
            largest: The value that is scaled to 1.

        Raises:
            UsageError: If ``form`` is unknown.
        """
        inputs = torch.from_numpy(self.pixels.astype(np.float32) / largest)
        return Samples(inputs=_shaped(inputs, form), labels=_labels(self.labels))

    def packed(self, form: Form, largest: int, first: int = 0) -> Samples:
        """Return the same as bytes, scaled to [0, 1] when read, with labels from ``first``.

        Raises:
            UsageError: If ``form`` is unknown.
        """
        return Samples(
            inputs=_shaped(torch.from_numpy(self.pixels), form),
            labels=_labels(self.labels) + first,
            largest=largest,
        )

    def changed(
        self, change: Callable[[UInt8[np.ndarray, "n height width *channels"]], NDArray[np.uint8]]
    ) -> "Images":
        """Return the images with transformed pixels."""
        return Images(pixels=change(self.pixels), labels=self.labels)

    def split(self, fraction: float) -> tuple["Images", "Images"]:
        """Split the images in two, the second with ``fraction`` of every class.

        The split is the same at every call.
        """
        second = stratified(self.labels, fraction, np.random.default_rng(SPLIT_SEED))
        first = Images(pixels=self.pixels[~second], labels=self.labels[~second])
        return first, Images(pixels=self.pixels[second], labels=self.labels[second])

    @property
    def sample_bytes(self) -> int:
        """Bytes of one raw image and its label."""
        return int(np.prod(self.pixels.shape[1:])) + 1


def verify(arrays: list[NDArray[np.uint8]], digest: str, name: str, source: str) -> None:
    """Compare a data set with its expected digest.

    Args:
        arrays: The set as loaded.
        digest: ``sha256:`` and the hash of the arrays, their types and their shapes.
        name: Name of the set.
        source: Where it was loaded from.

    Raises:
        UsageError: If the digest differs.
    """
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype.str}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    if f"sha256:{found.hexdigest()}" != digest:
        raise UsageError(
            f"{name} from {source} is not the published set: expected {digest}; "
            "remove the files and run again"
        )


def _labels(labels: UInt8[np.ndarray, "n"]) -> Int[Tensor, "n"]:
    return torch.from_numpy(labels.astype(np.int64))


def _shaped(pixels: Tensor, form: Form) -> Tensor:
    if form not in ("rows", "flat"):
        raise UsageError(f"form = '{form}' is unknown: choose rows or flat")
    return pixels.flatten(2) if form == "rows" else pixels.flatten(1).unsqueeze(1)
