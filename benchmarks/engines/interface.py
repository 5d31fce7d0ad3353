"""What an engine does: it runs cells somewhere and tells how they go. Records come back to the caller, who alone writes them."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.planner import Job
from results.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """News of a cell.

    Attributes:
        job: Which.
        fraction: How much of it is done, in [0, 1]; 0 as it starts.
        record: Its record, with the last event of a cell.
    """

    job: Job
    fraction: float = 0.0
    record: Record | None = None


class Engine(Protocol):
    """Runs cells."""

    def check(self, jobs: Sequence[Job]) -> None:
        """See that the jobs can be run: their code loads, their data is there, the device exists. Downloads data that is missing.

        Raises:
            UsageError: If not.
        """

    def run(self, jobs: Sequence[Job], log_path: Callable[[str], Path]) -> Generator[Event, None, None]:
        """Run the jobs and yield what happens; each job ends with one event that carries a record.

        Closing the generator stops what is running and leaves no process behind.
        """
