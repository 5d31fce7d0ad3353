"""What an engine does: it runs cells somewhere and tells how they go.

Records come back to the caller, who alone writes them.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.planning.jobs import Job
from results.records.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a cell may take, and how often it is tried; no part of what it is.

    Attributes:
        timeout: Seconds that a cell may run; None for no limit.
        memory: Resident bytes that a cell's process may hold; None for no limit.
        retries: Further tries of a cell that was ended from outside: by a signal that another
            process sent, or by the loss of its machine. A cell that raises, crashes, gives NaN or
            goes beyond a limit would do so again, and is not tried again.
    """

    timeout: float | None = None
    memory: int | None = None
    retries: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What a cell may write beside its record; no part of what it is.

    Attributes:
        log: Takes what the cell's process prints.
        checkpoint: Keeps how far training has come; None for a cell that starts anew whenever it
            was cut short.
        signals: Folder of the signals of training, for TensorBoard; None where none are wanted.
    """

    log: Path
    checkpoint: Path | None = None
    training_log: Path | None = None

    def drop_log(self) -> None:
        """Take the log away.

        Where the store can't be written any more it stays; the record that can't be written says
        so.
        """
        with suppress(OSError):
            self.log.unlink()

    def drop_empty_log(self) -> None:
        """Take the log away if nothing is in it."""
        with suppress(OSError):
            if self.log.stat().st_size == 0:
                self.log.unlink()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """News of a cell.

    Attributes:
        job: Which.
        fraction: How much of it is done, in [0, 1]; 0 as it starts.
        record: Its record, with the last event of a cell.
        note: Why the cell starts again, where it does.
        elsewhere: Whether another runner on the same store made the record.
    """

    job: Job
    fraction: float = 0.0
    record: Record | None = None
    note: str = ""
    elsewhere: bool = False


class Queue(Protocol):
    """Hands out jobs, one at a time; what it holds back may be in the hands of another runner."""

    @property
    def jobs(self) -> Sequence[Job]:
        """All jobs that it may hand out."""

    def take(self) -> Job | None:
        """Return the next job to start, or None where there is none at this moment."""

    @property
    def settled(self) -> bool:
        """Whether no job is left to come."""


class Engine(Protocol):
    """Runs cells."""

    def check(self, jobs: Sequence[Job]) -> None:
        """See that the jobs can be run.

        Their code loads, their data is there, the device exists. Downloads data that is missing.

        Raises:
            UsageError: If not.
        """

    def run(self, queue: Queue, files: Callable[[Job], Files]) -> Generator[Event, None, None]:
        """Run what the queue hands out and yield what happens.

        Each job ends with one event that carries a record.

        Closing the generator stops what is running and leaves no process behind.
        """
