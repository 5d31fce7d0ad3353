"""Class folders, and training and test folders."""

import shutil
import unicodedata
from pathlib import Path

import pytest

from benchmarks.datasets.class_folders import role
from results.errors import UsageError
from tests.benchmarks.datasets.user_samples import (
    built,
    counts,
    images,
    plan,
    reds,
    samples,
)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"),
        ("Train", "Test"),
        ("TRAINING", "TESTING"),
        ("train", "val"),
        ("train", "Valid"),
        ("training", "validation"),
        ("train_set", "test-set"),
        ("Training Images", "Test Images"),
        ("train", "eval"),
    ],
)
def test_usual_names_of_training_and_test_folders_are_understood(
    tmp_path: Path, train: str, test: str
) -> None:
    images(tmp_path / "flowers" / train)
    images(tmp_path / "flowers" / test, per_class=2, offset=50)
    assert counts(built(tmp_path)) == (20, 8)
    (note,) = plan(tmp_path).notes
    assert note.endswith(f": trained on {train}, evaluated on {test}")


def test_validation_folder_next_to_a_test_folder_is_not_used(tmp_path: Path) -> None:
    for offset, name in enumerate(("train", "val", "test")):
        images(tmp_path / "flowers" / name, per_class=3 + offset, offset=20 * offset)
    assert counts(built(tmp_path)) == (12, 20)
    trained, unused = plan(tmp_path).notes
    assert trained.endswith("trained on train, evaluated on test")
    assert unused.endswith("val is not used")


@pytest.mark.parametrize("other", ["kind0", "extra", "unlabelled"])
def test_folder_of_pictures_next_to_train_and_test_is_an_error(tmp_path: Path, other: str) -> None:
    for name in ("train", "test"):
        images(tmp_path / "flowers" / name)
    images(tmp_path / "flowers" / other)
    with pytest.raises(UsageError, match=f"holds train, test, and next to them {other}: move"):
        built(tmp_path)


def test_folder_without_pictures_next_to_train_and_test_is_not_used(tmp_path: Path) -> None:
    images(tmp_path / "flowers" / "train")
    images(tmp_path / "flowers" / "test", offset=50)
    (tmp_path / "flowers" / "annotations").mkdir()
    (tmp_path / "flowers" / "annotations" / "boxes.csv").write_text("1,2")
    assert counts(built(tmp_path)) == (20, 20)
    assert plan(tmp_path).notes[-1].endswith("annotations is not used")


@pytest.mark.parametrize("names", [("train", "Training", "test"), ("train", "val", "valid")])
def test_two_folders_for_one_part_are_an_error(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        images(tmp_path / "flowers" / name)
    with pytest.raises(UsageError, match=r"which all mean the .* samples: leave one"):
        built(tmp_path)


def test_test_folder_without_a_training_folder_is_an_error(tmp_path: Path) -> None:
    for name in ("test", "val"):
        images(tmp_path / "flowers" / name)
    with pytest.raises(UsageError, match="holds test, val and no training folder"):
        built(tmp_path)


def test_training_folder_alone_is_split(tmp_path: Path) -> None:
    images(tmp_path / "flowers" / "train")
    assert counts(built(tmp_path)) == (16, 4)
    assert (
        "train is the training part; a fifth of every class is held out" in plan(tmp_path).notes[0]
    )


def test_training_and_test_folders_below_a_class_are_an_error(tmp_path: Path) -> None:
    for part in ("train", "val"):
        images(tmp_path / "parts" / part)
        for label in range(4):
            target = tmp_path / "flowers" / f"kind{label}" / part
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(tmp_path / "parts" / part / f"kind{label}", target)
    with pytest.raises(UsageError, match="holds training and test folders below a class"):
        built(tmp_path)


def test_class_that_is_called_train_is_a_class(tmp_path: Path) -> None:
    images(tmp_path / "flowers")
    (tmp_path / "flowers" / "kind3").rename(tmp_path / "flowers" / "train")
    stream = built(tmp_path, colour=True, size=8)
    assert set(samples(stream)[1].tolist()) == {0, 1, 2, 3}
    assert set(reds(stream)) == {0, 60, 120, 180}
    assert plan(tmp_path).notes[0].endswith("train is read as a class")


def test_role_ignores_case_and_punctuation() -> None:
    assert [
        role(name) for name in ("Train", "test_set", "VAL-data", "trains", "kind0", "dataset")
    ] == [
        "training",
        "test",
        "validation",
        None,
        None,
        None,
    ]


def test_empty_class_is_an_error_that_names_it(tmp_path: Path) -> None:
    images(tmp_path / "flowers")
    (tmp_path / "flowers" / "nothing").mkdir()
    with pytest.raises(UsageError, match=r"nothing holds no pictures .* add some, or remove it"):
        plan(tmp_path)


def test_same_class_name_in_two_unicode_forms_is_an_error(tmp_path: Path) -> None:
    images(tmp_path / "flowers")
    for form in ("NFC", "NFD"):
        shutil.copytree(
            tmp_path / "flowers" / "kind0", tmp_path / "flowers" / unicodedata.normalize(form, "é")
        )
    with pytest.raises(UsageError, match="two folders called 'é', in two Unicode forms"):
        plan(tmp_path)


def test_class_names_match_across_unicode_forms(tmp_path: Path) -> None:
    for part, form in (("train", "NFC"), ("test", "NFD")):
        images(tmp_path / "flowers" / part)
        folder = tmp_path / "flowers" / part
        (folder / "kind0").rename(folder / unicodedata.normalize(form, "é"))
    assert counts(built(tmp_path)) == (20, 20)


def test_files_that_are_not_read_are_counted(tmp_path: Path) -> None:
    images(tmp_path / "flowers")
    for name in ("kind0/a.heic", "kind1/b.heic", "kind1/readme.txt", "labels.csv"):
        (tmp_path / "flowers" / name).write_text("x")
    (note,) = plan(tmp_path).notes
    assert note.endswith("not pictures: 1 .csv, 2 .heic, 1 .txt")
