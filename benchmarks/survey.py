"""What a store already holds of a plan: done, failed, stale or missing; and the manifest that fits both."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from benchmarks.plan import Plan, planned
from benchmarks.planner import Job
from results.cell import Cell
from results.errors import UsageError
from results.manifest import Manifest, Planned
from results.record import Record
from results.store import Store

Standing = Literal["done", "failed", "stale", "missing"]
STANDINGS: tuple[Standing, ...] = ("done", "failed", "stale", "missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """How each planned cell stands.

    Attributes:
        standing: By cell id. *Stale* is a missing cell of which the store holds a record under another id: made with other options or by an
            earlier version.
        records: The records of the planned cells that have one.
    """

    standing: dict[str, Standing]
    records: dict[str, Record]

    def count(self) -> dict[Standing, int]:
        """Number of cells by standing."""
        counted = Counter(self.standing.values())
        return {standing: counted[standing] for standing in STANDINGS}


def survey(cells: tuple[Planned, ...], store: Store) -> Survey:
    """Compare planned cells with a store, which need not exist yet."""
    ids = {cell.id for cell in cells}
    records = {cell.id: record for cell in cells if (record := store.read(cell.id)) is not None}
    others: set[tuple[str, str, str, int]] = set()
    if len(records) < len(cells):
        others = {record.cell.key for record in store if record.id not in ids}
    standing: dict[str, Standing] = {}
    for cell in cells:
        record = records.get(cell.id)
        if record is not None:
            standing[cell.id] = "done" if record.status == "ok" else "failed"
        else:
            standing[cell.id] = "stale" if (cell.benchmark, cell.model, cell.method, cell.seed) in others else "missing"
    return Survey(standing=standing, records=records)


def merged_manifest(plan: Plan, store: Store) -> Manifest:
    """Return the plan's manifest, joined by the cells of the store's earlier manifest of that name that are still current.

    So ``run induction --models a`` and then ``--models b`` describe one comparison of both. A cell is still current if planning it again,
    with today's versions and settings, gives the same id; one whose model or method came by a plugin that is not given now is kept if it
    has a record.
    """
    new = plan.manifest()
    names = {benchmark.name for benchmark in new.benchmarks}
    planned_keys = {_key(cell) for cell in new.cells}
    earlier = _earlier(plan.name, store)
    if earlier is None:
        return new
    kept = [cell for cell in earlier.cells if _key(cell) not in planned_keys and _current(plan, cell, store)]
    wanted = {cell.benchmark for cell in kept} - names
    others = [benchmark for benchmark in earlier.benchmarks if benchmark.name in wanted]
    return new.model_copy(update={"benchmarks": (*new.benchmarks, *others), "cells": (*new.cells, *kept)})


def seconds(record: Record) -> float:
    """How long a cell took, by its own account; only good for a forecast."""
    return record.cost.train_seconds + record.cost.eval_seconds


def _key(cell: Planned) -> tuple[str, str, str, int]:
    return (cell.benchmark, cell.model, cell.method, cell.seed)


def _earlier(name: str, store: Store) -> Manifest | None:
    path: Path = store.root / "manifests" / f"{name}.json"
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None  # none yet, or of another version: the new one takes its place


def _current(plan: Plan, cell: Planned, store: Store) -> bool:
    try:
        job: Job = plan.planner.again(cell.benchmark, cell.model, cell.method, cell.seed)
    except UsageError:
        return store.read(cell.id) is not None
    again: Cell = job.cell
    return planned(again) == cell
