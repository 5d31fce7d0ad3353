"""The jobs of one run, shared with the other runners on the same store.

Whoever holds a cell's claim runs it, and no cell is run twice.

A cell whose record has changed since the run looked at the store was finished by another runner,
and is not run again. A runner that dies loses its claims with its process, and the others take its
cells over.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

from benchmarks.planning.jobs import Job
from results.errors import UsageError
from results.records.record import Record
from results.store.locks import Lock
from results.store.store import Mark, Store


class SharedQueue:
    """A queue of jobs (:class:`benchmarks.execution.engines.interface.Queue`) that asks for a claim before it hands one out.

    Args:
        jobs: What is to be run, in this order.
        store: Where the records are.
        seen: The mark of each job's record when the run looked at the store, by cell; None where
            there was none.
        found: Told of each job that another runner has finished meanwhile, with its record.
    """

    def __init__(
        self,
        jobs: Iterable[Job],
        store: Store,
        seen: Mapping[str, Mark | None],
        found: Callable[[Job, Record], None],
    ) -> None:
        self._jobs = tuple(jobs)
        self._waiting = deque(self._jobs)
        self._store = store
        self._seen = dict(seen)
        self._found = found
        self._held: dict[str, Lock] = {}

    @property
    def jobs(self) -> Sequence[Job]:
        """All jobs of the run."""
        return self._jobs

    @property
    def settled(self) -> bool:
        """Whether every job has been handed out, or found finished."""
        return not self._waiting

    def take(self) -> Job | None:
        """Return the next job that no other runner has; None where there is none at this moment.

        Raises:
            UsageError: If the store can't be written.
        """
        for _ in range(len(self._waiting)):
            job = self._waiting.popleft()
            record = self._finished(job)
            if record is not None:
                self._found(job, record)
                continue
            lock = self._lock(job)
            if lock is None:
                self._waiting.append(job)
                continue
            if self._changed(job):  # between the look and the claim
                lock.fulfil()
                self._waiting.append(job)
                continue
            self._held[job.cell.id] = lock
            return job
        return None

    def finished(self, job: Job) -> None:
        """Give up the claim of a job whose record is written."""
        self._held.pop(job.cell.id).fulfil()

    def close(self) -> None:
        """Give up all claims, so that another runner may take the jobs."""
        while self._held:
            self._held.popitem()[1].release()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give up all claims."""
        self.close()

    def _lock(self, job: Job) -> Lock | None:
        try:
            return self._store.lock(job.cell.id)
        except OSError as error:
            reason = error.strerror or error
            raise UsageError(
                f"cannot write to the store {self._store.root}: {reason}; mend that, and the same command resumes"
            ) from error

    def _changed(self, job: Job) -> bool:
        return self._store.mark(job.cell.id) != self._seen[job.cell.id]

    def _finished(self, job: Job) -> Record | None:
        """Return the record that another runner has made since; a damaged one is none."""
        if not self._changed(job):
            return None
        before = self._store.mark(job.cell.id)
        record = self._store.read(job.cell.id)
        after = self._store.mark(job.cell.id)  # none, where a damaged one was set aside
        self._seen[job.cell.id] = after if after in (before, None) else before
        return record
