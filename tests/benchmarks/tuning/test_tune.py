import json
from pathlib import Path

import pytest

from benchmarks.planning import learning_rates
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.seeds import TUNING
from benchmarks.tuning.tune import LEARNING_RATE_GRID, best, tune, tuning_plan
from results.errors import UsageError
from results.store.store import Store
from tests.benchmarks.command import PLUGINS, WITH_PLUGINS, memnet

STREAM = """\"\"\"A stream.\"\"\"
from dataclasses import dataclass
KIND = "stream"
PRIMARY = "accuracy"
CHANCE = 0.1
@dataclass(frozen=True)
class Config:
    validation: bool = False
"""


def catalog(*more: Path) -> Catalog:
    return Catalog.read((PLUGINS / "wee.py", PLUGINS / "scripted.py", *more))


def test_best_rate_wins_and_ties_go_to_the_rate_nearest_the_default() -> None:
    assert best({1e-3: 0.5, 3e-3: 0.6, 1e-2: 0.9}) == 1e-2
    assert best({1e-3: 1.0, 3e-3: 1.0, 1e-2: 0.9}) == 3e-3
    assert best({1e-3: 1.0, 3e-3: 0.2, 1e-2: 1.0}) == 1e-3
    assert best({1e-3: 0.013, 3e-3: 0.012, 1e-2: 0.016}) == 3e-3, (
        "scores at chance level differ by chance"
    )


def test_tuning_uses_the_reserved_seed() -> None:
    (job,) = tuning_plan(catalog(), "wee", ("scripted",), LEARNING_RATE_GRID[0]).jobs
    assert job.cell.seed == TUNING
    assert job.cell.config["training"] == {"learning_rate": LEARNING_RATE_GRID[0]}


def test_tuning_of_a_plugin_model_prints_the_rate_and_writes_nothing(tmp_path: Path) -> None:
    before = learning_rates.TABLE.read_bytes()
    found = memnet(
        "tune",
        "wee",
        "--models",
        "scripted",
        "--store",
        str(tmp_path),
        "--jobs",
        "1",
        *WITH_PLUGINS,
    )
    assert found.returncode == 0, found.stderr
    (printed,) = (line for line in found.stdout.splitlines() if line.startswith("wee · scripted: "))
    (score,) = {
        record.metrics["accuracy"]
        for rate in LEARNING_RATE_GRID
        for record in Store.open(tmp_path / f"wee-{rate}")
    }
    tried = ", ".join(f"{score:.3f} at {rate}" for rate in LEARNING_RATE_GRID)
    assert printed == f"wee · scripted: --set training.learning_rate=0.003 ({tried})"
    assert learning_rates.TABLE.read_bytes() == before


def test_streams_are_tuned_on_validation_data(tmp_path: Path) -> None:
    brook = tmp_path / "brook.py"
    brook.write_text(STREAM)
    (job,) = tuning_plan(catalog(brook), "brook", ("scripted",), LEARNING_RATE_GRID[0]).jobs
    assert job.cell.config["benchmark"] == {"validation": True}
    assert job.cell.method == "er"
    brook.write_text(STREAM.replace("validation", "other"))
    with pytest.raises(UsageError, match="validation"):
        tuning_plan(catalog(brook), "brook", ("scripted",), LEARNING_RATE_GRID[0])


def test_table_holds_rates_of_the_grid_with_their_scores() -> None:
    table = json.loads(learning_rates.TABLE.read_text())
    assert table["how"]["grid"] == list(LEARNING_RATE_GRID)
    assert table["how"]["seed"] == TUNING
    for benchmark, row in table["learning_rates"].items():
        for model, rate in row.items():
            assert rate == best(
                {float(tried): score for tried, score in table["scores"][benchmark][model].items()}
            )


def test_untuned_pair_has_the_default_rate() -> None:
    assert (
        learning_rates.learning_rate("no-such-benchmark", "no-such-model") == learning_rates.DEFAULT
    )


def test_table_holds_the_options_of_the_tuning(tmp_path: Path) -> None:
    table = tmp_path / "table.json"
    other = {"learning_rates": {"brook": {"one": 0.01}}, "scores": {"brook": {"one": {}}}}
    table.write_text(json.dumps(other))  # an older table without options
    tune(
        "wee",
        models=("scripted",),
        options={"length": "4"},
        jobs=1,
        store=tmp_path,
        table=table,
        catalog=catalog(),
    )
    content = json.loads(table.read_text())
    assert content["options"] == {"wee": {"scripted": {"length": 4}}}
    assert set(content["scores"]["wee"]["scripted"]) == {str(rate) for rate in LEARNING_RATE_GRID}
    assert content["learning_rates"]["brook"] == {"one": 0.01}, "other rows stay unchanged"
    (record,) = Store.open(tmp_path / f"wee-{LEARNING_RATE_GRID[0]}")
    assert record.cell.config["benchmark"]["length"] == 4


def test_tuning_refuses_a_learning_rate(tmp_path: Path) -> None:
    found = memnet(
        "tune",
        "wee",
        "--store",
        str(tmp_path),
        "--set",
        "training.learning_rate=0.1",
        *WITH_PLUGINS,
    )
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
