"""Files of user data: links, hidden files, and the digest."""

import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from results.errors import UsageError
from tests.benchmarks.datasets.user_samples import (
    built,
    cell_id,
    counts,
    images,
    plan,
    sequences,
)


def _link_classes(root: Path) -> None:
    images(root / "elsewhere")
    (root / "flowers").mkdir()
    for label in range(4):
        (root / "flowers" / f"kind{label}").symlink_to(root / "elsewhere" / f"kind{label}")


def _link_data(root: Path) -> None:
    images(root / "elsewhere")
    (root / "flowers").symlink_to(root / "elsewhere")


def _link_pictures(root: Path) -> None:
    images(root / "elsewhere")
    images(root / "flowers")
    for picture in (root / "flowers").rglob("*.png"):
        picture.unlink()
        picture.symlink_to(root / "elsewhere" / picture.parent.name / picture.name)


def _link_inner_folders(root: Path) -> None:
    images(root / "elsewhere")
    for label in range(4):
        (root / "flowers" / f"kind{label}").mkdir(parents=True)
        inner = root / "flowers" / f"kind{label}" / "inner"
        inner.symlink_to(root / "elsewhere" / f"kind{label}")


def _link_parts(root: Path) -> None:
    images(root / "elsewhere")
    images(root / "tests", offset=50)
    (root / "flowers").mkdir()
    (root / "flowers" / "train").symlink_to(root / "elsewhere")
    (root / "flowers" / "test").symlink_to(root / "tests")


@pytest.mark.parametrize(
    "link", [_link_classes, _link_data, _link_pictures, _link_inner_folders, _link_parts]
)
def test_content_behind_links_is_read_and_hashed(
    tmp_path: Path, link: Callable[[Path], None]
) -> None:
    link(tmp_path)
    before, stream = cell_id(tmp_path), built(tmp_path)
    assert sum(counts(stream)) == (40 if link is _link_parts else 20)
    Image.new("RGB", (9, 7), (1, 2, 3)).save(tmp_path / "elsewhere" / "kind1" / "2.png")
    assert cell_id(tmp_path) != before


def test_npz_file_behind_a_link_is_read_and_hashed(tmp_path: Path) -> None:
    sequences(tmp_path / "elsewhere.npz")
    (tmp_path / "flowers.npz").symlink_to(tmp_path / "elsewhere.npz")
    before = cell_id(tmp_path)
    sequences(tmp_path / "elsewhere.npz", inputs=np.ones((20, 6, 3)))
    assert cell_id(tmp_path) != before


def test_links_do_not_change_the_digest(tmp_path: Path) -> None:
    _link_classes(tmp_path)
    linked, plain = (plan(tmp_path, data).jobs[0].cell for data in ("flowers", "elsewhere"))
    assert linked.version["data"] == plain.version["data"]


@pytest.mark.parametrize("target", ["../..", "..", "../kind1/round"])
def test_link_in_a_circle_is_a_one_line_error(tmp_path: Path, target: str) -> None:
    images(tmp_path / "flowers")
    (tmp_path / "flowers" / "kind0" / "round").symlink_to(target)
    if "kind1" in target:
        (tmp_path / "flowers" / "kind1" / "round").symlink_to("../kind0")
    with pytest.raises(UsageError, match="a link in a circle") as refusal:
        plan(tmp_path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("target", ["nowhere.png", "lost.png"])
def test_broken_link_is_a_one_line_error(tmp_path: Path, target: str) -> None:
    images(tmp_path / "flowers")
    (tmp_path / "flowers" / "kind0" / "lost.png").symlink_to(target)
    with pytest.raises(UsageError, match=r"lost.png is a link that leads nowhere"):
        plan(tmp_path)


def test_pipe_is_a_one_line_error(tmp_path: Path) -> None:
    images(tmp_path / "flowers")
    os.mkfifo(tmp_path / "flowers" / "kind0" / "pipe.png")
    with pytest.raises(UsageError, match=r"pipe.png is not a file or folder"):
        plan(tmp_path)


def test_data_that_change_between_two_plans_of_a_process_change_the_cell_id(
    tmp_path: Path,
) -> None:
    images(tmp_path / "flowers")
    before = cell_id(tmp_path)
    shutil.rmtree(tmp_path / "flowers")
    images(tmp_path / "flowers", offset=7)
    assert cell_id(tmp_path) != before


SKIPPED = (
    "kind0/.ipynb_checkpoints/0-checkpoint.png",
    "kind0/deep/.cache/0.png",
    "kind0/._0.png",
    "kind0/__MACOSX/0.png",
    "kind0/Thumbs.db",
    "kind0/DESKTOP.INI",
    "kind0/0.png~",
    "kind0/~$0.png",
    "kind0/@eaDir/0.png",
    "__MACOSX/kind0/0.png",
    ".git/0.png",
    "$RECYCLE.BIN/0.png",
)


@pytest.mark.parametrize("name", SKIPPED)
def test_hidden_and_system_files_are_neither_read_nor_hashed(tmp_path: Path, name: str) -> None:
    images(tmp_path / "flowers")
    before = cell_id(tmp_path)
    (tmp_path / "flowers" / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(tmp_path / "flowers" / "kind0" / "0.png", tmp_path / "flowers" / name)
    assert counts(built(tmp_path)) == (16, 4)
    assert cell_id(tmp_path) == before
    assert plan(tmp_path).notes == ()


def test_unicode_form_of_names_does_not_change_the_digest(tmp_path: Path) -> None:
    digests = []
    for form in ("NFC", "NFD"):
        images(tmp_path / form / "flowers")
        folder = tmp_path / form / "flowers"
        (folder / "kind0").rename(folder / unicodedata.normalize(form, "é"))
        digests.append(cell_id(tmp_path / form))
    assert digests[0] == digests[1]
