import json
import os
from pathlib import Path

import pytest

from results.errors import UsageError
from results.records.cell import Cell
from results.records.manifest import MANIFEST_SCHEMA, Benchmark, Manifest
from results.records.record import RECORD_SCHEMA, Outcome, Record, succeeded
from results.records.record_parts import Cost, Provenance
from results.store.locks import Lock, lock
from results.store.store import Store, stores_of, write_whole

PROVENANCE = Provenance(
    python="3.11",
    platform="Linux",
    cpu="A",
    device="cpu",
    threads=1,
    started_at="a",
    finished_at="b",
)


NEWER = json.dumps({"schema": RECORD_SCHEMA + 1})


def record(seed: int = 0, accuracy: float = 0.5) -> Record:
    cell = Cell(
        benchmark="induction", model="memnet", method="supervised", seed=seed, config={}, version={}
    )
    return succeeded(cell, Outcome(metrics={"accuracy": accuracy}, cost=Cost()), PROVENANCE)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "runs", create=True)


def test_store_yields_records_ordered_by_id(store: Store) -> None:
    records = [record(seed) for seed in range(4)]
    for one in records:
        store.write(one)
    assert list(store) == sorted(records, key=lambda one: one.id)
    assert store.read(records[2].id) == records[2]
    assert store.read("0" * 16) is None


def test_write_replaces_a_record(store: Store) -> None:
    store.write(record(accuracy=0.5))
    store.write(record(accuracy=0.7))
    assert [one.metrics["accuracy"] for one in store] == [0.7]


def test_failed_write_leaves_only_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "file.json"
    write_whole(target, "old")

    def broken(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(OSError, match="disk full"):
        write_whole(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_write_whole_writes_text_and_bytes_unchanged(tmp_path: Path) -> None:
    write_whole(tmp_path / "deep" / "text", "ä\r\n")
    write_whole(tmp_path / "bytes", b"\x00\xff")
    assert (tmp_path / "deep" / "text").read_bytes() == b"\xc3\xa4\r\n"
    assert (tmp_path / "bytes").read_bytes() == b"\x00\xff"


@pytest.mark.parametrize("damage", ["", "{", '{"schema": 2}', "[]"])
def test_store_sets_damaged_records_aside(store: Store, damage: str) -> None:
    store.write(record(1))
    path = store.path(record().id)
    path.write_text(damage)
    assert [one.cell.seed for one in store] == [1]
    assert not path.exists()
    [(aside, reason)] = store.damaged()
    assert aside.read_text() == damage
    assert reason.strip()


def test_store_detects_changed_numbers(store: Store) -> None:
    for number in ("NaN", "0.6"):
        store.write(record())
        path = store.path(record().id)
        path.write_text(path.read_text().replace("0.5", number))
        assert store.header(record().id) is None
    assert [path.name for path, _ in store.damaged()] == sorted(
        f"{record().id}{end}.json" for end in ("", "-1")
    )


def test_store_reads_headers(store: Store) -> None:
    store.write(record(3))
    found = store.header(record(3).id)
    assert found is not None
    assert found.key == record(3).cell.key
    assert store.header("0" * 16) is None


def test_store_leaves_newer_records_in_place(store: Store) -> None:
    path = store.path(record().id)
    path.write_text(NEWER)
    for read in (store.read, store.header):
        with pytest.raises(UsageError, match=f"{path}.*schema {RECORD_SCHEMA + 1}"):
            read(record().id)
    assert path.read_text() == NEWER
    assert store.damaged() == []


def test_store_leaves_damaged_records_of_running_cells(store: Store) -> None:
    path = store.path(record().id)
    path.write_text("{")
    held = store.lock(record().id)
    assert held is not None
    assert store.read(record().id) is None
    assert path.read_text() == "{"
    held.release()
    assert store.read(record().id) is None
    assert not path.exists()


def test_store_names_paths_that_are_no_files(store: Store) -> None:
    path = store.path(record().id)
    os.mkfifo(path)
    with pytest.raises(UsageError, match="not a regular file; fix that"):
        store.read(record().id)
    path.unlink()
    path.mkdir()
    with pytest.raises(UsageError, match="not a regular file; fix that"):
        list(store)


def test_mark_changes_with_the_file_only(store: Store) -> None:
    assert store.mark(record().id) is None
    store.write(record())
    first = store.mark(record().id)
    assert store.mark(record().id) == first
    store.write(record())
    assert store.mark(record().id) != first


def test_damaged_works_without_a_reason_file(store: Store) -> None:
    store.path(record().id).write_text("{")
    assert store.read(record().id) is None
    [(path, _)] = store.damaged()
    path.with_suffix(".why").unlink()
    [(_, reason)] = store.damaged()
    assert reason.strip()


def test_store_rejects_copies_under_another_name(store: Store) -> None:
    store.write(record())
    copy = store.path("f" * 16)
    copy.write_text(store.path(record().id).read_text())
    assert list(store) == [record()]
    [(_, reason)] = store.damaged()
    assert record().id in reason


def test_open_names_a_missing_store(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no store"):
        Store.open(tmp_path / "nowhere")


def test_open_names_a_store_that_is_not_writable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write to the store"):
        Store.open(tmp_path / "file", create=True)


def test_manifests_round_trip_and_damage_is_named(store: Store) -> None:
    member = Benchmark(name="induction", kind="task", primary="accuracy", chance=0.0625)
    manifests = [
        Manifest(name=name, benchmarks=(member,), cells=()) for name in ("quick", "induction")
    ]
    for one in manifests:
        store.write_manifest(one)
    assert store.manifests() == manifests[::-1]
    (store.root / "manifests" / "quick.json").write_text("{")
    with pytest.raises(UsageError, match=r"quick\.json: the manifest is damaged.*the records stay"):
        store.manifests()


def test_manifests_reject_a_newer_schema(store: Store) -> None:
    path = store.root / "manifests" / "quick.json"
    path.write_text(json.dumps({"schema": MANIFEST_SCHEMA + 1, "name": "quick"}))
    with pytest.raises(
        UsageError,
        match=rf"quick\.json: the manifest has schema {MANIFEST_SCHEMA + 1}, .* newer memnet-bench",
    ):
        store.manifests()


def test_manifests_without_a_schema_are_read(store: Store) -> None:
    path = store.root / "manifests" / "quick.json"
    path.write_text('{"name": "quick", "benchmarks": [], "cells": []}')
    assert store.manifests() == [Manifest(name="quick", benchmarks=(), cells=())]


def test_sweep_deletes_files_of_killed_runners_only(store: Store) -> None:
    """The file of a running cell stays."""
    store.write(record())
    (store.root / "weights").mkdir()
    begun = [
        store.root / folder / f".{record(seed).id}.{ending}.abc.tmp"
        for folder, ending in (("records", "json"), ("weights", "safetensors"))
        for seed in (1, 2)
    ]
    for path in begun:
        path.write_text("{")
    held = store.lock(record(1).id)
    assert held is not None
    store.sweep()
    assert [path.exists() for path in begun] == [True, False] * 2
    held.release()
    store.sweep()
    assert sorted(path.name for path in (store.root / "records").iterdir()) == [
        f"{record().id}.json"
    ]


def test_store_does_not_set_aside_a_replaced_record(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A runner writes a valid record after the damaged one was read, and releases its lock."""
    store.path(record().id).write_text("{")

    def finished(path: Path) -> Lock | None:
        store.write(record())
        return lock(path)

    monkeypatch.setattr("results.store.store.lock", finished)
    assert store.read(record().id) is None
    assert store.read(record().id) == record()
    assert store.damaged() == []


def test_one_store_is_a_sequence_of_one(tmp_path: Path) -> None:
    one, other = (Store.open(tmp_path / name, create=True) for name in "ab")
    assert list(stores_of(one)) == [one]
    assert list(stores_of([one, other])) == [one, other]
