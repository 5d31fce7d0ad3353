"""Runs the cells of a plan that the store does not hold yet.

Finished cells are reused, so the same command resumes a run. Several runners on one store share
the cells.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from benchmarks.execution.engines.interface import Engine, Event, Files
from benchmarks.execution.progress import Display
from benchmarks.execution.store_status import (
    CELL_STATUSES,
    CellStatus,
    StoreStatus,
    merged_manifest,
    store_status,
)
from benchmarks.execution.work_queue import SharedQueue
from benchmarks.planning.jobs import Job
from benchmarks.planning.plan import Plan, planned
from results.errors import UsageError
from results.records.header import RecordHeader
from results.records.record import Record
from results.store.store import MANIFEST_TIMEOUT, Store

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Numbers of cells in a run: all, done and failed, in this run or before."""

    total: int
    done: int
    failed: int


@dataclass(slots=True)
class Run:
    """One run of a plan into a store.

    Attributes:
        plan: The cells to run.
        root: The store's folder. It is created after all checks have passed.
        engine: Runs the cells.
        display: Shows the progress.
        rerun: Which of the finished cells to run again.
        log_training: Whether to write a training log for TensorBoard.
        keep_weights: Whether to write the trained weights of each cell.
    """

    plan: Plan
    root: Path
    engine: Engine
    display: Display
    rerun: Rerun = "nothing"
    log_training: bool = False
    keep_weights: bool = False
    done: int = 0
    failed: int = 0

    def tally(self) -> Tally:
        """Return the counts so far."""
        return Tally(total=len(self.plan.jobs), done=self.done, failed=self.failed)

    def start(self) -> None:
        """Run to the end.

        Raises:
            UsageError: If a check fails or the store can't be written. A failed check writes
                nothing.
        """
        check_writable(self.root)
        before = store_status(
            tuple(planned(job.cell) for job in self.plan.jobs), Store(self.root), self.plan.planner
        )
        statuses = RERUN_STATUSES[self.rerun]
        todo = [job for job in self.plan.jobs if before.statuses[job.cell.id] in statuses]
        todo_ids = {job.cell.id for job in todo}
        reused = [header for header in before.headers.values() if header.id not in todo_ids]
        self.done = sum(header.status == "ok" for header in reused)
        self.failed = len(reused) - self.done
        if todo:
            self.engine.check(todo)
        self.display.plan(self._with_weights_note(reused), reused, todo)
        store = Store.open(self.root, create=True)
        try:
            store.sweep()
            self._write_manifest(store)
        except OSError as error:
            raise _unwritable(store, error) from error
        if todo:
            self._run(todo, store, before)

    def _with_weights_note(self, reused: Sequence[RecordHeader]) -> Plan:
        """Add a note to the plan if finished cells have no weights though they are requested."""
        store = Store(self.root)
        missing = [
            header
            for header in reused
            if self.keep_weights and header.status == "ok" and not has_weights(store, header.id)
        ]
        if not missing:
            return self.plan
        cells = (
            "1 finished cell has" if len(missing) == 1 else f"{len(missing)} finished cells have"
        )
        note = f"{cells} no weights; --keep-weights --rerun all runs all cells again"
        return replace(self.plan, notes=(*self.plan.notes, note))

    def _write_manifest(self, store: Store) -> None:
        """Write the manifest, merged with the store's present one.

        The lock admits one runner at a time; otherwise a runner could drop the cells of another
        one.
        """
        held = store.lock_manifest(self.plan.name, patience=MANIFEST_TIMEOUT)
        if held is None:
            raise UsageError(
                f"another process has held the manifest '{self.plan.name}' of {store.root} "
                f"for {MANIFEST_TIMEOUT:g} s: end it"
            )
        with held:
            store.write_manifest(merged_manifest(self.plan, store))

    def _run(self, todo: list[Job], store: Store, before: StoreStatus) -> None:
        def finished_elsewhere(job: Job, record: Record) -> None:
            self._count(record)
            self.display.show(Event(job=job, fraction=1.0, record=record, elsewhere=True))

        with SharedQueue(todo, store, before.marks, finished_elsewhere) as queue:
            events = self.engine.run(queue, lambda job: self._files(job, store))
            try:
                with self.display:
                    for event in events:
                        if event.record is not None:
                            self._save(event.record, store)
                            queue.finished(event.job)
                            self._count(event.record)
                        self.display.show(event)
            finally:
                events.close()

    def _files(self, job: Job, store: Store) -> Files:
        cell = job.cell
        training_log = (
            store.root
            / "tensorboard"
            / cell.benchmark
            / cell.model
            / cell.method
            / f"seed-{cell.seed}-{cell.id}"
        )
        return Files(
            log=store.log_path(cell.id),
            checkpoint=store.checkpoint_path(cell.id),
            training_log=training_log if self.log_training else None,
            weights=store.weights_path(cell.id) if self.keep_weights else None,
        )

    def _save(self, record: Record, store: Store) -> None:
        """Write a record, and delete the checkpoint of a finished cell.

        The checkpoint of a failed cell stays: with more time or memory the cell can resume.
        """
        try:
            store.write(record)
            if record.status == "ok":
                store.checkpoint_path(record.id).unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(store, error) from error

    def _count(self, record: Record) -> None:
        self.done += record.status == "ok"
        self.failed += record.status == "failed"


def has_weights(store: Store, cell_id: str) -> bool:
    """Return whether a cell's record states the digest of its weights, and their file exists."""
    record = store.read(cell_id)
    path = store.weights_path(cell_id)
    return record is not None and record.weights is not None and path.is_file()


def _unwritable(store: Store, error: OSError) -> UsageError:
    return UsageError(
        f"cannot write to the store {store.root}: {error.strerror or error}; "
        "fix that, and the same command resumes"
    )


def check_writable(root: Path) -> None:
    """Check that a store can be written or created, without creating it.

    Raises:
        UsageError: If it can't.
    """
    folder = root.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return
    reason = "is not a folder" if not folder.is_dir() else "may not be written to"
    raise UsageError(
        f"cannot write to the store {root}: {folder} {reason}; "
        "give a folder that you may write to, by --store or MEMNET_STORE"
    )
