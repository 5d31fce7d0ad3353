from pathlib import Path

import pytest

from benchmarks.cli.report import report
from tests.benchmarks.command import WITH_PLUGINS, memnet

PUBLISHED = str(Path(__file__).parents[3] / "results" / "published")


def test_compare_prints_and_writes_two_published_models(tmp_path: Path) -> None:
    found = memnet(
        "report", "--store", PUBLISHED, "--compare", "memnet", "mamba", "--out", str(tmp_path)
    )
    assert found.returncode == 0, found.stderr
    assert "Association" in found.stdout
    assert "A run of memnet beats one of mamba with probability" in found.stdout
    assert (tmp_path / "comparison.html").is_file()


def test_compare_opens_the_page_with_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    report(store=[PUBLISHED], out=tmp_path, compare=("memnet", "mamba"), open_=True)
    assert opened == [(tmp_path / "comparison.html").as_uri()]


def test_compare_accepts_options_in_any_order(tmp_path: Path) -> None:
    models = "scripted[act=learn,pause=0.01,width=8],scripted"
    run = memnet("run", "wee", *WITH_PLUGINS, "--models", models, "--store", "s", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    pair = ("scripted[width=8,pause=0.01]", "scripted")
    found = memnet("report", "--store", "s", "--compare", *pair, cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    assert "left: scripted[pause=0.01,width=8]" in found.stdout


def test_compare_refuses_models_that_are_folders_of_stores_too(tmp_path: Path) -> None:
    for model in ("memnet", "lstm"):
        (tmp_path / model / "records").mkdir(parents=True)
    words = ("report", "--store", PUBLISHED, "--compare")
    done = memnet(*words, "memnet", "lstm", cwd=tmp_path)
    assert done.returncode == 2
    assert "write ./memnet ./lstm for the stores, or MODEL:METHOD for the models" in done.stderr
    stores = memnet(*words, "./memnet", "./lstm", cwd=tmp_path)
    assert "the stores ./memnet and ./lstm have no" in stores.stderr
    model = memnet(*words, "memnet:supervised", "lstm:supervised", cwd=tmp_path)
    assert model.returncode == 0, model.stderr


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
