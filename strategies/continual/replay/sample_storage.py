"""Storage of past samples whose bytes are measured, not declared.

Shapes: ``n`` samples, ``T`` time steps, ``F`` features, ``S`` bytes of one sample.
"""

import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

LENGTH_BYTES = 2
"""Bytes of the length of a compressed sample."""


class SampleStorage(Protocol):
    """Samples in the form in which they are stored."""

    def pack(self, inputs: Float[Tensor, "n *shape"]) -> "SampleStorage":
        """Return other samples in the same form."""

    def unpack(self, places: Int[Tensor, "b"]) -> Float[Tensor, "b *shape"]:
        """Return some of the samples as model inputs."""

    def join(self, stay: Int[Tensor, "s"], other: Any, enter: Int[Tensor, "e"]) -> "SampleStorage":
        """Return some of these samples followed by some of another storage."""

    @property
    def sizes(self) -> Int[Tensor, "n"]:
        """Bytes of each sample."""

    @property
    def max_bytes(self) -> int:
        """Bytes that hold any sample."""

    def tensors(self) -> dict[str, Tensor]:
        """Return the stored data as tensors by name."""

    def filled(self, tensors: Mapping[str, Tensor]) -> "SampleStorage":
        """Return a storage of this form with what :meth:`tensors` returned."""


class RowStorage:
    """Samples of equal size as rows of one tensor: bytes for images, else floats or half floats.

    Args:
        data: The samples; a tensor without rows gives an empty storage.
        dtype: ``torch.uint8`` for values in [0, 1] in 256 levels, or a type of floats.
    """

    def __init__(self, data: Tensor) -> None:
        self.data = data

    @classmethod
    def empty(cls, shape: Sequence[int], dtype: torch.dtype) -> Self:
        """Return an empty storage for samples of one shape."""
        return cls(torch.zeros(0, *shape, dtype=dtype))

    def pack(self, inputs: Float[Tensor, "n *shape"]) -> "RowStorage":
        """Return samples as bytes or floats."""
        inputs = inputs.detach().cpu()
        return RowStorage(
            to_bytes(inputs) if self.data.dtype == torch.uint8 else inputs.to(self.data.dtype)
        )

    def unpack(self, places: Int[Tensor, "b"]) -> Float[Tensor, "b *shape"]:
        """Return some of the samples as floats."""
        rows = self.data[places]
        return rows.float() / 255 if rows.dtype == torch.uint8 else rows.float()

    def join(
        self, stay: Int[Tensor, "s"], other: "RowStorage", enter: Int[Tensor, "e"]
    ) -> "RowStorage":
        """Return some of these rows followed by some of another storage."""
        return RowStorage(torch.cat((self.data[stay], other.data[enter])))

    @property
    def sizes(self) -> Int[Tensor, "n"]:
        """Bytes of each row."""
        return torch.full((len(self.data),), self.max_bytes)

    @property
    def max_bytes(self) -> int:
        """Bytes of a row."""
        return self.data.shape[1:].numel() * self.data.element_size()

    def tensors(self) -> dict[str, Tensor]:
        """Return the rows."""
        return {"data": self.data}

    def filled(self, tensors: Mapping[str, Tensor]) -> "RowStorage":
        """Return a storage with these rows."""
        return RowStorage(tensors["data"])


class DeflatedStorage:
    """Images as bytes, compressed one by one.

    The format is DEFLATE (RFC 1951) without zlib's header and checksum.

    Args:
        shape: Shape of a sample ``(T, F)``; values in [0, 1].
        blobs: The compressed samples.
    """

    def __init__(self, shape: Sequence[int], blobs: Sequence[bytes] = ()) -> None:
        self.shape = tuple(shape)
        self.blobs = tuple(blobs)

    def pack(self, inputs: Float[Tensor, "n T F"]) -> "DeflatedStorage":
        """Compress samples."""
        rows: UInt8[Tensor, "n S"] = to_bytes(inputs.detach().cpu()).flatten(1)
        return DeflatedStorage(self.shape, [_deflate(row.tobytes()) for row in rows.numpy()])

    def unpack(self, places: Int[Tensor, "b"]) -> Float[Tensor, "b T F"]:
        """Decompress some of the samples."""
        raw = bytearray().join(
            zlib.decompress(self.blobs[place], wbits=-15) for place in places.tolist()
        )
        return torch.frombuffer(raw, dtype=torch.uint8).reshape(-1, *self.shape).float() / 255

    def join(
        self, stay: Int[Tensor, "s"], other: "DeflatedStorage", enter: Int[Tensor, "e"]
    ) -> "DeflatedStorage":
        """Return some of these samples followed by some of another storage."""
        return DeflatedStorage(
            self.shape,
            [*(self.blobs[i] for i in stay.tolist()), *(other.blobs[i] for i in enter.tolist())],
        )

    @property
    def sizes(self) -> Int[Tensor, "n"]:
        """Bytes of each compressed sample, its length included."""
        return torch.tensor([len(blob) + LENGTH_BYTES for blob in self.blobs], dtype=torch.long)

    @property
    def max_bytes(self) -> int:
        """Bytes of an incompressible sample, its length included; the bound is zlib's."""
        raw = math.prod(self.shape)
        return raw + (raw >> 12) + (raw >> 14) + (raw >> 25) + 7 + LENGTH_BYTES

    def tensors(self) -> dict[str, Tensor]:
        """Return all bytes in one row, and the end of each sample."""
        joined = bytearray().join(self.blobs)
        data = (
            torch.frombuffer(joined, dtype=torch.uint8)
            if joined
            else torch.zeros(0, dtype=torch.uint8)
        )
        return {
            "data": data,
            "ends": torch.tensor([len(blob) for blob in self.blobs], dtype=torch.long).cumsum(0),
        }

    def filled(self, tensors: Mapping[str, Tensor]) -> "DeflatedStorage":
        """Return a storage with the samples of one row of bytes."""
        row, ends = tensors["data"].numpy().tobytes(), tensors["ends"].tolist()
        return DeflatedStorage(
            self.shape, [row[start:end] for start, end in zip([0, *ends], ends, strict=False)]
        )


def to_bytes(inputs: Float[Tensor, "n *shape"]) -> UInt8[Tensor, "n *shape"]:
    """Return values in [0, 1] as bytes, in 256 levels."""
    return (inputs * 255).round().clamp(0, 255).to(torch.uint8)


def _deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(level=9, wbits=-15, memLevel=9)
    return compressor.compress(data) + compressor.flush()
