"""Which recorded cells a run reuses, and which it runs again: the values of ``--rerun``."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from benchmarks.execution.store_status import CELL_STATUSES, CellStatus, StoreStatus
from benchmarks.planning.jobs import Job
from benchmarks.planning.plan import Plan
from results.records.header import RecordHeader
from results.store.store import Store

Rerun = Literal["nothing", "failed", "stale", "all"]

RERUN_STATUSES: Mapping[Rerun, frozenset[CellStatus]] = {
    "nothing": frozenset({"missing", "stale"}),
    "failed": frozenset({"missing", "stale", "failed"}),
    "stale": frozenset({"stale"}),
    "all": frozenset(CELL_STATUSES),
}
"""The statuses of the cells to run, by the value of ``--rerun``.

``stale`` excludes missing cells: it only replaces results of earlier versions.
"""


def todo_and_reused(
    jobs: Sequence[Job], found: StoreStatus, rerun: Rerun
) -> tuple[list[Job], list[RecordHeader]]:
    """Return the jobs to run, and the headers of the records that are reused.

    Args:
        jobs: The planned cells.
        found: Their status in the store.
        rerun: Which of the finished cells to run again.
    """
    todo = [job for job in jobs if found.statuses[job.cell.id] in RERUN_STATUSES[rerun]]
    todo_ids = {job.cell.id for job in todo}
    return todo, [header for header in found.headers.values() if header.id not in todo_ids]


def with_weights_note(plan: Plan, reused: Sequence[RecordHeader], store: Store) -> Plan:
    """Add a note to a plan that requests weights, if finished cells have none."""
    missing = [
        header for header in reused if header.status == "ok" and not has_weights(store, header.id)
    ]
    if not missing:
        return plan
    cells = "1 finished cell has" if len(missing) == 1 else f"{len(missing)} finished cells have"
    note = f"{cells} no weights; --keep-weights --rerun all runs all cells again"
    return replace(plan, notes=(*plan.notes, note))


def has_weights(store: Store, cell_id: str) -> bool:
    """Return whether a cell's record states the digest of its weights, and their file exists."""
    record = store.read(cell_id)
    path = store.weights_path(cell_id)
    return record is not None and record.weights is not None and path.is_file()
