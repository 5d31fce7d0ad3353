"""Runs the cells of a plan that the store does not hold yet.

Finished cells are reused (`benchmarks.execution.reuse`), so the same command resumes a run.
Several runners on one store share the cells.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from benchmarks.execution.engines.interface import Engine, Event, Files
from benchmarks.execution.loggers import log_folder
from benchmarks.execution.progress import Display
from benchmarks.execution.reuse import Rerun, todo_and_reused, with_weights_note
from benchmarks.execution.store_status import StoreStatus, merged_manifest, store_status
from benchmarks.execution.work_queue import SharedQueue
from benchmarks.planning.jobs import Job
from benchmarks.planning.plan import Plan, planned
from results.errors import UsageError
from results.records.record import Record
from results.store.store import MANIFEST_TIMEOUT, Store


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
        loggers: Loggers of the training (`benchmarks.execution.loggers`).
        keep_weights: Whether to write the trained weights of each cell.
    """

    plan: Plan
    root: Path
    engine: Engine
    display: Display
    rerun: Rerun = "nothing"
    loggers: tuple[str, ...] = ()
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
        todo, reused = todo_and_reused(self.plan.jobs, before, self.rerun)
        self.done = sum(header.status == "ok" for header in reused)
        self.failed = len(reused) - self.done
        if todo:
            self.engine.check(todo)
        plan = (
            with_weights_note(self.plan, reused, Store(self.root))
            if self.keep_weights
            else self.plan
        )
        self.display.plan(plan, reused, todo)
        store = Store.open(self.root, create=True)
        try:
            store.sweep()
            self._write_manifest(store)
        except OSError as error:
            raise _unwritable(store, error) from error
        if todo:
            self._run(todo, store, before)

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
        return Files(
            log=store.log_path(cell.id),
            checkpoint=store.checkpoint_path(cell.id),
            training_logs={name: log_folder(store.root, name, cell) for name in self.loggers},
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
