from pathlib import Path

import pytest

from benchmarks.execution.store_status import merged_manifest, store_status
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.plan import Plan, make_plan, planned
from benchmarks.planning.request import Request
from benchmarks.planning.set_options import parse_settings
from reports.analysis.selection import select
from results.records.provenance import now, provenance
from results.records.record import Outcome, failed, succeeded
from results.records.record_parts import Cost, Failure
from results.store.store import Store
from tests.benchmarks.command import PLUGINS, WITH_PLUGINS, memnet

CATALOG = Catalog.read((PLUGINS / "wee.py", PLUGINS / "scripted.py"))


def plan(
    *models: str,
    settings: tuple[str, ...] = (),
    seeds: tuple[int, ...] = (0, 1),
    catalog: Catalog = CATALOG,
) -> Plan:
    return make_plan(
        catalog, Request(name="wee", models=models, seeds=seeds, settings=parse_settings(settings))
    )


def finish(store: Store, a_plan: Plan, *, ok: bool = True) -> None:
    origin = provenance(device="cpu", threads=1, started_at=now())
    for job in a_plan.jobs:
        outcome = Outcome(metrics={"accuracy": 0.5}, cost=Cost(train_seconds=2.0))
        store.write(
            succeeded(job.cell, outcome, origin)
            if ok
            else failed(job.cell, Failure(type="E", message="m"), origin)
        )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store", create=True)


def count(a_plan: Plan, store: Store) -> dict[str, int]:
    return {
        **store_status(
            tuple(planned(job.cell) for job in a_plan.jobs), store, a_plan.planner
        ).count()
    }


def test_each_of_the_four_statuses_is_counted(store: Store) -> None:
    assert count(plan("scripted"), store) == {"done": 0, "failed": 0, "stale": 0, "missing": 2}
    finish(store, plan("scripted", settings=("training.learning_rate=0.5",)))
    assert count(plan("scripted"), store) == {"done": 0, "failed": 0, "stale": 2, "missing": 0}
    finish(store, plan("scripted", seeds=(0,)))
    finish(store, plan("scripted", seeds=(1,)), ok=False)
    assert count(plan("scripted", seeds=(0, 1, 2)), store) == {
        "done": 1,
        "failed": 1,
        "stale": 0,
        "missing": 1,
    }


def test_a_record_with_other_benchmark_options_makes_no_cell_stale(store: Store) -> None:
    finish(store, plan("scripted", settings=("steps=9",)))
    assert count(plan("scripted"), store) == {"done": 0, "failed": 0, "stale": 0, "missing": 2}


def test_a_damaged_record_is_missing(store: Store) -> None:
    finish(store, plan("scripted"))
    store.path(plan("scripted").jobs[0].cell.id).write_text("{")
    assert count(plan("scripted"), store) == {"done": 1, "failed": 0, "stale": 0, "missing": 1}
    assert len(store.damaged()) == 1


def test_a_missing_store_holds_no_cells(tmp_path: Path) -> None:
    assert count(plan("scripted"), Store(tmp_path / "none")) == {
        "done": 0,
        "failed": 0,
        "stale": 0,
        "missing": 2,
    }
    done = memnet(
        "status",
        "wee",
        *WITH_PLUGINS,
        "--models",
        "scripted",
        "--seeds",
        "1",
        "--store",
        str(tmp_path / "none"),
    )
    assert (
        "none, which does not exist yet: 1 cell: 0 done, 0 failed, 0 stale, 1 missing"
        in done.stdout
    )
    assert list(tmp_path.iterdir()) == []


def merge(store: Store, a_plan: Plan) -> list[str]:
    store.write_manifest(merged_manifest(a_plan, store))
    (manifest,) = store.manifests()
    return [cell.model for cell in manifest.cells]


def test_manifests_of_one_name_are_merged(store: Store) -> None:
    assert merge(store, plan("scripted", seeds=(0,))) == ["scripted"]
    assert merge(store, plan("scripted[width=8]", seeds=(0,))) == ["scripted[width=8]", "scripted"]
    assert merge(store, plan("scripted", seeds=(0,))) == ["scripted", "scripted[width=8]"]


def test_cells_of_other_settings_without_records_are_dropped(store: Store) -> None:
    merge(store, plan("scripted[width=8]", seeds=(0,), settings=("steps=9",)))
    assert merge(store, plan("scripted", seeds=(0,))) == ["scripted"]


def test_cells_with_other_benchmark_options_stay_if_their_row_has_a_record(store: Store) -> None:
    """Seed 0 has a record; seed 1 of its row has none, and stays with it.

    The other row has no record, so its options are unknown, and it is dropped.
    """
    nine = ("steps=9",)
    merge(store, plan("scripted", "scripted[width=8]", settings=nine))
    finish(store, plan("scripted", seeds=(0,), settings=nine))
    assert merge(store, plan("scripted", "scripted[width=8]", seeds=(0, 1))) == [
        *["scripted", "scripted[width=8]"] * 2,
        *["scripted"] * 2,
    ]
    merge(store, plan("scripted", settings=nine))
    assert len(merge(store, plan("scripted", seeds=(0, 1)))) == 4


def test_cells_of_another_version_are_dropped_when_planned_again(store: Store) -> None:
    before = plan("scripted", settings=("training.learning_rate=0.5",))
    merge(store, before)
    finish(store, before)
    assert len(merge(store, plan("scripted"))) == 2


def test_cells_of_a_plugin_that_is_not_given_stay_if_they_have_a_record(
    store: Store, tmp_path: Path
) -> None:
    guest = tmp_path / "guest.py"
    guest.write_text('"""A guest."""\nKIND = "model"\n')
    with_guest = Catalog.read((PLUGINS / "wee.py", PLUGINS / "scripted.py", guest))
    merge(store, plan("guest", seeds=(0,), catalog=with_guest))
    assert merge(store, plan("scripted", seeds=(0,))) == ["scripted"]
    merge(store, plan("guest", seeds=(0,), catalog=with_guest))
    finish(store, plan("guest", seeds=(0,), catalog=with_guest))
    assert merge(store, plan("scripted", seeds=(0,))) == ["scripted", "guest"]


def test_a_benchmark_with_two_settings_has_two_rows_in_leaderboard_and_status(
    store: Store,
) -> None:
    for settings in (("steps=9",), ()):
        a_plan = plan("scripted", settings=settings)
        merge(store, a_plan)
        finish(store, a_plan)
    selection = select(store)
    assert [(entry.subject.name, entry.seeds) for entry in selection.entries] == [
        ("wee[steps=4]", "2/2"),
        ("wee[steps=9]", "2/2"),
    ]
    assert selection.stale == ()
    lines = memnet(
        "status",
        "wee",
        *WITH_PLUGINS,
        "--models",
        "scripted",
        "--seeds",
        "2",
        "--store",
        str(store.root),
    ).stdout.splitlines()
    assert "4 cells: 4 done, 0 failed, 0 stale, 0 missing" in lines[0]
    assert lines[1] == "memnet run with these options: 0 of 2 to run"
    assert [line.split()[0] for line in lines[5:]] == ["wee[steps=4]", "wee[steps=9]"]


def test_an_unreadable_manifest_is_replaced(store: Store) -> None:
    (store.root / "manifests" / "wee.json").write_text("{}")
    assert merge(store, plan("scripted", seeds=(0,))) == ["scripted"]
