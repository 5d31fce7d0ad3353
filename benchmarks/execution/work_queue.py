"""The jobs of one run, shared with the other runners on the same store.

A runner locks a cell before it runs it, so no cell runs twice.

A cell whose record has changed since the run read the store was finished by another runner, and
does not run again. The locks of a runner end with its process, and the others take over its cells.
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
    """A :class:`benchmarks.execution.engines.interface.Queue` that locks each job it hands out.

    Args:
        jobs: The jobs, in the order in which to run them.
        store: The store with the records.
        seen: By cell id, the mark of the cell's record when the run read the store; None if there
            was no record.
        on_finished: Called with each job that another runner has finished meanwhile, and its
            record.
    """

    def __init__(
        self,
        jobs: Iterable[Job],
        store: Store,
        seen: Mapping[str, Mark | None],
        on_finished: Callable[[Job, Record], None],
    ) -> None:
        self._jobs = tuple(jobs)
        self._waiting = deque(self._jobs)
        self._store = store
        self._seen = dict(seen)
        self._on_finished = on_finished
        self._held: dict[str, Lock] = {}

    @property
    def jobs(self) -> Sequence[Job]:
        """All jobs of the run."""
        return self._jobs

    @property
    def settled(self) -> bool:
        """Whether every job was handed out or finished by another runner."""
        return not self._waiting

    def take(self) -> Job | None:
        """Return the next job that no other runner holds; None if there is none at this moment.

        Raises:
            UsageError: If the store can't be written.
        """
        for _ in range(len(self._waiting)):
            job = self._waiting.popleft()
            record = self._finished(job)
            if record is not None:
                self._on_finished(job, record)
                continue
            lock = self._lock(job)
            if lock is None:
                self._waiting.append(job)
                continue
            if self._changed(job):  # between reading the store and locking
                lock.fulfil()
                self._waiting.append(job)
                continue
            self._held[job.cell.id] = lock
            return job
        return None

    def finished(self, job: Job) -> None:
        """Release the lock of a job whose record is written."""
        self._held.pop(job.cell.id).fulfil()

    def close(self) -> None:
        """Release all locks, so that other runners can take the jobs."""
        while self._held:
            self._held.popitem()[1].release()

    def __enter__(self) -> Self:
        """Return the queue."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release all locks."""
        self.close()

    def _lock(self, job: Job) -> Lock | None:
        try:
            return self._store.lock(job.cell.id)
        except OSError as error:
            reason = error.strerror or error
            raise UsageError(
                f"cannot write to the store {self._store.root}: {reason}; "
                "fix that, and the same command resumes"
            ) from error

    def _changed(self, job: Job) -> bool:
        return self._store.mark(job.cell.id) != self._seen[job.cell.id]

    def _finished(self, job: Job) -> Record | None:
        """Return the record that another runner has written since; None if it is damaged."""
        if not self._changed(job):
            return None
        before = self._store.mark(job.cell.id)
        record = self._store.read(job.cell.id)
        after = self._store.mark(job.cell.id)  # None if a damaged record was moved away
        self._seen[job.cell.id] = after if after in (before, None) else before
        return record
