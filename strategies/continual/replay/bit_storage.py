"""Storage of samples whose values are 0 or 1, in one bit each."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor


class BitStorage:
    """Samples of equal size as rows of packed bits.

    Args:
        shape: Shape of a sample; values 0 and 1.
        rows: The packed samples; none by default.
    """

    def __init__(self, shape: Sequence[int], rows: UInt8[Tensor, "n S"] | None = None) -> None:
        self.shape = tuple(shape)
        size = math.ceil(math.prod(self.shape) / 8)
        self.rows = torch.zeros(0, size, dtype=torch.uint8) if rows is None else rows

    def pack(self, inputs: Float[Tensor, "n *shape"]) -> "BitStorage":
        """Pack samples; values from 0.5 on are 1."""
        bits = (inputs.detach().cpu().flatten(1) >= 0.5).numpy()
        return BitStorage(self.shape, torch.from_numpy(np.packbits(bits, axis=1)))

    def unpack(self, places: Int[Tensor, "b"]) -> Float[Tensor, "b *shape"]:
        """Return some of the samples as floats."""
        count = math.prod(self.shape)
        bits = np.unpackbits(self.rows[places].numpy(), axis=1, count=count)
        return torch.from_numpy(bits).float().reshape(-1, *self.shape)

    def join(
        self, stay: Int[Tensor, "s"], other: "BitStorage", enter: Int[Tensor, "e"]
    ) -> "BitStorage":
        """Return some of these rows followed by some of another storage."""
        return BitStorage(self.shape, torch.cat((self.rows[stay], other.rows[enter])))

    @property
    def sizes(self) -> Int[Tensor, "n"]:
        """Bytes of each row."""
        return torch.full((len(self.rows),), self.max_bytes)

    @property
    def max_bytes(self) -> int:
        """Bytes of a row."""
        return self.rows.shape[1]

    def tensors(self) -> dict[str, Tensor]:
        """Return the rows."""
        return {"rows": self.rows}

    def filled(self, tensors: Mapping[str, Tensor]) -> "BitStorage":
        """Return a storage with these rows."""
        return BitStorage(self.shape, tensors["rows"])
