"""Tiny image sets in the layout of the published ones."""

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.datasets import torchvision_sets


def _idx(path: Path, array: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    header = bytes([0, 0, 8, array.ndim]) + b"".join(
        size.to_bytes(4, "big") for size in array.shape
    )
    path.write_bytes(header + array.tobytes())


def mnist(root: Path, name: str = "MNIST", per_class: int = 6) -> None:
    """Write images whose first pixel is their class and whose second marks training or test."""
    for part, mark in (("train", 10), ("t10k", 20)):
        labels = np.arange(10 * per_class, dtype=np.uint8) % 10
        pixels = (
            np.random.default_rng(mark).integers(0, 256, (len(labels), 28, 28)).astype(np.uint8)
        )
        pixels[:, 0, 0], pixels[:, 0, 1] = labels, mark
        _idx(root / name / "raw" / f"{part}-images-idx3-ubyte", pixels)
        _idx(root / name / "raw" / f"{part}-labels-idx1-ubyte", labels)


def cifar(root: Path, name: str, monkeypatch: pytest.MonkeyPatch, per_class: int = 2) -> None:
    """Write batches in CIFAR's format, and let torchvision expect their digests."""
    dataset = torchvision_sets._dataset(name)
    folder = root / dataset.base_folder
    folder.mkdir(parents=True)
    key, classes = ("labels", 10) if name == "CIFAR10" else ("fine_labels", 100)

    def write(file: str, content: object) -> str:
        (folder / file).write_bytes(pickle.dumps(content))
        return hashlib.md5((folder / file).read_bytes(), usedforsecurity=False).hexdigest()

    def batch(seed: int) -> dict[str, object]:
        labels = [place % classes for place in range(classes * per_class)]
        return {
            "data": np.random.default_rng(seed)
            .integers(0, 256, (len(labels), 3072))
            .astype(np.uint8),
            key: labels,
        }

    for which in ("train_list", "test_list"):
        files = getattr(dataset, which)
        monkeypatch.setattr(
            dataset,
            which,
            [
                [file, write(file, batch(len(which) + place))]
                for place, (file, _) in enumerate(files)
            ],
        )
    names = [f"class {place}" for place in range(classes)]
    monkeypatch.setitem(
        dataset.meta, "md5", write(dataset.meta["filename"], {dataset.meta["key"]: names})
    )
