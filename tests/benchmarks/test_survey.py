from pathlib import Path

import pytest

from benchmarks.catalog import Catalog
from benchmarks.plan import Plan, Request, make_plan, planned
from benchmarks.settings import parse_settings
from benchmarks.survey import merged_manifest, survey
from results.provenance import now, provenance
from results.record import Cost, Failure, Outcome, failed, succeeded
from results.store import Store
from tests.benchmarks.command import PLUGINS

CATALOG = Catalog.read((PLUGINS / "wee.py", PLUGINS / "scripted.py"))


def plan(*models: str, settings: tuple[str, ...] = (), seeds: tuple[int, ...] = (0, 1), catalog: Catalog = CATALOG) -> Plan:
    return make_plan(catalog, Request(name="wee", models=models, seeds=seeds, settings=parse_settings(settings)))


def finish(store: Store, a_plan: Plan, *, well: bool = True) -> None:
    origin = provenance(device="cpu", threads=1, started_at=now())
    for job in a_plan.jobs:
        outcome = Outcome(metrics={"accuracy": 0.5}, cost=Cost(train_seconds=2.0))
        store.write(succeeded(job.cell, outcome, origin) if well else failed(job.cell, Failure(type="E", message="m"), origin))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store", create=True)


def count(a_plan: Plan, store: Store) -> dict[str, int]:
    return {**survey(tuple(planned(job.cell) for job in a_plan.jobs), store).count()}


def test_the_four_standings(store: Store) -> None:
    assert count(plan("scripted"), store) == {"done": 0, "failed": 0, "stale": 0, "missing": 2}
    finish(store, plan("scripted", settings=("steps=9",)))
    assert count(plan("scripted"), store) == {"done": 0, "failed": 0, "stale": 2, "missing": 0}
    finish(store, plan("scripted", seeds=(0,)))
    finish(store, plan("scripted", seeds=(1,)), well=False)
    assert count(plan("scripted", seeds=(0, 1, 2)), store) == {"done": 1, "failed": 1, "stale": 0, "missing": 1}


def test_a_damaged_record_is_missing(store: Store) -> None:
    finish(store, plan("scripted"))
    store.path(plan("scripted").jobs[0].cell.id).write_text("{")
    assert count(plan("scripted"), store) == {"done": 1, "failed": 0, "stale": 0, "missing": 1}
    assert len(store.damaged()) == 1


def test_a_store_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert count(plan("scripted"), Store(tmp_path / "none")) == {"done": 0, "failed": 0, "stale": 0, "missing": 2}
    assert list(tmp_path.iterdir()) == []


def merge(store: Store, a_plan: Plan) -> list[str]:
    store.write_manifest(merged_manifest(a_plan, store))
    (manifest,) = store.manifests()
    return [cell.model for cell in manifest.cells]


def test_manifests_of_one_name_are_joined(store: Store) -> None:
    assert merge(store, plan("scripted", seeds=(0,))) == ["scripted"]
    assert merge(store, plan("scripted[width=8]", seeds=(0,))) == ["scripted[width=8]", "scripted"]
    assert merge(store, plan("scripted", seeds=(0,))) == ["scripted", "scripted[width=8]"]


def test_cells_of_other_settings_are_forgotten(store: Store) -> None:
    merge(store, plan("scripted[width=8]", seeds=(0,), settings=("steps=9",)))
    assert merge(store, plan("scripted", seeds=(0,))) == ["scripted"]


def test_cells_of_a_plugin_that_is_not_given_now_are_kept_if_they_were_run(store: Store, tmp_path: Path) -> None:
    guest = tmp_path / "guest.py"
    guest.write_text('"""A guest."""\nKIND = "model"\n')
    with_guest = Catalog.read((PLUGINS / "wee.py", PLUGINS / "scripted.py", guest))
    merge(store, plan("guest", seeds=(0,), catalog=with_guest))
    assert merge(store, plan("scripted", seeds=(0,))) == ["scripted"]
    merge(store, plan("guest", seeds=(0,), catalog=with_guest))
    finish(store, plan("guest", seeds=(0,), catalog=with_guest))
    assert merge(store, plan("scripted", seeds=(0,))) == ["scripted", "guest"]


def test_a_manifest_that_cannot_be_read_is_replaced(store: Store) -> None:
    (store.root / "manifests" / "wee.json").write_text("{}")
    assert merge(store, plan("scripted", seeds=(0,))) == ["scripted"]
