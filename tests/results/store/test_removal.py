from pathlib import Path

import pytest

from results.records.manifest import Described
from results.store.removal import remove_cell, remove_from_manifests
from results.store.store import Store
from tests.reports.conftest import TASK, cell, manifest, task_record


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store", create=True)


def files(store: Store) -> set[str]:
    return {
        path.relative_to(store.root).as_posix()
        for path in store.root.rglob("*")
        if path.is_file() or path.is_symlink()
    }


def test_all_files_of_a_cell_are_deleted_and_no_others(store: Store, tmp_path: Path) -> None:
    one, other = cell("memnet", 0), cell("lstm", 0)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "events").write_text("mine")
    for each in (one, other):
        store.write(task_record(each, [0.5]))
        for name in (f"logs/{each.id}.log", f"checkpoints/{each.id}.safetensors"):
            (store.root / name).parent.mkdir(exist_ok=True)
            (store.root / name).write_text("")
    folder = store.root / "tensorboard" / "delayed-recall" / "memnet" / "supervised"
    folder.mkdir(parents=True)
    (folder / f"seed-0-{one.id}").symlink_to(tmp_path / "outside")
    (folder / f"seed-1-{one.id}").mkdir()
    (folder / f"seed-1-{one.id}" / "events").write_text("")
    for log in ("csv", "training-logs/my_logger"):
        path = store.root / log / "delayed-recall" / "memnet" / "supervised" / f"seed-0-{one.id}"
        path.mkdir(parents=True)
        (path / "log.csv").write_text("")
    assert remove_cell(store, one.id)
    assert files(store) == {
        f"records/{other.id}.json",
        f"logs/{other.id}.log",
        f"checkpoints/{other.id}.safetensors",
    }
    assert (tmp_path / "outside" / "events").read_text() == "mine"


def test_a_running_cell_is_not_removed(store: Store) -> None:
    record = task_record(cell("memnet", 0), [0.5])
    store.write(record)
    held = store.lock(record.id)
    assert held is not None
    with held:
        assert not remove_cell(store, record.id)
    assert store.ids() == [record.id]


def test_manifests_lose_cells_and_what_only_they_have(store: Store) -> None:
    cells = [cell(model, seed) for model in ("memnet", "lstm") for seed in (0, 1)]
    models = tuple(Described(name=name) for name in ("memnet", "lstm"))
    plan = manifest(cells, TASK).model_copy(update={"models": models})
    store.write_manifest(plan)
    store.write_manifest(manifest(cells[:2], TASK, name="other"))
    remove_from_manifests(store, {one.id for one in cells[:2]})
    [left] = store.manifests()
    assert [one.model for one in left.cells] == ["lstm", "lstm"]
    assert [one.name for one in left.models] == ["lstm"]
    assert [one.name for one in left.benchmarks] == [TASK.name]
