from pathlib import Path

import pytest

from benchmarks.cli.report import report
from tests.benchmarks.command import memnet

PUBLISHED = str(Path(__file__).parents[3] / "results" / "published")


def test_compare_prints_and_writes_two_published_models(tmp_path: Path) -> None:
    found = memnet(
        "report", "--store", PUBLISHED, "--compare", "memnet", "mamba", "--out", str(tmp_path)
    )
    assert found.returncode == 0, found.stderr
    assert "association" in found.stdout
    assert "A run of memnet beats one of mamba with probability" in found.stdout
    assert (tmp_path / "comparison.html").is_file()


def test_compare_opens_the_page_with_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    report(store=Path(PUBLISHED), out=tmp_path, compare=("memnet", "mamba"), open_=True)
    assert opened == [(tmp_path / "comparison.html").as_uri()]


def test_compare_takes_two_stores_and_refuses_an_unknown_model(tmp_path: Path) -> None:
    assert (
        "association · memnet"
        in memnet("report", "--compare", PUBLISHED, PUBLISHED, "--out", str(tmp_path)).stdout
    )
    refused = memnet(
        "report", "--store", PUBLISHED, "--compare", "memnet", "mambo", "--out", str(tmp_path)
    )
    assert refused.returncode == 2
    assert "no result of 'mambo'" in refused.stderr
