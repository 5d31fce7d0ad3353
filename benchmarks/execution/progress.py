"""Shows the progress of a run: bars on a terminal, plain lines elsewhere, nothing if quiet."""

import textwrap
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from benchmarks.execution.engines.interface import Event
from benchmarks.execution.time_left import Running, TimeLeft
from benchmarks.planning.jobs import Job
from benchmarks.planning.plan import Plan
from results.records.cell import Cell
from results.records.header import RecordHeader
from results.records.record import Record
from results.records.record_parts import Failure


class Display(Protocol):
    """Shows a run."""

    def plan(self, plan: Plan, reused: Sequence[RecordHeader], todo: Sequence[Job]) -> None:
        """Show what will run; ``reused`` are the headers of the records that are reused."""

    def show(self, event: Event) -> None:
        """Show an event."""

    def __enter__(self) -> object:
        """Start the display."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the display and restore the terminal."""


class Silent:
    """Shows nothing."""

    def plan(self, plan: Plan, reused: Sequence[RecordHeader], todo: Sequence[Job]) -> None:
        """Show nothing."""

    def show(self, event: Event) -> None:
        """Show nothing."""

    def __enter__(self) -> object:
        """Start the display."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the display."""


class Lines:
    """One line per finished cell, for pipes and logs.

    Args:
        console: Output.
        verbose: Also print when a cell starts, and the traceback of a failed cell.
    """

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self.console = console
        self.verbose = verbose
        self.primary: dict[str, str] = {}
        self.started: dict[str, float] = {}
        self.total = 0
        self.ended = 0

    def plan(self, plan: Plan, reused: Sequence[RecordHeader], todo: Sequence[Job]) -> None:
        """Print the plan's notes and how many cells are reused and will run."""
        self.primary = {benchmark.name: benchmark.primary for benchmark in plan.benchmarks}
        self.total, self.ended = len(plan.jobs), len(reused)
        for note in plan.notes:
            self.print_line(note)
        failed = sum(header.status == "failed" for header in reused)
        parts = [f"{len(reused) - failed} done", f"{len(todo)} to run"]
        if failed:
            parts.insert(1, f"{failed} failed (--rerun failed tries them again)")
        self.print_line(f"{self.total} cell{'s' if self.total != 1 else ''}: {', '.join(parts)}")

    def show(self, event: Event) -> None:
        """Print a line if the event ends a cell, or a note if it restarts one."""
        cell = event.job.cell
        if cell.id not in self.started:
            self.started[cell.id] = time.monotonic()
            if self.verbose and not event.elsewhere:
                self.print_line(f"{cell.label}  started ({cell.id})")
        if event.note:
            self.print_line(f"{cell.label}  {event.note}")
        if event.record is not None:
            self.ended += 1
            duration = (
                "by another runner" if event.elsewhere else format_duration(self.elapsed(cell))
            )
            result = result_line(event.record, self.primary)
            self.print_line(f"[{self.ended}/{self.total}] {result} ({duration})")
            if self.verbose and event.record.error is not None:
                trace = without_controls(event.record.error.traceback)
                self.print_line(textwrap.indent(trace, "    "))

    def elapsed(self, cell: Cell) -> float:
        """Return the seconds since a cell started."""
        return time.monotonic() - self.started[cell.id]

    def print_line(self, line: str) -> None:
        """Print a line without markup, highlighting or wrapping."""
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> object:
        """Start the display."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the display."""


class Live(Lines):
    """A bar for the whole run with the time left, and a bar for each running cell.

    The lines of finished cells scroll above the bars.
    """

    def __init__(self, console: Console, workers: int, *, verbose: bool = False) -> None:
        super().__init__(console, verbose=verbose)
        self.time_left = TimeLeft(workers)
        self.waiting: dict[str, Cell] = {}
        self.running: dict[str, tuple[TaskID, Event]] = {}
        self.failed = 0
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=16),
            _BarText(self),
            console=console,
            transient=True,
        )
        self.overall: TaskID | None = None

    def plan(self, plan: Plan, reused: Sequence[RecordHeader], todo: Sequence[Job]) -> None:
        """Set up the overall bar; durations of the reused records give the first time estimate."""
        super().plan(plan, reused, todo)
        self.failed = sum(header.status == "failed" for header in reused)
        for header in reused:
            if header.status == "ok":
                self.time_left.learn(header, header.seconds)
        self.waiting = {job.cell.id: job.cell for job in todo}
        self.overall = self.progress.add_task(plan.name, total=self.total, completed=self.ended)

    def show(self, event: Event) -> None:
        """Update the bars."""
        cell = event.job.cell
        super().show(event)
        self.waiting.pop(cell.id, None)
        if event.record is not None:
            self.failed += event.record.status == "failed"
            if not event.elsewhere:
                self.progress.remove_task(self.running.pop(cell.id)[0])
                self.time_left.learn(cell, self.elapsed(cell))
            if self.overall is not None:
                self.progress.update(self.overall, completed=self.ended)
            return
        task = (
            self.running[cell.id][0]
            if cell.id in self.running
            else self.progress.add_task(cell.label, total=1.0)
        )
        self.running[cell.id] = (task, event)
        self.progress.update(task, completed=event.fraction)

    def bar_text(self, task: Task) -> str:
        """Return the text next to a bar at this moment."""
        if task.id != self.overall:
            return f"{100 * task.completed:3.0f}%"
        running = [
            Running(
                cell=event.job.cell, elapsed=self.elapsed(event.job.cell), fraction=event.fraction
            )
            for _, event in list(self.running.values())
        ]
        left = self.time_left.left(list(self.waiting.values()), running)
        failed = f" · {self.failed} failed" if self.failed else ""
        remaining = "estimating" if left is None else f"{format_duration(left)} left"
        return f"{self.ended}/{self.total} cells{failed} · {remaining}"

    def __enter__(self) -> object:
        """Start drawing."""
        self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the bars."""
        self.progress.stop()


class _BarText(ProgressColumn):
    """The text next to a bar, computed at every refresh so that the time left runs on."""

    max_refresh = 0.5

    def __init__(self, display: Live) -> None:
        super().__init__(table_column=Column(no_wrap=True))
        self._display = display

    def render(self, task: Task) -> Text:
        """Return the text for a task."""
        return Text(self._display.bar_text(task))


def result_line(record: Record, primary: dict[str, str]) -> str:
    """Return one line on how a cell ended: its primary metric, or why it failed."""
    if record.error is not None:
        return f"{record.cell.label}  FAILED: {one_line(record.error)}"
    name = primary.get(record.cell.benchmark, "")
    if name not in record.metrics:
        known = ", ".join(sorted(record.metrics, key=_natural)) or "nothing"
        return f"{record.cell.label}  {name} was not measured; there is {known}"
    value = record.metrics[name]
    return f"{record.cell.label}  {name} {'n/a' if value is None else f'{value:.3f}'}"


def _natural(name: str) -> tuple[str, int]:
    """Return a sort key that orders names by the number at their end."""
    stem = name.rstrip("0123456789")
    return stem, int(name[len(stem) :] or 0)


def one_line(failure: Failure) -> str:
    """Return one line on why a cell failed."""
    return f"{failure.type}: {without_controls(' '.join(failure.message.split()))}"


def without_controls(text: str) -> str:
    """Replace control characters; the text of an error may hold any."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for letter in text
    )


def format_duration(seconds: float) -> str:
    """Format a duration: ``4.2 s``, ``3:05``, ``2:03:05``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
