"""Outdated records: those that planned cells replace, and what differs between the two."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.execution.store_status import Key, PlannedOptions, StoreStatus
from benchmarks.planning.plan import Plan
from results.errors import UsageError
from results.records.cell import Cell
from results.records.header import RecordHeader
from results.records.manifest import Planned
from results.records.same_benchmark import same_benchmark
from results.store.store import Store

MAX_DIFFERENCES = 3
"""Maximum number of differences that a reason names."""


@dataclass(frozen=True, slots=True)
class OutdatedRecord:
    """A record that a planned cell of the same names and benchmark options replaces.

    Attributes:
        header: The record's header.
        status: ``stale`` if the planned cell has no record yet, else ``superseded``.
        replacement: Id of the planned cell.
    """

    header: RecordHeader
    status: Literal["stale", "superseded"]
    replacement: str


def outdated_records(
    cells: Sequence[Planned], found: StoreStatus, plan: Plan, store: Store
) -> list[OutdatedRecord]:
    """Return the outdated records of a plan, ordered by status and label.

    Args:
        cells: The planned cells, of the merged manifest.
        found: Their status.
        plan: The plan.
        store: The store.
    """
    by_key: dict[Key, list[Planned]] = defaultdict(list)
    for cell in cells:
        by_key[cell.benchmark, cell.model, cell.method, cell.seed].append(cell)
    planned_ids = {cell.id for cell in cells}
    options = PlannedOptions(plan.planner)
    outdated: list[OutdatedRecord] = []
    for cell_id in store.ids():
        header = None if cell_id in planned_ids else store.header(cell_id)
        if header is None:
            continue
        for cell in by_key.get(header.key, []):
            own = found.headers.get(cell.id)
            if (
                same_benchmark(own.options, header.options)
                if own is not None
                else options.match(cell, [header.options])
            ):
                status: Literal["stale", "superseded"] = "stale" if own is None else "superseded"
                outdated.append(OutdatedRecord(header, status, cell.id))
                break
    return sorted(outdated, key=lambda one: (one.status, one.header.label, one.header.id))


def reason(outdated: OutdatedRecord, plan: Plan, store: Store) -> str:
    """Return which versions and options of an outdated record differ from its replacement's."""
    record = store.read(outdated.header.id)
    new = _planned_cell(outdated.replacement, outdated.header, plan, store)
    if record is None or new is None:
        return "other versions or options"
    found = list(_differences(record.cell, new))
    more = f" and {len(found) - MAX_DIFFERENCES} more" if len(found) > MAX_DIFFERENCES else ""
    return ", ".join(found[:MAX_DIFFERENCES]) + more


def _planned_cell(cell_id: str, header: RecordHeader, plan: Plan, store: Store) -> Cell | None:
    for job in plan.jobs:
        if job.cell.id == cell_id:
            return job.cell
    record = store.read(cell_id)
    if record is not None:
        return record.cell
    try:
        cell = plan.planner.again(*header.key).cell
    except UsageError:
        return None
    return cell if cell.id == cell_id else None


def _differences(old: Cell, new: Cell) -> Iterator[str]:
    yield from _changed(old.version, new.version, "{} version")
    for part in dict.fromkeys((*old.config, *new.config)):
        yield from _changed(old.config.get(part, {}), new.config.get(part, {}), f"{part}.{{}}")


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> Iterator[str]:
    for key in dict.fromkeys((*old, *new)):
        if key not in old:
            yield f"{name.format(key)} unset, now {new[key]}"
        elif key not in new:
            yield f"{name.format(key)} {old[key]}, now unset"
        elif old[key] != new[key]:
            yield f"{name.format(key)} {old[key]}, now {new[key]}"
