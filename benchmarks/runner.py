"""Runs what a plan still lacks: finished cells are reused, so that reissuing a command resumes it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.display import Display
from benchmarks.engines.interface import Engine, Event
from benchmarks.plan import Plan, planned
from benchmarks.planner import Job
from benchmarks.survey import Survey, merged_manifest, survey
from results.errors import UsageError
from results.store import Store

Rerun = Literal["nothing", "failed", "all"]


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
    """

    plan: Plan
    root: Path
    engine: Engine
    display: Display
    rerun: Rerun = "nothing"
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
        before = survey(tuple(planned(job.cell) for job in self.plan.jobs), Store(self.root))
        todo = self._todo(before)
        chosen = {job.cell.id for job in todo}
        kept = [record for record in before.records.values() if record.id not in chosen]
        self.done = sum(record.status == "ok" for record in kept)
        self.failed = len(kept) - self.done
        if todo:
            self.engine.check(todo)
        self.display.plan(self.plan, kept, todo)
        store = Store.open(self.root, create=True)
        store.write_manifest(merged_manifest(self.plan, store))
        if todo:
            self._run(todo, store)

    def _todo(self, before: Survey) -> list[Job]:
        reuse = {"nothing": {"done", "failed"}, "failed": {"done"}, "all": set[str]()}[self.rerun]
        return [job for job in self.plan.jobs if before.standing[job.cell.id] not in reuse]

    def _run(self, todo: list[Job], store: Store) -> None:
        events = self.engine.run(todo, store.log_path)
        try:
            with self.display:
                for event in events:
                    if event.record is not None:
                        _write(store, event)
                        self.done += event.record.status == "ok"
                        self.failed += event.record.status == "failed"
                    self.display.show(event)
        finally:
            events.close()


def _write(store: Store, event: Event) -> None:
    assert event.record is not None
    try:
        store.write(event.record)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"cannot write to the store {store.root}: {reason}; mend that, and the same command resumes") from error


def check_writable(root: Path) -> None:
    """See that a store can be written, or made, without making it.

    Raises:
        UsageError: If it can't.
    """
    place = root.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        reason = f"{place} is not a folder" if not place.is_dir() else f"{place} may not be written to"
        raise UsageError(f"cannot write to the store {root}: {reason}; give a folder that you may write to, by --store or MEMNET_STORE")
