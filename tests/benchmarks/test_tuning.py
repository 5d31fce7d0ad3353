import json
from pathlib import Path

import pytest

from benchmarks import rates
from benchmarks.catalog import Catalog
from benchmarks.seeds import TUNING
from benchmarks.tuning import GRID, best, tuning_plan
from results.errors import UsageError
from tests.benchmarks.command import PLUGINS

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


def test_the_best_rate_wins_and_a_tie_goes_to_the_default() -> None:
    assert best({1e-3: 0.5, 3e-3: 0.6, 1e-2: 0.9}) == 1e-2
    assert best({1e-3: 1.0, 3e-3: 1.0, 1e-2: 0.9}) == 3e-3
    assert best({1e-3: 1.0, 3e-3: 0.2, 1e-2: 1.0}) == 1e-3


def test_tuning_runs_on_the_reserved_seed() -> None:
    (job,) = tuning_plan(catalog(), "wee", ("scripted",), GRID[0]).jobs
    assert job.cell.seed == TUNING
    assert job.cell.config["training"] == {"learning_rate": GRID[0]}


def test_streams_are_tuned_on_validation_data(tmp_path: Path) -> None:
    brook = tmp_path / "brook.py"
    brook.write_text(STREAM)
    (job,) = tuning_plan(catalog(brook), "brook", ("scripted",), GRID[0]).jobs
    assert job.cell.config["benchmark"] == {"validation": True}
    assert job.cell.method == "er"
    brook.write_text(STREAM.replace("validation", "other"))
    with pytest.raises(UsageError, match="validation"):
        tuning_plan(catalog(brook), "brook", ("scripted",), GRID[0])


def test_the_table_holds_rates_of_the_grid_with_their_scores() -> None:
    table = json.loads(rates.TABLE.read_text())
    assert table["how"]["grid"] == list(GRID)
    assert table["how"]["seed"] == TUNING
    for benchmark, row in table["learning_rates"].items():
        for model, rate in row.items():
            assert rate == best({float(tried): score for tried, score in table["scores"][benchmark][model].items()})


def test_what_was_not_tuned_has_the_default() -> None:
    assert rates.learning_rate("no-such-benchmark", "no-such-model") == rates.DEFAULT
