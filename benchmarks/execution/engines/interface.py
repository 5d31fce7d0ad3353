"""The interface of an engine: it runs cells and yields events.

Records come back to the caller, the only process that writes the store.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.planning.jobs import Job
from results.records.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Files that a cell may write in addition to its record. They are no part of its identity.

    Attributes:
        log: Output of the cell's process.
        checkpoint: Checkpoint of the training; None for a cell that always starts from step 0.
        training_logs: Folder of each training log, by its logger
            (`benchmarks.execution.loggers`).
        weights: File of the trained weights; None to write none.
    """

    log: Path
    checkpoint: Path | None = None
    training_logs: Mapping[str, Path] = field(default_factory=dict)
    weights: Path | None = None

    def drop_log(self) -> None:
        """Delete the log.

        On an unwritable store the log stays; writing the record then reports the error.
        """
        with suppress(OSError):
            self.log.unlink()

    def drop_empty_log(self) -> None:
        """Delete the log if it is empty."""
        with suppress(OSError):
            if self.log.stat().st_size == 0:
                self.log.unlink()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A change of a cell.

    Attributes:
        job: The cell.
        fraction: Fraction done, in [0, 1]; 0 at the start.
        record: The cell's record, with its last event.
        note: Why the cell restarts, if it does.
        elsewhere: Whether another runner on the same store made the record.
    """

    job: Job
    fraction: float = 0.0
    record: Record | None = None
    note: str = ""
    elsewhere: bool = False


class Queue(Protocol):
    """Hands out jobs, one at a time. Another runner may hold some of them."""

    @property
    def jobs(self) -> Sequence[Job]:
        """All jobs that it may hand out."""

    def take(self) -> Job | None:
        """Return the next job to start; None if there is none at this moment."""

    @property
    def settled(self) -> bool:
        """Whether no job is left to hand out."""


class Engine(Protocol):
    """Runs cells."""

    def check(self, jobs: Sequence[Job]) -> None:
        """Check that the jobs can run: code, data and device. Downloads missing data.

        Raises:
            UsageError: If a job can't run.
        """

    def run(self, queue: Queue, files: Callable[[Job], Files]) -> Generator[Event, None, None]:
        """Run the jobs of the queue and yield events.

        The last event of each job carries its record.

        Closing the generator stops all running cells and leaves no process.
        """
