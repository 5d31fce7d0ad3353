"""What a store already holds of a plan: done, failed, stale or missing.

And the manifest that fits both.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from benchmarks.planning.jobs import Job, Planner
from benchmarks.planning.plan import Plan, planned
from results.errors import UsageError
from results.records.cell import Cell
from results.records.header import RecordHeader
from results.records.manifest import Described, Manifest, Planned
from results.records.same_benchmark import Options, possible_options, same_benchmark
from results.store.store import Mark, Store

CellStatus = Literal["done", "failed", "stale", "missing"]
CELL_STATUSES: tuple[CellStatus, ...] = ("done", "failed", "stale", "missing")
Key = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    """How each planned cell stands.

    Attributes:
        standing: By cell id. *Stale* is a missing cell of which the store holds a record under
            another id that answers the same question: made by an earlier version, or with other
            options of the model, the method or the training.
        outlines: What the records of the planned cells say, of those that have one.
        marks: What tells the version of each planned cell's record, as it was read; None where
            there was none.
    """

    standing: dict[str, CellStatus]
    headers: dict[str, RecordHeader]
    marks: dict[str, Mark | None]

    def count(self) -> dict[CellStatus, int]:
        """Number of cells by standing."""
        counted = Counter(self.standing.values())
        return {standing: counted[standing] for standing in CELL_STATUSES}


def store_status(cells: tuple[Planned, ...], store: Store, planner: Planner) -> StoreStatus:
    """Compare planned cells with a store, which need not exist yet.

    Args:
        cells: Cells that the planner made, or that a merged manifest kept.
        store: The store.
        planner: Knows what the cells ask.
    """
    ids = [cell.id for cell in cells]
    marks: dict[str, Mark | None] = {}
    headers: dict[str, RecordHeader] = {}
    for cell_id in ids:
        marks[cell_id] = store.mark(
            cell_id
        )  # first: of a record that is replaced meanwhile, it then tells the version before
        if marks[cell_id] is not None and (found := store.header(cell_id)) is not None:
            headers[cell_id] = found
    others: dict[Key, list[Options]] = defaultdict(list)
    if len(headers) < len(cells):
        for cell_id in sorted({*store.ids()} - {*ids}):
            if (found := store.header(cell_id)) is not None:
                others[found.key].append(found.options)
    asked = _Asked(planner)
    standing: dict[str, CellStatus] = {}
    for cell in cells:
        header = headers.get(cell.id)
        if header is not None:
            standing[cell.id] = "done" if header.status == "ok" else "failed"
        else:
            standing[cell.id] = (
                "stale" if asked.alike(cell, others.get(_key(cell), [])) else "missing"
            )
    return StoreStatus(standing=standing, headers=headers, marks=marks)


def merged_manifest(plan: Plan, store: Store) -> Manifest:
    """Return the plan's manifest, joined by the cells of the store's earlier manifest of that name that are still current.

    So ``run induction --models a`` and then ``--models b`` describe one comparison of both. A cell
    is still current if planning it again, with today's versions and settings, gives the same id;
    one whose model or method came by a plugin that is not given now is kept if it has a record. So
    is one that asks another question (the benchmark in another scenario, say), as its record tells,
    or those of its row.
    """
    new = plan.manifest()
    names = {benchmark.name for benchmark in new.benchmarks}
    planned_keys = {_key(cell) for cell in new.cells}
    earlier = _earlier(plan.name, store)
    if earlier is None:
        return new
    current = {
        cell.id
        for cell in earlier.cells
        if _key(cell) not in planned_keys and _current(plan, cell, store)
    }
    settled = current | {cell.id for cell in new.cells}
    rest = [cell for cell in earlier.cells if cell.id not in settled]
    chosen = current | {cell.id for cell in _of_other_questions(rest, store, plan.planner)}
    kept = [cell for cell in earlier.cells if cell.id in chosen]
    wanted = {cell.benchmark for cell in kept} - names
    others = [benchmark for benchmark in earlier.benchmarks if benchmark.name in wanted]
    return new.model_copy(
        update={
            "benchmarks": (*new.benchmarks, *others),
            "models": _joined(new.models, earlier.models, {cell.model for cell in kept}),
            "methods": _joined(new.methods, earlier.methods, {cell.method for cell in kept}),
            "cells": (*new.cells, *kept),
        }
    )


def _joined(
    new: tuple[Described, ...], earlier: tuple[Described, ...], kept: set[str]
) -> tuple[Described, ...]:
    """Add to what the plan describes what its manifest said before of names that are kept."""
    known = {one.name for one in new}
    return (*new, *(one for one in earlier if one.name in kept - known))


def _of_other_questions(cells: Sequence[Planned], store: Store, planner: Planner) -> list[Planned]:
    """Choose the cells that are known to ask another question than the planner's cells do."""
    known = {
        cell.id: found.options for cell in cells if (found := store.header(cell.id)) is not None
    }
    possible, asked = possible_options(cells, known), _Asked(planner)
    return [
        cell for cell in cells if possible[cell.id] and not asked.alike(cell, possible[cell.id])
    ]


class _Asked:
    """What a planner's cells ask, by benchmark; each is resolved once."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._options: dict[str, Options | None] = {}

    def alike(self, cell: Planned, others: Sequence[Options]) -> bool:
        """Whether one of these options asks what the planner asks of the cell's benchmark.

        One that is not known now is taken to.
        """
        if others and cell.benchmark not in self._options:
            try:
                self._options[cell.benchmark] = self._planner.options(
                    self._planner.catalog.benchmark(cell.benchmark)
                )
            except UsageError:
                self._options[cell.benchmark] = None  # came by a plugin that is not given
        mine = self._options.get(cell.benchmark)
        return any(mine is None or same_benchmark(mine, other) for other in others)


def _key(cell: Planned) -> Key:
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
        return store.mark(cell.id) is not None
    again: Cell = job.cell
    return planned(again) == cell
