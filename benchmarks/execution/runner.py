"""Runs what a plan still lacks: finished cells are reused, so a command resumes when reissued, and runners on one store share the work."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
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
from results.records.record import Record
from results.store.store import Store

Rerun = Literal["nothing", "failed", "stale", "all"]

CHOSEN: Mapping[Rerun, frozenset[CellStatus]] = {
    "nothing": frozenset({"missing", "stale"}),
    "failed": frozenset({"missing", "stale", "failed"}),
    "stale": frozenset({"stale"}),
    "all": frozenset(CELL_STATUSES),
}
"""Which cells are run, by what is to be run again.

``stale`` alone narrows: only what an earlier version had made is made anew.
"""


PATIENCE = 30.0
"""Seconds to wait for another runner to have written the manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How a run stands: all cells, those done and those failed, whether now or before."""

    total: int
    done: int
    failed: int


@dataclass(slots=True)
class Run:
    """One run of a plan into a store.

    Attributes:
        plan: What is wanted.
        root: The store's folder; it is made once everything has been checked.
        engine: Runs the cells.
        display: Shows how it goes.
        rerun: Which of the finished cells to run again.
        log_signals: Whether to write the signals of training, for TensorBoard.
    """

    plan: Plan
    root: Path
    engine: Engine
    display: Display
    rerun: Rerun = "nothing"
    log_training: bool = False
    done: int = 0
    failed: int = 0

    def tally(self) -> Tally:
        """Count cells up to now."""
        return Tally(total=len(self.plan.jobs), done=self.done, failed=self.failed)

    def start(self) -> None:
        """Run to the end.

        Raises:
            UsageError: If something is amiss; before the first cell, nothing has been written then.
        """
        check_writable(self.root)
        before = store_status(
            tuple(planned(job.cell) for job in self.plan.jobs), Store(self.root), self.plan.planner
        )
        todo = [job for job in self.plan.jobs if before.standing[job.cell.id] in CHOSEN[self.rerun]]
        chosen = {job.cell.id for job in todo}
        kept = [header for header in before.headers.values() if header.id not in chosen]
        self.done = sum(header.status == "ok" for header in kept)
        self.failed = len(kept) - self.done
        if todo:
            self.engine.check(todo)
        self.display.plan(self.plan, kept, todo)
        store = Store.open(self.root, create=True)
        try:
            store.sweep()
            self._write_manifest(store)
        except OSError as error:
            raise _unwritable(store, error) from error
        if todo:
            self._run(todo, store, before)

    def _write_manifest(self, store: Store) -> None:
        """Write the manifest, joined with the one that is there: one runner at a time, or one would forget what the other plans."""
        held = store.lock_manifest(self.plan.name, patience=PATIENCE)
        if held is None:
            raise UsageError(
                f"another process has held the manifest '{self.plan.name}' of {store.root} for {PATIENCE:g} s: end it"
            )
        with held:
            store.write_manifest(merged_manifest(self.plan, store))

    def _run(self, todo: list[Job], store: Store, before: StoreStatus) -> None:
        def found(job: Job, record: Record) -> None:
            self._count(record)
            self.display.show(Event(job=job, fraction=1.0, record=record, elsewhere=True))

        with SharedQueue(todo, store, before.marks, found) as share:
            events = self.engine.run(share, lambda job: self._files(job, store))
            try:
                with self.display:
                    for event in events:
                        if event.record is not None:
                            self._keep(event.record, store)
                            share.finished(event.job)
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
        )

    def _keep(self, record: Record, store: Store) -> None:
        """Write a record, and take away the checkpoint of a cell that is done.

        That of a failed one stays: with more time or memory the cell may go on.
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


def _unwritable(store: Store, error: OSError) -> UsageError:
    return UsageError(
        f"cannot write to the store {store.root}: {error.strerror or error}; mend that, and the same command resumes"
    )


def check_writable(root: Path) -> None:
    """See that a store can be written, or made, without making it.

    Raises:
        UsageError: If it can't.
    """
    place = root.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        reason = (
            f"{place} is not a folder" if not place.is_dir() else f"{place} may not be written to"
        )
        raise UsageError(
            f"cannot write to the store {root}: {reason}; give a folder that you may write to, by --store or MEMNET_STORE"
        )
