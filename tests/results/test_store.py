from pathlib import Path

import pytest

from results.cell import Cell
from results.errors import UsageError
from results.manifest import Benchmark, Manifest
from results.record import Cost, Outcome, Provenance, Record, succeeded
from results.store import Store, write_whole

PROVENANCE = Provenance(python="3.11", platform="Linux", cpu="A", device="cpu", threads=1, started_at="a", finished_at="b")


def record(seed: int = 0, accuracy: float = 0.5) -> Record:
    cell = Cell(benchmark="induction", model="memnet", method="supervised", seed=seed, config={}, version={})
    return succeeded(cell, Outcome(metrics={"accuracy": accuracy}, cost=Cost()), PROVENANCE)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "runs", create=True)


def test_records_come_back_in_the_order_of_their_ids(store: Store) -> None:
    records = [record(seed) for seed in range(4)]
    for one in records:
        store.write(one)
    assert list(store) == sorted(records, key=lambda one: one.id)
    assert store.read(records[2].id) == records[2]
    assert store.read("0" * 16) is None


def test_a_record_is_replaced_whole(store: Store) -> None:
    store.write(record(accuracy=0.5))
    store.write(record(accuracy=0.7))
    assert [one.metrics["accuracy"] for one in store] == [0.7]


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file.json"
    write_whole(target, "old")

    def broken(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(OSError, match="disk full"):
        write_whole(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_text_and_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    write_whole(tmp_path / "deep" / "text", "ä\r\n")
    write_whole(tmp_path / "bytes", b"\x00\xff")
    assert (tmp_path / "deep" / "text").read_bytes() == b"\xc3\xa4\r\n"
    assert (tmp_path / "bytes").read_bytes() == b"\x00\xff"


@pytest.mark.parametrize("damage", ["", "{", '{"schema": 2}', "[]"])
def test_a_damaged_record_is_set_aside_with_its_reason(store: Store, damage: str) -> None:
    store.write(record(1))
    path = store.path(record().id)
    path.write_text(damage)
    assert [one.cell.seed for one in store] == [1]
    assert not path.exists()
    [(aside, reason)] = store.damaged()
    assert aside.read_text() == damage
    assert reason.strip()


def test_nan_in_a_file_is_damage(store: Store) -> None:
    store.write(record())
    path = store.path(record().id)
    path.write_text(path.read_text().replace("0.5", "NaN"))
    assert list(store) == []
    assert len(store.damaged()) == 1


def test_a_copy_under_another_name_does_not_count_twice(store: Store) -> None:
    store.write(record())
    copy = store.path("f" * 16)
    copy.write_text(store.path(record().id).read_text())
    assert list(store) == [record()]
    [(_, reason)] = store.damaged()
    assert record().id in reason


def test_a_store_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no store"):
        Store.open(tmp_path / "nowhere")


def test_a_store_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write to the store"):
        Store.open(tmp_path / "file", create=True)


def test_manifests_come_back_and_a_damaged_one_is_named(store: Store) -> None:
    member = Benchmark(name="induction", kind="task", primary="accuracy", chance=0.0625)
    manifests = [Manifest(name=name, benchmarks=(member,), cells=()) for name in ("quick", "induction")]
    for one in manifests:
        store.write_manifest(one)
    assert store.manifests() == manifests[::-1]
    (store.root / "manifests" / "quick.json").write_text("{")
    with pytest.raises(UsageError, match=r"quick\.json is damaged"):
        store.manifests()
