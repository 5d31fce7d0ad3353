"""Arrays of user data in an ``.npz`` file, checked. Imports no torch."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.error_text import one_line
from results.errors import UsageError

SHAPES = {"inputs": "[n, T, F]", "features": "[n, F]"}
"""Shapes by the name of the array of samples."""

STORED_BYTES = {"uint8": 1, "bool": 1, "float16": 2}
"""Bytes of a stored number, by its type.

A number of any other type is stored as the 32-bit float that a model reads.
"""

LARGEST_RATIO = 100
"""Ratio of the root mean squares of training and test inputs at which their scales differ."""

LARGEST_LOSS = 1e-3
"""Maximum error of the conversion to 32-bit floats, as a fraction of the range of the values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrays:
    """Labelled sequences.

    Attributes:
        inputs: 32-bit floats ``[n, T, F]``; bytes are scaled to [0, 1].
        labels: Classes ``[n]``, from 0.
    """

    inputs: NDArray[np.float32]
    labels: NDArray[np.int64]


def read_arrays(file: Path, name: str = "inputs") -> tuple[Arrays, Arrays | None, int]:
    """Read ``inputs [n, T, F]`` and ``labels [n]``, and ``test_inputs`` and ``test_labels`` if any.

    Args:
        file: The file.
        name: ``"inputs"``, or ``"features"`` for arrays ``[n, F]`` of that name, one step each.

    Returns:
        Training samples, test samples or None, and the bytes of a stored sample and its label.

    Raises:
        UsageError: If the file can't be read, an array is unknown, missing or malformed, or the
            training and test inputs differ in shape, type or scale.
    """
    try:
        found = _load(file, (name, "labels", f"test_{name}", "test_labels"))
        if name == "features":
            found = {key: _one_step(key, array) for key, array in found.items()}
        inputs, tests = found[name], found.get(f"test_{name}")
        train = _arrays(inputs, found["labels"], name, "labels")
        test = None
        if tests is not None:
            test = _arrays(tests, found["test_labels"], f"test_{name}", "test_labels")
            _compare(name, inputs, tests, train, test)
        _check_labels(train, test)
    except ValueError as error:
        raise UsageError(
            f"{file}: {error}; it must hold arrays {name} {SHAPES[name]} and labels [n], "
            f"and may hold test_{name} and test_labels"
        ) from error
    size = inputs[0].size * STORED_BYTES.get(inputs.dtype.name, 4) + 1
    return train, test, size


def root_mean_square(arrays: Arrays) -> float:
    """Return the root mean square of the inputs."""
    return float(np.sqrt(np.square(arrays.inputs, dtype=np.float64).mean()))


def _one_step(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Return features ``[n, F]`` as ``[n, 1, F]``."""
    if name.endswith("labels"):
        return array
    if array.ndim != 2:
        raise ValueError(f"{name} are {list(array.shape)}")
    return array[:, None]


def _load(file: Path, known: tuple[str, ...]) -> Mapping[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = [member.filename for member in archive.infolist()]
    except Exception as error:  # a damaged archive raises errors of many types
        raise ValueError(
            f"it is not a complete .npz archive ({one_line(error)}): write it again with "
            "numpy.savez"
        ) from error
    names = [member.removesuffix(".npy") for member in members]
    if unknown := sorted({name for name in names if name not in known}):
        raise ValueError(f"unknown array {', '.join(unknown)}: known are {', '.join(known)}")
    required = known if any(name.startswith("test_") for name in names) else known[:2]
    if missing := [name for name in required if names.count(name) != 1]:
        raise ValueError(f"it must hold one array {missing[0]}, not {names.count(missing[0])}")
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {name: np.asarray(arrays[name]) for name in names}
    except Exception as error:  # as above
        raise ValueError(f"an array can't be read ({one_line(error)}): write it again") from error


def _arrays(
    inputs: NDArray[Any], labels: NDArray[Any], inputs_name: str, labels_name: str
) -> Arrays:
    for name, array, kinds in ((inputs_name, inputs, "buif"), (labels_name, labels, "ui")):
        if array.dtype.kind not in kinds:
            what = "numbers" if array is inputs else "whole numbers from 0"
            raise ValueError(f"{name} must be {what}, and their type is {array.dtype}")
    if inputs.ndim != 3 or not inputs.size or labels.shape != inputs.shape[:1]:
        raise ValueError(
            f"{inputs_name} are {list(inputs.shape)} and {labels_name} {list(labels.shape)}"
        )
    if labels.min() < 0:
        raise ValueError(f"{labels_name} must be whole numbers from 0, not from {labels.min()}")
    if labels.max() >= 2**31:
        raise ValueError(f"{labels_name} go up to {labels.max()}: number the classes from 0")
    return Arrays(inputs=_floats(inputs, inputs_name), labels=labels.astype(np.int64))


def _floats(inputs: NDArray[Any], name: str) -> NDArray[np.float32]:
    """Convert inputs to 32-bit floats, which must represent them.

    Cells compute with subnormal numbers as zeros.
    """
    if not np.isfinite(inputs).all():
        raise ValueError(f"{name} hold numbers that are not finite")
    with np.errstate(over="ignore", under="ignore"):
        floats = inputs.astype(np.float32)
    if not np.isfinite(floats).all():
        raise ValueError(f"{name} go beyond the range of 32-bit floats, 3.4e38: scale them")
    if inputs.dtype.kind in "ui" and np.abs(inputs.astype(np.float64)).max() > 2**24:
        raise ValueError(
            f"{name} hold whole numbers beyond 16,777,216, which 32-bit floats don't represent: "
            "scale them"
        )
    if inputs.dtype.itemsize >= 4 and inputs.dtype.kind == "f":
        span = inputs.max() - inputs.min()
        normal = np.where(np.abs(floats) < np.finfo(np.float32).tiny, np.float32(0), floats)
        if span > 0 and np.abs(normal - inputs).max() > LARGEST_LOSS * span:
            raise ValueError(f"{name} lose their differences as 32-bit floats: center and scale")
    return floats / np.float32(255) if inputs.dtype == np.uint8 else floats


def _compare(
    name: str, inputs: NDArray[Any], tests: NDArray[Any], train: Arrays, test: Arrays
) -> None:
    """Refuse test inputs of another shape, type or scale than the training inputs."""
    if inputs.shape[1:] != tests.shape[1:]:
        raise ValueError(
            f"{name} are {list(inputs.shape)} and test_{name} {list(tests.shape)}: "
            "T and F must be the same"
        )
    if (inputs.dtype == np.uint8) != (tests.dtype == np.uint8):
        raise ValueError(
            f"{name} are {inputs.dtype} and test_{name} {tests.dtype}, and only uint8 is scaled "
            "to [0, 1]: save both in the same type"
        )
    if (inputs.dtype.kind == "f") != (tests.dtype.kind == "f") and (
        _has_fractions(train.inputs) or _has_fractions(test.inputs)
    ):
        raise ValueError(
            f"{name} are {inputs.dtype} and test_{name} {tests.dtype}, and only one of them holds "
            "fractions: bring both to the same scale, and save them in the same type"
        )
    sizes = [root_mean_square(one) for one in (train, test)]
    if min(sizes) > 0 and max(sizes) > LARGEST_RATIO * min(sizes):
        raise ValueError(
            f"{name} have a root mean square of {sizes[0]:.3g} and test_{name} of {sizes[1]:.3g}: "
            "bring both to the same scale"
        )


def _has_fractions(inputs: NDArray[np.float32]) -> bool:
    return bool((inputs != np.trunc(inputs)).any())


def _check_labels(train: Arrays, test: Arrays | None) -> None:
    classes = int(train.labels.max()) + 1
    found = np.unique(train.labels)
    if len(found) < classes:
        raise ValueError(
            f"every class from 0 to {classes - 1} needs training samples, "
            f"and {classes - len(found)} have none"
        )
    if classes < 2:
        raise ValueError("labels hold a single class: there must be at least two")
    if test is not None and test.labels.max() >= classes:
        raise ValueError(
            f"test_labels go up to {test.labels.max()}, and labels up to {classes - 1}"
        )
