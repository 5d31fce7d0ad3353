"""Picture files of any coding, and what a model sees of them."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.benchmarks.datasets.user_samples import built, samples

SIDE = 8
RAMP = np.add.outer(16 * np.arange(SIDE), 16 * np.arange(SIDE)).astype(np.uint8)
"""Grey values 0 to 224: every orientation looks different once the corner is marked."""
RAMP[0, 1] = 255
GREY = Image.fromarray(RAMP)

Save = Callable[[Image.Image, Path], object]


def shown(root: Path, save: Save, picture: Image.Image = GREY, **options: Any) -> np.ndarray:
    """Return what a model sees of a picture, 0 to 255, in a data set of equal pictures."""
    first = root / "flowers" / "kind0" / "0"
    first.parent.mkdir(parents=True, exist_ok=True)
    save(picture, first)
    (file,) = first.parent.glob("0*")
    for label in range(2):
        for place in range(5):
            copy = root / "flowers" / f"kind{label}" / f"{place}{file.suffix}"
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(file.read_bytes())
    inputs, _ = samples(built(root, size=SIDE, **options))
    assert inputs.eq(inputs[0]).all()
    seen: np.ndarray = (inputs[0] * 255).round().numpy()
    return seen


def as_type(suffix: str, **options: Any) -> Save:
    return lambda picture, path: picture.save(path.with_suffix(suffix), **options)


def deep(factor: int, dtype: str, suffix: str) -> Save:
    def save(picture: Image.Image, path: Path) -> None:
        values = (np.asarray(picture).astype(np.float64) * factor).astype(dtype)
        Image.fromarray(values).save(path.with_suffix(suffix))

    return save


def tiff(values: np.ndarray, photometric: int, bits: int, sample_format: int = 1) -> bytes:
    """Return an uncompressed grey TIFF file (TIFF 6.0, section 2)."""
    data = values.tobytes()
    tags = {
        256: RAMP.shape[1], 257: RAMP.shape[0], 258: bits, 259: 1, 262: photometric, 273: 8,
        277: 1, 278: RAMP.shape[0], 279: len(data), 339: sample_format,
    }  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    header = b"II*\0" + struct.pack("<I", 8 + len(data))
    return header + data + struct.pack("<H", len(tags)) + entries + bytes(4)


def png(values: np.ndarray, bits: int, kind: int, transparent: bytes = b"") -> bytes:
    """Return a PNG file of any depth and colour type (PNG specification, section 11)."""
    places = (values[..., None] >> np.arange(bits)[::-1]) & 1
    lines = np.packbits(places.reshape(SIDE, -1).astype(np.uint8), axis=1)
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", SIDE, SIDE, bits, kind, 0, 0, 0),
        b"tRNS": transparent,
        b"IDAT": zlib.compress(b"".join(b"\0" + line.tobytes() for line in lines)),
        b"IEND": b"",
    }
    if not transparent:
        del chunks[b"tRNS"]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )
