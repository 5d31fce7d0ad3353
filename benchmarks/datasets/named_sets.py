"""Image sets of torchvision that are selected by name, with their files. Imports no torch."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baselines.registry import unknown
from benchmarks.datasets import torchvision_sets
from results.errors import UsageError


def _in(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names)


def _idx(folder: str) -> tuple[str, ...]:
    return tuple(
        f"{folder}/raw/{part}-{what}"
        for part in ("train", "t10k")
        for what in ("images-idx3-ubyte", "labels-idx1-ubyte")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSet:
    """A set of torchvision.

    Attributes:
        files: Its files, by their paths under the data root.
        classes: Number of classes.
        split: Whether torchvision selects the part by ``split="train"`` instead of ``train=True``.
    """

    files: tuple[str, ...]
    classes: int = 10
    split: bool = False


SETS: Mapping[str, NamedSet] = {
    "CIFAR10": NamedSet(
        files=_in(
            "cifar-10-batches-py",
            *(f"data_batch_{part}" for part in range(1, 6)),
            "test_batch",
            "batches.meta",
        )
    ),
    "CIFAR100": NamedSet(files=_in("cifar-100-python", "train", "test", "meta"), classes=100),
    "FashionMNIST": NamedSet(files=_idx("FashionMNIST")),
    "KMNIST": NamedSet(files=_idx("KMNIST")),
    "MNIST": NamedSet(files=_idx("MNIST")),
    "STL10": NamedSet(
        files=_in(
            "stl10_binary",
            *("train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin"),
            *("class_names.txt", "fold_indices.txt"),
        ),
        split=True,
    ),
    "SVHN": NamedSet(files=("train_32x32.mat", "test_32x32.mat"), split=True),
    "USPS": NamedSet(files=("usps.bz2", "usps.t.bz2")),
}
"""Sets by the name of torchvision's class."""


def named_set(name: str) -> NamedSet:
    """Return a set by the name of torchvision's class.

    Raises:
        UsageError: If it is not known.
    """
    if name not in SETS:
        raise UsageError(
            f"{unknown('data set', name, SETS)}; write --set dataset=NAME, or use from-folder for "
            "pictures of your own"
        )
    return SETS[name]


def digest(options: Mapping[str, Any], root: Path) -> str:
    """Hash the files of the set that the option ``dataset`` names; missing ones are downloaded.

    Raises:
        UsageError: If the set is not known, or its files are missing and can't be downloaded.
    """
    name = str(options["dataset"])
    files = named_set(name).files
    torchvision_sets.prepare(name, files, root)
    found = hashlib.sha256()
    for file in files:
        found.update(hashlib.sha256((root / file).read_bytes()).digest())
    return f"sha256:{found.hexdigest()}"
