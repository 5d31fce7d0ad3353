"""The status of each planned cell in a store (done, failed, stale or missing), and the manifest."""

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
    """The status of each planned cell.

    Attributes:
        statuses: By cell id. *Stale* is a missing cell for which the store holds a record of the
            same benchmark with the same benchmark options under another id: made by an earlier
            version, or with other options of the model, the method or the training.
        headers: By cell id, the headers of the planned cells' records.
        marks: By cell id, the mark that identifies the version of the record that was read; None
            without a record.
    """

    statuses: dict[str, CellStatus]
    headers: dict[str, RecordHeader]
    marks: dict[str, Mark | None]

    def count(self) -> dict[CellStatus, int]:
        """Return the number of cells by status."""
        counted = Counter(self.statuses.values())
        return {status: counted[status] for status in CELL_STATUSES}


def store_status(cells: tuple[Planned, ...], store: Store, planner: Planner) -> StoreStatus:
    """Compare planned cells with a store, which need not exist yet.

    Args:
        cells: Cells of the planner or of a merged manifest.
        store: The store.
        planner: Resolves the options of the cells' benchmarks.
    """
    ids = [cell.id for cell in cells]
    marks: dict[str, Mark | None] = {}
    headers: dict[str, RecordHeader] = {}
    for cell_id in ids:
        # The mark first: if the record is replaced meanwhile, the mark is that of the old version.
        marks[cell_id] = store.mark(cell_id)
        if marks[cell_id] is not None and (found := store.header(cell_id)) is not None:
            headers[cell_id] = found
    others: dict[Key, list[Options]] = defaultdict(list)
    if len(headers) < len(cells):
        for cell_id in sorted({*store.ids()} - {*ids}):
            if (found := store.header(cell_id)) is not None:
                others[found.key].append(found.options)
    planned_options = PlannedOptions(planner)
    statuses: dict[str, CellStatus] = {}
    for cell in cells:
        header = headers.get(cell.id)
        if header is not None:
            statuses[cell.id] = "done" if header.status == "ok" else "failed"
        elif planned_options.match(cell, others.get(_key(cell), [])):
            statuses[cell.id] = "stale"
        else:
            statuses[cell.id] = "missing"
    return StoreStatus(statuses=statuses, headers=headers, marks=marks)


def merged_manifest(plan: Plan, store: Store) -> Manifest:
    """Return the plan's manifest, merged with the valid cells of the store's present manifest.

    So ``run induction --models a`` and then ``--models b`` describe one comparison of both. An
    earlier cell is still valid if planning it again, with the present versions and options, gives
    the same id. Two other cells stay. One is a cell with a record whose model or method is from a
    plugin that is not given now. The other is a cell of the same benchmark with other benchmark
    options, if its record or a record of its row shows these options.
    """
    new = plan.manifest()
    names = {benchmark.name for benchmark in new.benchmarks}
    planned_keys = {_key(cell) for cell in new.cells}
    earlier = _earlier_manifest(plan.name, store)
    if earlier is None:
        return new
    current = {
        cell.id
        for cell in earlier.cells
        if _key(cell) not in planned_keys and _is_current(plan, cell, store)
    }
    settled = current | {cell.id for cell in new.cells}
    rest = [cell for cell in earlier.cells if cell.id not in settled]
    valid_ids = current | {cell.id for cell in _with_other_options(rest, store, plan.planner)}
    valid = [cell for cell in earlier.cells if cell.id in valid_ids]
    missing_names = {cell.benchmark for cell in valid} - names
    others = [benchmark for benchmark in earlier.benchmarks if benchmark.name in missing_names]
    return new.model_copy(
        update={
            "benchmarks": (*new.benchmarks, *others),
            "models": _merged(new.models, earlier.models, {cell.model for cell in valid}),
            "methods": _merged(new.methods, earlier.methods, {cell.method for cell in valid}),
            "cells": (*new.cells, *valid),
        }
    )


def _merged(
    new: tuple[Described, ...], earlier: tuple[Described, ...], names: set[str]
) -> tuple[Described, ...]:
    """Add the earlier descriptions of ``names`` to the plan's descriptions."""
    known = {one.name for one in new}
    return (*new, *(one for one in earlier if one.name in names - known))


def _with_other_options(cells: Sequence[Planned], store: Store, planner: Planner) -> list[Planned]:
    """Select the cells whose benchmark options are known to differ from the planner's."""
    known = {
        cell.id: found.options for cell in cells if (found := store.header(cell.id)) is not None
    }
    possible, planned_options = possible_options(cells, known), PlannedOptions(planner)
    return [
        cell
        for cell in cells
        if possible[cell.id] and not planned_options.match(cell, possible[cell.id])
    ]


class PlannedOptions:
    """The planner's options of each benchmark; each is resolved once."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._options: dict[str, Options | None] = {}

    def match(self, cell: Planned, others: Sequence[Options]) -> bool:
        """Return whether the planner's options of the cell's benchmark equal one of ``others``.

        A benchmark that is unknown now matches.
        """
        if others and cell.benchmark not in self._options:
            try:
                self._options[cell.benchmark] = self._planner.variant_options(
                    self._planner.catalog.benchmark(cell.benchmark)
                )
            except UsageError:
                self._options[cell.benchmark] = None  # from a plugin that is not given
        mine = self._options.get(cell.benchmark)
        return any(mine is None or same_benchmark(mine, other) for other in others)


def _key(cell: Planned) -> Key:
    return (cell.benchmark, cell.model, cell.method, cell.seed)


def _earlier_manifest(name: str, store: Store) -> Manifest | None:
    path: Path = store.root / "manifests" / f"{name}.json"
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None  # none yet, or of another version: the new one replaces it


def _is_current(plan: Plan, cell: Planned, store: Store) -> bool:
    try:
        job: Job = plan.planner.again(cell.benchmark, cell.model, cell.method, cell.seed)
    except UsageError:
        return store.mark(cell.id) is not None
    again: Cell = job.cell
    return planned(again) == cell
