"""Selects the display of a run: bars in a terminal or notebook, lines elsewhere, or nothing."""

import html
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from benchmarks.execution.engines.interface import Event
from benchmarks.execution.progress import Display, Lines, Live, Silent, format_duration
from benchmarks.execution.time_left import Running, TimeLeft
from benchmarks.planning.jobs import Job
from benchmarks.planning.plan import Plan
from results.records.cell import Cell
from results.records.header import RecordHeader


def choose_display(workers: int, *, quiet: bool = False, verbose: bool = False) -> Display:
    """Return the display that fits where the output goes.

    Args:
        workers: Number of cells that run at a time, for the time left.
        quiet: Show nothing.
        verbose: Also show when cells start, and why they fail.
    """
    if quiet:
        return Silent()
    console = Console()
    if console.is_jupyter:
        return Notebook(console, workers, verbose=verbose)
    if console.is_terminal:
        return Live(console, workers, verbose=verbose)
    return Lines(console, verbose=verbose)


class Notebook(Lines):
    """One bar in a Jupyter notebook, with the time left; a line below it for each cell that ends.

    The bar is updated when a cell reports, which every running cell does several times a minute.
    """

    def __init__(self, console: Console, workers: int, *, verbose: bool = False) -> None:
        super().__init__(console, verbose=verbose)
        self.time_left = TimeLeft(workers)
        self.waiting: dict[str, Cell] = {}
        self.running: dict[str, Event] = {}
        self.failed = 0
        self.name = ""
        self._handle: Any = None

    def plan(self, plan: Plan, reused: Sequence[RecordHeader], todo: Sequence[Job]) -> None:
        """Print the notes of the plan, and show the bar."""
        super().plan(plan, reused, todo)
        self.name = plan.name
        self.failed = sum(header.status == "failed" for header in reused)
        for header in reused:
            if header.status == "ok":
                self.time_left.learn(header, header.seconds)
        self.waiting = {job.cell.id: job.cell for job in todo}
        self._update()

    def show(self, event: Event) -> None:
        """Update the bar."""
        cell = event.job.cell
        super().show(event)
        self.waiting.pop(cell.id, None)
        if event.record is None:
            self.running[cell.id] = event
        else:
            self.running.pop(cell.id, None)
            self.failed += event.record.status == "failed"
            if not event.elsewhere:
                self.time_left.learn(cell, self.elapsed(cell))
        self._update()

    def bar(self) -> str:
        """Return the bar as HTML."""
        running = [
            Running(
                cell=event.job.cell, elapsed=self.elapsed(event.job.cell), fraction=event.fraction
            )
            for event in self.running.values()
        ]
        done = self.ended + sum(event.fraction for event in self.running.values())
        left = self.time_left.left(list(self.waiting.values()), running)
        parts = [f"{self.ended}/{self.total} cells"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.ended < self.total:
            parts.append("estimating" if left is None else f"{format_duration(left)} left")
        return (
            f"<div>{html.escape(self.name)} "
            f'<progress value="{done:.3f}" max="{max(1, self.total)}"></progress> '
            f"{html.escape(' · '.join(parts))}</div>"
        )

    def _update(self) -> None:
        from IPython.display import HTML, display

        content = HTML(self.bar())
        if self._handle is None:
            self._handle = display(content, display_id=True)
        else:
            self._handle.update(content)
