"""Image sets of torchvision, read from the data root or downloaded into it."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets.labelled_images import Images
from results.error_text import one_line
from results.errors import UsageError


def prepare(name: str, files: Sequence[str], data_root: Path) -> None:
    """Download a set into the data root if it is missing.

    Args:
        name: The name of torchvision's class, such as ``"MNIST"``.
        files: The set's files, by their paths under the data root.
        data_root: Folder of the data sets.

    Raises:
        UsageError: If files are missing and can't be downloaded.
    """
    missing = [file for file in files if not (data_root / file).is_file()]
    if not missing:
        return
    try:
        _download(name, files, data_root)
    except (OSError, RuntimeError) as error:
        raise UsageError(
            f"{name} is not in {data_root} (no {missing[0]}) and can't be downloaded "
            f"({one_line(error)}); put its {len(files)} unpacked files into "
            f"{(data_root / files[0]).parent}, "
            "or set --data-root or MEMNET_DATA to their folder"
        ) from error


def load(
    name: str, files: Sequence[str], data_root: Path, *, by_split: bool = False
) -> tuple[Images, Images]:
    """Load the training and the test images of a set.

    Args:
        name: The name of torchvision's class.
        files: The set's files, by their paths under the data root.
        data_root: Folder of the data sets.
        by_split: Whether the class takes ``split="train"`` instead of ``train=True``.

    Raises:
        UsageError: If they can't be read.
    """
    parts = []
    for part in ("train", "test"):
        selected: dict[str, Any] = {"split": part} if by_split else {"train": part == "train"}
        try:
            data = _dataset(name)(data_root, **selected, download=False)
        except Exception as error:  # decoders raise errors of any type on broken files
            folder = data_root / files[0].split("/")[0]
            raise UsageError(
                f"{name} in {data_root} can't be read ({one_line(error)}); remove {folder} and "
                "run again"
            ) from error
        parts.append(_images(data))
    return parts[0], parts[1]


def _images(data: Any) -> Images:
    """Return a set's arrays, with the channels last."""
    pixels = np.asarray(data.data)
    if pixels.ndim == 4 and pixels.shape[1] == 3:
        pixels = pixels.transpose(0, 2, 3, 1)
    labels = data.targets if hasattr(data, "targets") else data.labels
    return Images(pixels=np.ascontiguousarray(pixels), labels=np.asarray(labels).astype(np.uint8))


def _dataset(name: str) -> Any:
    import torchvision.datasets

    return getattr(torchvision.datasets, name)


def _download(name: str, files: Sequence[str], data_root: Path) -> None:
    """Download into a temporary folder inside the root, then rename each file into place."""
    created = [folder for folder in (data_root, *data_root.parents) if not folder.exists()]
    try:
        data_root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=data_root) as temporary:
            _dataset(name)(temporary, download=True)
            (data_root / files[0]).parent.mkdir(parents=True, exist_ok=True)
            for file in files:
                (Path(temporary) / file).replace(data_root / file)
    except (OSError, RuntimeError):
        for folder in created:
            if folder.is_dir():
                folder.rmdir()
        raise
