"""Data sets for Avalanche that consist of tensors.

Shapes: ``n`` samples, ``T`` time steps, ``F`` features per step.
"""

from typing import Any

from avalanche.benchmarks.utils import AvalancheDataset, DataAttribute
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch.utils.data import Dataset


class Pixels(Dataset[tuple[Tensor, ...]]):
    """Samples stored as bytes and read as numbers in [0, 1].

    Args:
        pixels: The samples.
        labels: Their classes.
        largest: The byte that is read as 1.
    """

    def __init__(
        self, pixels: UInt8[Tensor, "n T F"], labels: Int[Tensor, "n"], largest: int
    ) -> None:
        self._pixels = pixels
        self._labels = labels
        self._largest = largest

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: Any) -> tuple[Float[Tensor, "... T F"], Int[Tensor, "..."]]:
        """Return a sample, or the samples at some indices."""
        return self._pixels[index] / self._largest, self._labels[index]


def labelled(data: Any, labels: Int[Tensor, "n"], task: int) -> AvalancheDataset[Any]:
    """Return an Avalanche data set with a task label, which Avalanche's LwF and DER require."""
    attributes = [
        DataAttribute(labels.tolist(), "targets"),
        DataAttribute([task] * len(labels), "targets_task_labels", use_in_getitem=True),
    ]
    return AvalancheDataset([data], data_attributes=attributes)
