"""How a run looks while it goes: a live display on a terminal, plain lines elsewhere, nothing if asked."""

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
from results.records.record import Failure, Record


class Display(Protocol):
    """Shows a run."""

    def plan(self, plan: Plan, kept: Sequence[RecordHeader], todo: Sequence[Job]) -> None:
        """Say what is about to run, and what is not: ``kept`` are the outlines of the records that are reused."""

    def show(self, event: Event) -> None:
        """Show what happens."""

    def __enter__(self) -> object:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, and leave the terminal as it was."""


class Silent:
    """Shows nothing."""

    def plan(self, plan: Plan, kept: Sequence[RecordHeader], todo: Sequence[Job]) -> None:
        """Say nothing."""

    def show(self, event: Event) -> None:
        """Show nothing."""

    def __enter__(self) -> object:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""


class Lines:
    """One line as a cell ends, for pipes and logs.

    Args:
        console: Where to.
        verbose: Also say when a cell starts, and give the traceback of one that fails.
    """

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self.console = console
        self.verbose = verbose
        self.primary: dict[str, str] = {}
        self.started: dict[str, float] = {}
        self.total = 0
        self.ended = 0

    def plan(self, plan: Plan, kept: Sequence[RecordHeader], todo: Sequence[Job]) -> None:
        """Say what was left out, what is reused and what will run."""
        self.primary = {benchmark.name: benchmark.primary for benchmark in plan.benchmarks}
        self.total, self.ended = len(plan.jobs), len(kept)
        for note in plan.notes:
            self.say(note)
        broken = sum(header.status == "failed" for header in kept)
        parts = [f"{len(kept) - broken} done", f"{len(todo)} to run"]
        if broken:
            parts.insert(1, f"{broken} failed (--rerun failed tries them again)")
        self.say(f"{self.total} cell{'s' if self.total != 1 else ''}: {', '.join(parts)}")

    def show(self, event: Event) -> None:
        """Print a line if the event ends a cell, or a note if it starts one again."""
        cell = event.job.cell
        if cell.id not in self.started:
            self.started[cell.id] = time.monotonic()
            if self.verbose and not event.elsewhere:
                self.say(f"{cell.label}  started ({cell.id})")
        if event.note:
            self.say(f"{cell.label}  {event.note}")
        if event.record is not None:
            self.ended += 1
            took = "by another runner" if event.elsewhere else clock(self.elapsed(cell))
            self.say(f"[{self.ended}/{self.total}] {ending(event.record, self.primary)} ({took})")
            if self.verbose and event.record.error is not None:
                self.say(textwrap.indent(without_controls(event.record.error.traceback), "    "))

    def elapsed(self, cell: Cell) -> float:
        """Seconds since a cell started."""
        return time.monotonic() - self.started[cell.id]

    def say(self, line: str) -> None:
        """Print a line as it is."""
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> object:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""


class Live(Lines):
    """A bar for the whole run with the time left, and a bar for every running cell.

    Cells that end scroll away above.
    """

    def __init__(self, console: Console, workers: int, *, verbose: bool = False) -> None:
        super().__init__(console, verbose=verbose)
        self.forecast = TimeLeft(workers)
        self.waiting: dict[str, Cell] = {}
        self.running: dict[str, tuple[TaskID, Event]] = {}
        self.failed = 0
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=16),
            _Note(self),
            console=console,
            transient=True,
        )
        self.overall: TaskID | None = None

    def plan(self, plan: Plan, kept: Sequence[RecordHeader], todo: Sequence[Job]) -> None:
        """Set up the overall bar, and learn from the records that are there how long cells take."""
        super().plan(plan, kept, todo)
        self.failed = sum(header.status == "failed" for header in kept)
        for header in kept:
            if header.status == "ok":
                self.forecast.learn(header, header.seconds)
        self.waiting = {job.cell.id: job.cell for job in todo}
        self.overall = self.progress.add_task(plan.name, total=self.total, completed=self.ended)

    def show(self, event: Event) -> None:
        """Move the bars."""
        cell = event.job.cell
        super().show(event)
        self.waiting.pop(cell.id, None)
        if event.record is not None:
            self.failed += event.record.status == "failed"
            if not event.elsewhere:
                self.progress.remove_task(self.running.pop(cell.id)[0])
                self.forecast.learn(cell, self.elapsed(cell))
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

    def note(self, task: Task) -> str:
        """Return what stands behind a bar at this moment."""
        if task.id != self.overall:
            return f"{100 * task.completed:3.0f}%"
        running = [
            Running(
                cell=event.job.cell, elapsed=self.elapsed(event.job.cell), fraction=event.fraction
            )
            for _, event in list(self.running.values())
        ]
        left = self.forecast.left(list(self.waiting.values()), running)
        failed = f" · {self.failed} failed" if self.failed else ""
        return f"{self.ended}/{self.total} cells{failed} · {'estimating' if left is None else clock(left) + ' left'}"

    def __enter__(self) -> object:
        """Begin to draw."""
        self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bars away."""
        self.progress.stop()


class _Note(ProgressColumn):
    """The text behind a bar, made anew at every refresh, so that the time left runs on between events."""

    max_refresh = 0.5

    def __init__(self, display: Live) -> None:
        super().__init__(table_column=Column(no_wrap=True))
        self._display = display

    def render(self, task: Task) -> Text:
        """Return the text for a task."""
        return Text(self._display.note(task))


def ending(record: Record, primary: dict[str, str]) -> str:
    """Say in a line how a cell ended: its primary metric, or why it failed."""
    if record.error is not None:
        return f"{record.cell.label}  FAILED: {one_line(record.error)}"
    name = primary.get(record.cell.benchmark, "")
    if name not in record.metrics:
        return f"{record.cell.label}  {name} was not asked; there is {', '.join(sorted(record.metrics, key=_natural)) or 'nothing'}"
    value = record.metrics[name]
    return f"{record.cell.label}  {name} {'n/a' if value is None else f'{value:.3f}'}"


def _natural(name: str) -> tuple[str, int]:
    """Order names that end in numbers by these."""
    stem = name.rstrip("0123456789")
    return stem, int(name[len(stem) :] or 0)


def one_line(failure: Failure) -> str:
    """Say in a line why a cell failed."""
    return f"{failure.type}: {without_controls(' '.join(failure.message.split()))}"


def without_controls(text: str) -> str:
    """Replace what a terminal would take for commands; text of an error may hold anything."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for letter in text
    )


def clock(seconds: float) -> str:
    """Format a duration: ``4.2 s``, ``3:05``, ``2:03:05``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
