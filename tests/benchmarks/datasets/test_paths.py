from pathlib import Path

import pytest

from benchmarks.cli.shared_options import store_root
from benchmarks.datasets.paths import data_root


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
