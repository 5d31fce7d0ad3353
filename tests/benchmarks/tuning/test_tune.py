import json
import re
from pathlib import Path

import pytest

from benchmarks.planning import learning_rates
from benchmarks.planning.catalog import Catalog
from benchmarks.tuning.grid import RATES, Point
from benchmarks.tuning.tune import subjects, tune
from results.errors import UsageError
from results.store.store import Store
from tests.benchmarks.command import PLUGINS, WITH_PLUGINS, memnet


def catalog(*more: Path) -> Catalog:
    return Catalog.read((PLUGINS / "wee.py", PLUGINS / "scripted.py", *more))


def test_tuning_of_a_plugin_model_prints_the_rate_and_writes_nothing(tmp_path: Path) -> None:
    before = learning_rates.TABLE.read_bytes()
    words = ("--models", "scripted", "--jobs", "1", *WITH_PLUGINS)
    found = memnet("tune", "wee", *words, cwd=tmp_path, MEMNET_STORE="store")
    assert found.returncode == 0, found.stderr
    (printed,) = (line for line in found.stdout.splitlines() if line.startswith("wee · scripted: "))
    folders = {path.name for path in (tmp_path / "store" / "tuning").iterdir()}
    assert {f"wee-{rate}-short" for rate in RATES} <= folders
    assert len(folders - {f"wee-{rate}-short" for rate in RATES}) >= 3
    assert re.search(r"--set training.learning_rate=[0-9.]+ \(0\.\d{3} at .*; at 0.25 of", printed)
    assert learning_rates.TABLE.read_bytes() == before


def test_tuning_of_other_options_prints_all_of_them(tmp_path: Path) -> None:
    words = ("--models", "scripted", "--jobs", "2", *WITH_PLUGINS, "--store", str(tmp_path))
    grid = ("--grid", "lr=0.01,model.width=4,8", "--set", "steps=1")
    found = memnet("tune", "wee", *words, *grid)
    assert found.returncode == 0, found.stderr
    assert re.search(
        r"wee · scripted: --set model.width=[48] --set training.learning_rate=[0-9.]+ ",
        found.stdout,
    )
    assert "of the steps" not in found.stdout, "one step cannot be shortened"


def test_table_holds_trials_marks_and_options_of_the_tuning(tmp_path: Path) -> None:
    table = tmp_path / "table.json"
    table.write_text(json.dumps({"learning_rates": {"brook": {"one": 0.01}}}))
    tune(
        "wee",
        models=("scripted",),
        grid=(Point(1e-3), Point(1e-2), Point(1e-1)),
        options={"length": "4"},
        jobs=1,
        store=tmp_path,
        table=table,
        catalog=catalog(),
    )
    content = json.loads(table.read_text())
    assert content["options"] == {"wee": {"scripted": {"length": 4}}}
    trials = content["trials"]["wee"]["scripted"]
    assert [one["learning_rate"] for one in trials if one["share"] < 1] == [1e-3, 1e-2, 1e-1]
    rate = content["learning_rates"]["wee"]["scripted"]
    assert rate in [one["learning_rate"] for one in trials if one["share"] == 1]
    assert content["marks"]["wee"]["scripted"] in ("not solved", "at chance")
    assert content["learning_rates"]["brook"] == {"one": 0.01}, "other rows stay unchanged"
    (record,) = Store.open(tmp_path / "wee-0.001-short")
    assert record.cell.config["benchmark"]["length"] == 4
    assert record.cell.config["benchmark"]["steps"] == 1


def test_diverged_trials_do_not_end_the_search_unless_all_diverge(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"wee · scripted diverged at every rate \(0.01\)"):
        tune(
            "wee",
            models=("scripted",),
            grid=(Point(1e-2, (("model.act", "nan"),)),),
            jobs=1,
            store=tmp_path,
            table=None,
            catalog=catalog(),
        )


def test_failed_trial_ends_the_search(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no score .* fix the cause"):
        tune(
            "wee",
            models=("scripted",),
            grid=(Point(1e-2, (("model.act", "raise"),)),),
            jobs=1,
            store=tmp_path,
            table=None,
            catalog=catalog(),
        )


def test_subjects_of_a_suite_are_its_benchmarks_with_base_models() -> None:
    found = list(subjects(Catalog.read(), "task-shift", ("mlp",), ("er", "ewc"), {}))
    assert {one.models for one in found} == {("mlp",)}
    assert {one.benchmark: one.methods for one in found}["split-mnist"] == ("er", "ewc")


def test_tuning_refuses_a_learning_rate(tmp_path: Path) -> None:
    words = ("--store", str(tmp_path), "--set", "training.learning_rate=0.1", *WITH_PLUGINS)
    found = memnet("tune", "wee", *words)
    assert found.returncode == 2, found.stdout
    assert "options of the benchmark" in found.stderr


def test_unwritable_table_is_refused_before_any_cell_runs(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--no-write"):
        tune(
            "wee",
            models=("scripted",),
            jobs=1,
            store=tmp_path / "store",
            table=tmp_path / "nowhere.json",
            catalog=catalog(),
        )
    assert not (tmp_path / "store").exists()
