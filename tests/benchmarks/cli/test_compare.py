from pathlib import Path

import pytest

from benchmarks.cli.report import report
from tests.benchmarks.command import memnet

PUBLISHED = str(Path(__file__).parents[3] / "results" / "published")


def test_two_models_of_the_published_records(tmp_path: Path) -> None:
    found = memnet(
        "report", "--store", PUBLISHED, "--compare", "memnet", "mamba", "--out", str(tmp_path)
    )
    assert found.returncode == 0, found.stderr
    assert "association" in found.stdout
    assert "A run of memnet beats one of mamba with probability" in found.stdout
    assert (tmp_path / "comparison.html").is_file()


def test_the_comparison_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    report(store=Path(PUBLISHED), out=tmp_path, compare=("memnet", "mamba"), open_=True)
    assert opened == [(tmp_path / "comparison.html").as_uri()]


def test_two_stores_and_a_name_that_is_not_there(tmp_path: Path) -> None:
    assert (
        "association · memnet"
        in memnet("report", "--compare", PUBLISHED, PUBLISHED, "--out", str(tmp_path)).stdout
    )
    refused = memnet(
        "report", "--store", PUBLISHED, "--compare", "memnet", "mambo", "--out", str(tmp_path)
    )
    assert refused.returncode == 2
    assert "no result of 'mambo'" in refused.stderr
