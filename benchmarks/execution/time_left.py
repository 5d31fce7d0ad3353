"""Estimates the remaining time of a run from the durations of its cells so far."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import fmean
from typing import Protocol

MIN_FRACTION = 0.05
"""Fraction done from which a running cell's own speed is used for the estimate."""


class CellNames(Protocol):
    """A cell by its names: a cell, or the header of its record."""

    @property
    def benchmark(self) -> str:
        """Task or stream."""

    @property
    def model(self) -> str:
        """Model."""

    @property
    def method(self) -> str:
        """Method."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A running cell: the seconds since its start, and the fraction done."""

    cell: CellNames
    elapsed: float
    fraction: float


@dataclass(slots=True)
class TimeLeft:
    """Collects durations and estimates the remaining time.

    Attributes:
        workers: Number of cells that run at a time.
    """

    workers: int
    _seconds: dict[tuple[str, ...], list[float]] = field(default_factory=dict)

    def learn(self, cell: CellNames, seconds: float) -> None:
        """Add the duration of a finished cell."""
        _add_duration(self._seconds, cell, seconds)

    def left(self, waiting: Iterable[CellNames], running: Iterable[Running]) -> float | None:
        """Return the seconds left, or None without any durations.

        The expected duration of a cell is the mean over similar cells: same benchmark, model and
        method; else same benchmark and model; else same benchmark; else all.
        """
        running = list(running)
        known = {key: list(values) for key, values in self._seconds.items()}
        for active in running:
            if active.fraction >= MIN_FRACTION:
                _add_duration(known, active.cell, active.elapsed / active.fraction)
        if not known:
            return None
        rest = [
            active.elapsed / active.fraction - active.elapsed
            if active.fraction >= MIN_FRACTION
            else max(0.0, _expected_seconds(known, active.cell) - active.elapsed)
            for active in running
        ]
        total = sum(rest) + sum(_expected_seconds(known, cell) for cell in waiting)
        return max([total / self.workers, *rest])


def _add_duration(
    known: dict[tuple[str, ...], list[float]], cell: CellNames, seconds: float
) -> None:
    for key in _similar_keys(cell):
        known.setdefault(key, []).append(seconds)


def _expected_seconds(known: dict[tuple[str, ...], list[float]], cell: CellNames) -> float:
    return next(fmean(known[key]) for key in _similar_keys(cell) if key in known)


def _similar_keys(cell: CellNames) -> Iterator[tuple[str, ...]]:
    yield (cell.benchmark, cell.model, cell.method)
    yield (cell.benchmark, cell.model)
    yield (cell.benchmark,)
    yield ()
