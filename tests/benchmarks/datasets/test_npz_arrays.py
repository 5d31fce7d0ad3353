"""Arrays of user data: the right numbers, or one line that names the file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from results.errors import UsageError
from tests.benchmarks.datasets.user_samples import built, plan, samples, sequences

LABELS = np.arange(20) % 4
INPUTS = np.random.default_rng(3).integers(0, 256, (20, 6, 3))


@pytest.mark.parametrize(
    ("dtype", "scale"),
    [("uint8", 255), ("int16", 1), ("int64", 1), ("float16", 1), ("float64", 1), (">f4", 1)],
)
def test_values_are_read_unchanged_and_bytes_scaled(tmp_path: Path, dtype: str, scale: int) -> None:
    inputs = INPUTS.astype(dtype)
    sequences(tmp_path / "flowers.npz", inputs=np.asfortranarray(inputs))
    seen = torch.cat([samples(built(tmp_path), part)[0] for part in ("train", "test")])
    expected = np.sort(INPUTS.astype(np.float32).reshape(20, -1) / scale, axis=0)
    assert np.allclose(np.sort(seen.reshape(20, -1).numpy(), axis=0), expected)


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        ("uint8", "float32", "inputs are uint8 and test_inputs float32, and only uint8 is scaled"),
        ("float64", "uint8", "inputs are float64 and test_inputs uint8, and only uint8 is scaled"),
        ("bool", "uint8", "inputs are bool and test_inputs uint8"),
    ],
)
def test_training_and_test_arrays_of_which_one_is_scaled_are_an_error(
    tmp_path: Path, train: str, test: str, message: str
) -> None:
    sequences(
        tmp_path / "flowers.npz",
        inputs=INPUTS.astype(train),
        test_inputs=INPUTS.astype(test),
        test_labels=LABELS,
    )
    for use in (built, plan):
        with pytest.raises(UsageError, match=message):
            use(tmp_path)


@pytest.mark.parametrize(("train", "test"), [(255, 1), (1, 255)])
def test_training_and_test_arrays_of_different_scale_are_an_error(
    tmp_path: Path, train: int, test: int
) -> None:
    sequences(
        tmp_path / "flowers.npz",
        inputs=INPUTS * (train / 255),
        test_inputs=INPUTS * (test / 255),
        test_labels=LABELS,
    )
    with pytest.raises(UsageError, match=r"have a root mean square of .* to the same scale"):
        built(tmp_path)


@pytest.mark.parametrize("swapped", [False, True])
def test_whole_numbers_with_scaled_ones_are_an_error(tmp_path: Path, swapped: bool) -> None:
    """For example 4-bit grey values from 0 to 15, of which one array is scaled to [0, 1]."""
    whole = INPUTS.astype("int64") % 16
    parts = (whole / 15, whole) if swapped else (whole, whole / 15)
    sequences(tmp_path / "flowers.npz", inputs=parts[0], test_inputs=parts[1], test_labels=LABELS)
    with pytest.raises(UsageError, match="only one of them holds fractions"):
        built(tmp_path)


@pytest.mark.parametrize("factor", [0.1, 10, 0])
def test_unequal_scales_are_noted(tmp_path: Path, factor: float) -> None:
    floats = INPUTS.astype("float64")
    sequences(
        tmp_path / "flowers.npz", inputs=floats, test_inputs=floats * factor, test_labels=LABELS
    )
    assert any("inputs have a root mean square of" in note for note in plan(tmp_path).notes)


@pytest.mark.parametrize(
    ("train", "test"), [("float32", "float64"), ("int16", "int64"), ("int16", "float32")]
)
def test_types_with_the_same_meaning_go_together(tmp_path: Path, train: str, test: str) -> None:
    sequences(
        tmp_path / "flowers.npz",
        inputs=INPUTS.astype(train),
        test_inputs=INPUTS.astype(test),
        test_labels=LABELS,
    )
    stream = built(tmp_path)
    trained, tested = (samples(stream, part)[0] for part in ("train", "test"))
    assert torch.equal(trained.sort(0).values, tested.sort(0).values)


DATES = np.arange("2020-01-01", "2020-12-26", dtype="datetime64[D]").reshape(20, 6, 3)

REFUSED: dict[str, tuple[dict[str, np.ndarray], str]] = {
    "complex": ({"inputs": INPUTS + 1j}, "inputs must be numbers, and their type is complex128"),
    "objects": ({"inputs": INPUTS.astype(object)}, "an array can't be read .*pickle"),
    "text": ({"inputs": INPUTS.astype(str)}, "inputs must be numbers, and their type is <U"),
    "bytes": ({"inputs": INPUTS.astype("S3")}, "inputs must be numbers, and their type is .S3"),
    "dates": ({"inputs": DATES}, r"inputs must be numbers, and their type is datetime64\[D\]"),
    "durations": ({"inputs": DATES - DATES[0, 0, 0]}, "their type is timedelta64"),
    "records": ({"inputs": np.zeros((20, 6, 3), "f4,f4")}, "inputs must be numbers"),
    "large integers": ({"inputs": INPUTS + 2**24}, "whole numbers beyond 16,777,216"),
    "large negative": ({"inputs": -INPUTS - 2**40}, "whole numbers beyond 16,777,216"),
    "large unsigned": ({"inputs": INPUTS.astype("u8") + 2**63}, "whole numbers beyond"),
    "large floats": ({"inputs": INPUTS * 1e300}, "beyond the range of 32-bit floats"),
    "small floats": ({"inputs": INPUTS * 1e-300}, "lose their differences as 32-bit floats"),
    "subnormal floats": (
        {"inputs": (INPUTS * 1e-42).astype("float32")},
        "lose their differences as 32-bit floats",
    ),
    "time stamps": ({"inputs": 1.7e9 + INPUTS / 10}, "lose their differences as 32-bit floats"),
    "nan": ({"inputs": np.where(INPUTS > 250, np.nan, INPUTS)}, "inputs hold .* not finite"),
    "infinity": ({"inputs": np.where(INPUTS > 250, np.inf, INPUTS)}, "inputs hold .* not finite"),
    "nan in the test": (
        {"test_inputs": np.full((4, 6, 3), np.nan), "test_labels": np.arange(4)},
        "test_inputs hold numbers that are not finite",
    ),
    "rank 2": ({"inputs": INPUTS[..., 0]}, r"inputs are \[20, 6\] and labels \[20\]"),
    "rank 4": ({"inputs": INPUTS[..., None]}, r"inputs are \[20, 6, 3, 1\]"),
    "scalar": ({"inputs": np.array(1.0)}, r"inputs are \[\]"),
    "no samples": ({"inputs": INPUTS[:0], "labels": LABELS[:0]}, r"inputs are \[0, 6, 3\]"),
    "no steps": ({"inputs": INPUTS[:, :0]}, r"inputs are \[20, 0, 3\]"),
    "fewer labels": ({"labels": LABELS[:-1]}, r"inputs are \[20, 6, 3\] and labels \[19\]"),
    "labels in columns": ({"labels": LABELS[:, None]}, r"labels \[20, 1\]"),
    "text labels": (
        {"labels": np.array(["cat", "dog"] * 10)},
        "labels must be whole numbers from 0, and their type is <U3",
    ),
    "float labels": ({"labels": LABELS * 1.0}, "labels must be whole numbers from 0"),
    "labels from 1": ({"labels": LABELS + 1}, "every class from 0 to 4 needs training samples"),
    "negative labels": ({"labels": LABELS - 1}, "labels must be whole numbers from 0, not from -1"),
    "huge labels": ({"labels": LABELS * 10**15}, "labels go up to 3000000000000000"),
    "scattered labels": ({"labels": LABELS * 10**8}, "and 299999997 have none"),
    "one class": ({"labels": LABELS * 0}, "labels hold a single class"),
    "other test classes": (
        {"test_inputs": INPUTS[:4] / 100, "test_labels": np.arange(4) + 1},
        "test_labels go up to 4, and labels up to 3",
    ),
    "other features": (
        {"test_inputs": INPUTS[:4, :, :2] / 100, "test_labels": np.arange(4)},
        r"inputs are \[20, 6, 3\] and test_inputs \[4, 6, 2\]: T and F must be the same",
    ),
    "unknown name": (
        {"test_input": INPUTS},
        "unknown array test_input: known are inputs, labels, test_inputs, test_labels",
    ),
    "upper-case name": ({"Labels": LABELS}, "unknown array Labels: known are inputs"),
    "test inputs alone": ({"test_inputs": INPUTS}, "must hold one array test_labels, not 0"),
    "test labels alone": ({"test_labels": LABELS}, "must hold one array test_inputs, not 0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_malformed_array_is_a_one_line_error_that_names_the_file(tmp_path: Path, case: str) -> None:
    arrays, message = REFUSED[case]
    sequences(tmp_path / "flowers.npz", **arrays)
    for use in (built, plan):
        with pytest.raises(UsageError, match=message) as refusal:
            use(tmp_path)
        assert "\n" not in str(refusal.value)
        assert str(tmp_path / "flowers.npz") in str(refusal.value)


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[300] ^= 255
    file.write_bytes(content)


def _plain_array(file: Path) -> None:
    with file.open("wb") as stream:
        np.save(stream, INPUTS)


def _text(file: Path) -> None:
    file.write_text("1,2,3\n")


def _no_labels(file: Path) -> None:
    np.savez(file, inputs=INPUTS)


def _huge_header(file: Path) -> None:
    """An array that claims 8 exabytes."""
    content = file.read_bytes()
    file.write_bytes(content.replace(b"(20, 6, 3)", b"(10**9,6,3"[:10]))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "truncated": _truncate,
    "flipped byte": _flip,
    "renamed npy": _plain_array,
    "renamed text": _text,
    "empty": lambda file: file.write_bytes(b"") and None,
    "no labels": _no_labels,
    "header": _huge_header,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_file_is_a_one_line_error_that_names_it(tmp_path: Path, damage: str) -> None:
    sequences(tmp_path / "flowers.npz")
    DAMAGES[damage](tmp_path / "flowers.npz")
    for use in (built, plan):
        with pytest.raises(UsageError) as refusal:
            use(tmp_path)
        assert "\n" not in str(refusal.value)
        assert str(tmp_path / "flowers.npz") in str(refusal.value)
