from pathlib import Path

import pytest

from benchmarks.execution.outdated import outdated_records, reason
from benchmarks.execution.store_status import merged_manifest, store_status
from benchmarks.planning.plan import Plan
from results.store.store import Store
from tests.benchmarks.execution.test_store_status import finish, plan


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store", create=True)


def outdated(a_plan: Plan, store: Store) -> list[tuple[str, int, str]]:
    """Status, seed and reason of each outdated record."""
    cells = merged_manifest(a_plan, store).cells
    found = outdated_records(cells, store_status(cells, store, a_plan.planner), a_plan, store)
    return [(one.status, one.header.seed, reason(one, a_plan, store)) for one in found]


def test_records_are_stale_until_their_replacement_has_run(store: Store) -> None:
    finish(store, plan("scripted", settings=("training.learning_rate=0.5",)))
    finish(store, plan("scripted", seeds=(1,)))
    rate = plan("scripted").jobs[0].cell.config["training"]["learning_rate"]
    why = f"training.learning_rate 0.5, now {rate}"
    assert outdated(plan("scripted"), store) == [("stale", 0, why), ("superseded", 1, why)]


def test_a_reason_names_versions_and_new_options(store: Store) -> None:
    a_plan = plan("scripted", seeds=(0,))
    [cell] = [job.cell for job in a_plan.jobs]
    model = dict(list(cell.config["model"].items())[1:])
    [option] = cell.config["model"].keys() - model.keys()
    old = cell.model_copy(
        update={
            "version": {**cell.version, "model": "0"},
            "config": {**cell.config, "model": model},
        }
    )
    finish(store, a_plan)
    record = next(iter(store))
    store.path(record.id).unlink()
    store.write(record.model_copy(update={"id": old.id, "cell": old}))
    assert outdated(a_plan, store) == [
        (
            "stale",
            0,
            f"model version 0, now {cell.version['model']}, "
            f"model.{option} unset, now {cell.config['model'][option]}",
        )
    ]


def test_records_with_other_benchmark_options_are_not_outdated(store: Store) -> None:
    finish(store, plan("scripted", settings=("steps=9",)))
    assert outdated(plan("scripted"), store) == []
