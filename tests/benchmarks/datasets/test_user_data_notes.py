"""User data as a whole: equal samples, small classes, and a fuzz test of files."""

import io
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.datasets.npz_arrays import read_arrays
from benchmarks.datasets.picture_decoding import read_picture
from benchmarks.datasets.user_data_notes import notes
from results.errors import UsageError
from tests.benchmarks.datasets.user_samples import built, counts, images, plan, sequences


def test_equal_pictures_in_training_and_test_set_are_counted(tmp_path: Path) -> None:
    images(tmp_path / "flowers" / "train")
    images(tmp_path / "flowers" / "test", per_class=2, offset=50)
    assert not any("test samples are also" in note for note in plan(tmp_path).notes)
    for name in ("a.png", "b.png"):
        shutil.copy(
            tmp_path / "flowers" / "train" / "kind1" / "0.png",
            tmp_path / "flowers" / "test" / "kind1" / name,
        )
    with Image.open(tmp_path / "flowers" / "train" / "kind2" / "1.png") as image:
        image.save(tmp_path / "flowers" / "test" / "kind2" / "other_format.bmp")
    assert any("3 of 11 test samples are also training" in note for note in plan(tmp_path).notes)


def test_equal_pictures_are_counted_where_the_test_set_is_held_out(tmp_path: Path) -> None:
    images(tmp_path / "flowers")
    for label in range(4):
        folder = tmp_path / "flowers" / f"kind{label}"
        for place in range(1, 5):
            shutil.copy(folder / "0.png", folder / f"{place}.png")
    assert any("4 of 4 test samples are also training" in note for note in plan(tmp_path).notes)


def test_picture_in_two_classes_is_counted(tmp_path: Path) -> None:
    images(tmp_path / "flowers")
    shutil.copy(tmp_path / "flowers/kind0/1.png", tmp_path / "flowers/kind1/copy.png")
    assert any("1 samples are in more than one class" in note for note in plan(tmp_path).notes)


def test_equal_sequences_are_counted(tmp_path: Path) -> None:
    inputs = np.random.default_rng(0).normal(size=(20, 6, 3)).astype(np.float32)
    sequences(tmp_path / "flowers.npz", test_inputs=inputs[:8], test_labels=np.arange(8) % 4)
    assert any("8 of 8 test samples are also training" in note for note in plan(tmp_path).notes)
    sequences(tmp_path / "other.npz", inputs=np.repeat(inputs[:4], 5, axis=0))
    assert any("test samples are also" in note for note in plan(tmp_path, "other").notes)
    sequences(tmp_path / "distinct.npz")
    assert plan(tmp_path, "distinct").notes == ()


@pytest.mark.parametrize("per_class", [1, 2])
def test_class_with_too_few_samples_is_an_error(tmp_path: Path, per_class: int) -> None:
    images(tmp_path / "flowers", per_class=per_class)
    for use in (built, plan):
        with pytest.raises(UsageError, match=f"class kind0 has {per_class} samples, too few"):
            use(tmp_path)
    labels = np.arange(4 * per_class) % 4
    sequences(tmp_path / "file.npz", inputs=np.ones((4 * per_class, 6, 3)), labels=labels)
    with pytest.raises(UsageError, match=f"class 0 has {per_class} samples, too few"):
        built(tmp_path, "file")


def test_three_samples_of_a_class_are_enough(tmp_path: Path) -> None:
    images(tmp_path / "flowers", per_class=3)
    assert counts(built(tmp_path)) == (8, 4)
    with pytest.raises(UsageError, match="class kind0 has 2 samples, too few"):
        built(tmp_path, validation=True)


def test_classes_without_test_pictures_are_noted(tmp_path: Path) -> None:
    images(tmp_path / "flowers" / "train")
    images(tmp_path / "flowers" / "test", classes=3, offset=50)
    assert any("no test pictures of kind3" in note for note in plan(tmp_path).notes)


MODES = ("1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "LA", "PA", "I", "F", "I;16")
SAVED = ("png", "jpg", "bmp", "gif", "pbm", "pgm", "ppm", "tif", "webp")
CASES = 2000


def _random_file(rng: np.random.Generator) -> tuple[str, bytes, np.ndarray | None]:
    """Return the suffix and content of a picture of random mode and format, perhaps damaged.

    The third value is its grey values, for an opaque picture in a lossless format.
    """
    height, width = rng.integers(1, 12, 2)
    grey = rng.integers(0, 256, (height, width)).astype(np.uint8)
    mode = str(rng.choice(MODES))
    suffix = str(rng.choice(SAVED))
    picture = Image.fromarray(grey)
    match mode:
        case "1":
            grey = np.where(grey > 127, 255, 0).astype(np.uint8)
            picture = Image.fromarray(grey).convert("1")
        case "I;16":
            picture = Image.fromarray(grey.astype(np.uint16) * 257)
        case "I":
            picture = Image.fromarray(grey.astype(np.int32))
        case "F":
            picture = Image.fromarray(grey.astype(np.float32) / 255)
        case "LAB":
            picture = Image.merge("LAB", [picture] * 3)
        case "P":
            picture = picture.convert("P")
        case "PA":
            picture = picture.convert("P").convert("PA")
        case _:
            picture = picture.convert("RGB").convert(mode)
    content = io.BytesIO()
    options = {"lossless": True, "exact": True} if suffix == "webp" else {}
    picture.save(content, format=Image.registered_extensions()[f".{suffix}"], **options)
    exact = suffix not in ("jpg", "gif") and mode not in ("LAB", "I", "YCbCr")
    exact |= suffix == "gif" and mode in ("1", "L", "P")
    if mode in ("I;16", "F"):  # Pillow writes them as other modes in the other formats
        exact = suffix == "tif" or (mode == "I;16" and suffix in ("png", "pgm"))
    data = bytearray(content.getvalue())
    damage = rng.integers(0, 4)
    if damage == 1:
        data = data[: rng.integers(0, len(data))]
    elif damage == 2:
        for place in rng.integers(0, len(data), rng.integers(1, 6)):
            data[place] = rng.integers(0, 256)
    return suffix, bytes(data), grey if exact and damage in (0, 3) else None


def _read(read: Callable[[Path], Any], path: Path) -> Any:
    """Return what was read, or None if an error of one line names the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return read(path)
    except UsageError as error:
        message = str(error)
    assert str(path) in message
    assert "\n" not in message
    return None


def test_random_pictures_give_the_right_numbers_or_one_line(tmp_path: Path) -> None:
    rng, exact, refused = np.random.default_rng(0), 0, 0
    for _ in range(CASES):
        try:
            suffix, content, grey = _random_file(rng)
        except (OSError, ValueError, KeyError):
            continue  # Pillow can't write this mode in this format
        path = tmp_path / f"picture.{suffix}"
        path.write_bytes(content)
        shown = _read(read_picture, path)
        if grey is not None:
            assert shown is not None, path
            assert np.abs(np.asarray(shown.white.convert("L")).astype(int) - grey).max() <= 1
            exact += 1
        refused += shown is None
    assert exact > CASES / 8
    assert refused > CASES / 8


def test_random_files_of_arrays_give_the_right_numbers_or_one_line(tmp_path: Path) -> None:
    rng, exact, refused = np.random.default_rng(1), 0, 0
    file = tmp_path / "flowers.npz"
    for case in range(300):
        dtype = rng.choice(["?", "u1", "i2", "i8", "f2", "f4", "f8", ">f4", "c8", "U3", "M8[s]"])
        shape = rng.integers(0, 6, rng.choice([3, 3, 3, 3, 2, 4]))
        inputs = rng.integers(0, 200, shape).astype("i8").astype(dtype)
        labels = np.arange(rng.choice([len(inputs), len(inputs), 3])) % 2
        (np.savez_compressed if case % 2 else np.savez)(file, inputs=inputs, labels=labels)
        damaged = case % 5 == 0
        if damaged:
            data = bytearray(file.read_bytes())
            for place in rng.integers(0, len(data), 3):
                data[place] = rng.integers(0, 256)
            file.write_bytes(data)
        found = _read(read_arrays, file)
        if found is not None:
            scale = 255 if dtype == "u1" else 1
            assert np.allclose(found[0].inputs * scale, inputs.astype(np.float64))
            assert found[0].labels.tolist() == labels.tolist()
            exact += not damaged
        refused += found is None
    assert exact > 30
    assert refused > 60


def test_classes_without_test_sequences_are_noted(tmp_path: Path) -> None:
    labels = np.arange(24) % 4
    inputs = np.random.default_rng(0).random((24, 2, 3), np.float32)
    np.savez(
        tmp_path / "own.npz", inputs=inputs[:16], labels=labels[:16],
        test_inputs=inputs[16:18], test_labels=labels[16:18],
    )  # fmt: skip
    assert f"{tmp_path / 'own.npz'}: no test_inputs of class 2, 3" in notes(tmp_path / "own.npz")
