from pathlib import Path

import pytest

from benchmarks.planning.catalog import Catalog
from benchmarks.planning.seeds import TUNING
from benchmarks.tuning.grid import Point
from benchmarks.tuning.trials import TunedRow, shorter, tuning_plan
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
    epochs: int = 3
    iterations: int = 0
    online: int = 0
"""
POINT = Point(1e-2, (("model.width", "8"),))


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "brook.py").write_text(STREAM)
    return Catalog.read((PLUGINS / "wee.py", PLUGINS / "scripted.py", tmp_path / "brook.py"))


def subject(benchmark: str, *methods: str) -> TunedRow:
    return TunedRow(benchmark=benchmark, models=("scripted",), methods=methods, options={})


def test_trials_use_the_reserved_seed_and_the_options_of_the_point(catalog: Catalog) -> None:
    (job,) = tuning_plan(catalog, subject("wee"), POINT, 0.5).jobs
    assert job.cell.seed == TUNING
    assert job.cell.config["training"] == {"learning_rate": 1e-2}
    assert job.cell.config["model"]["width"] == 8
    assert job.cell.config["benchmark"]["steps"] == 2


def test_model_is_tuned_with_replay_on_validation_data(catalog: Catalog) -> None:
    (job,) = tuning_plan(catalog, subject("brook"), Point(1e-2)).jobs
    assert job.cell.config["benchmark"]["validation"] is True
    assert job.cell.method == "er"
    assert subject("brook").key(job) == "scripted"


def test_each_method_has_a_row_of_its_own(catalog: Catalog) -> None:
    given = subject("brook", "naive", "ewc")
    keys = [given.key(job) for job in tuning_plan(catalog, given, Point(1e-2)).jobs]
    assert keys == ["scripted:naive", "scripted:ewc"]
    (job,) = tuning_plan(catalog, given, Point(1e-2), keys=["scripted:ewc"]).jobs
    assert job.cell.method == "ewc"


def test_stream_without_validation_is_refused_with_the_missing_option(tmp_path: Path) -> None:
    path = tmp_path / "brook.py"
    path.write_text(STREAM.replace("    validation: bool = False\n", ""))
    catalog = Catalog.read((PLUGINS / "scripted.py", path))
    with pytest.raises(UsageError, match=r"no option validation: add 'validation: bool = False'"):
        tuning_plan(catalog, subject("brook"), Point(1e-2))


@pytest.mark.parametrize(
    ("options", "shortened"),
    [
        ({}, {"epochs": 1}),
        ({"epochs": 8}, {"epochs": 2}),
        ({"iterations": 10}, {"iterations": 3}),
        ({"epochs": 1}, None),
        ({"online": 10}, None),
    ],
)
def test_training_on_a_stream_is_shortened(
    catalog: Catalog, options: dict[str, int], shortened: dict[str, int] | None
) -> None:
    assert shorter(catalog.streams.get("brook"), options, 0.25) == shortened
