import unicodedata
from pathlib import Path

import pytest

from benchmarks.cli.shared_options import store_root
from benchmarks.datasets.paths import data_root
from results.errors import UsageError
from tests.benchmarks.datasets.user_samples import cell_id, images, plan, sequences


def test_data_root_is_the_option_then_the_variable_then_the_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MEMNET_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert data_root().name == "memnet"
    monkeypatch.setenv("MEMNET_DATA", str(tmp_path / "variable"))
    assert data_root() == tmp_path / "variable"
    assert data_root(tmp_path / "option") == tmp_path / "option"
    monkeypatch.chdir(tmp_path)
    assert data_root(Path("near")) == tmp_path / "near"


def test_store_root_is_the_option_then_the_variable_then_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MEMNET_STORE", raising=False)
    assert store_root(None) == Path("runs")
    monkeypatch.setenv("MEMNET_STORE", "elsewhere")
    assert store_root(None) == Path("elsewhere")
    assert store_root(Path("here")) == Path("here")


@pytest.mark.parametrize("data", ["mine.npz", "./mine", "mine/", ".//mine.npz"])
def test_every_spelling_of_a_name_is_one_cell(tmp_path: Path, data: str) -> None:
    sequences(tmp_path / "mine.npz")
    cells = [plan(tmp_path, name).jobs[0].cell for name in ("mine", data)]
    assert cells[0].id == cells[1].id
    assert cells[1].config["benchmark"]["data"] == "mine"


def test_unicode_form_of_a_name_is_one_cell(tmp_path: Path) -> None:
    images(tmp_path / unicodedata.normalize("NFD", "é"))
    assert cell_id(tmp_path, unicodedata.normalize("NFC", "é")) == cell_id(
        tmp_path, unicodedata.normalize("NFD", "é")
    )


def test_folder_and_file_of_one_name_are_ambiguous(tmp_path: Path) -> None:
    images(tmp_path / "mine")
    sequences(tmp_path / "mine.npz")
    for data in ("mine", "mine.npz"):
        with pytest.raises(UsageError, match=r"may mean .*mine or .*mine.npz: rename one of them"):
            plan(tmp_path, data)


@pytest.mark.parametrize("data", ["", " ", "..", "a/../../b", "/etc"])
def test_name_that_leads_out_of_the_data_root_is_an_error(tmp_path: Path, data: str) -> None:
    with pytest.raises(UsageError, match="write --set data=NAME"):
        plan(tmp_path, data)
