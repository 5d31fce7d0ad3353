"""Stores that are given by name."""

from pathlib import Path

import pytest

import results
from results.store.published_store import store_folder
from results.store.store import Store


def test_published_is_the_packages_own_store() -> None:
    folder = store_folder("published")
    assert folder == Path(results.__file__).parent / "published"
    assert Store.open(folder).ids()


def test_a_folder_of_that_name_is_that_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "published").mkdir()
    assert store_folder("published") == Path("published")
    assert store_folder("~") == Path.home()
