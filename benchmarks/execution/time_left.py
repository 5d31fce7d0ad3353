"""The time that a run has left, from how long its cells have taken so far."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import fmean
from typing import Protocol

TELLING = 0.05
"""Fraction from which a running cell says how long its like will take."""


class Named(Protocol):
    """A cell by its names: the cell itself, or the outline of its record."""

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
    """A running cell: for how many seconds, and how much of it is done."""

    cell: Named
    elapsed: float
    fraction: float


@dataclass(slots=True)
class TimeLeft:
    """Learns durations and foretells the rest.

    Attributes:
        workers: Cells that run at a time.
    """

    workers: int
    _seconds: dict[tuple[str, ...], list[float]] = field(default_factory=dict)

    def learn(self, cell: Named, seconds: float) -> None:
        """Take note of how long a cell took."""
        _note(self._seconds, cell, seconds)

    def left(self, waiting: Iterable[Named], running: Iterable[Running]) -> float | None:
        """Return the seconds left, or None where nothing is known yet.

        A cell is taken to last as long as the mean of its like: same benchmark, model and method;
        else same benchmark and model; else same benchmark; else any.
        """
        running = list(running)
        known = {key: list(values) for key, values in self._seconds.items()}
        for one in running:
            if one.fraction >= TELLING:
                _note(known, one.cell, one.elapsed / one.fraction)
        if not known:
            return None
        rest = [
            one.elapsed / one.fraction - one.elapsed
            if one.fraction >= TELLING
            else max(0.0, _expected(known, one.cell) - one.elapsed)
            for one in running
        ]
        total = sum(rest) + sum(_expected(known, cell) for cell in waiting)
        return max([total / self.workers, *rest])


def _note(known: dict[tuple[str, ...], list[float]], cell: Named, seconds: float) -> None:
    for key in _likes(cell):
        known.setdefault(key, []).append(seconds)


def _expected(known: dict[tuple[str, ...], list[float]], cell: Named) -> float:
    return next(fmean(known[key]) for key in _likes(cell) if key in known)


def _likes(cell: Named) -> Iterator[tuple[str, ...]]:
    yield (cell.benchmark, cell.model, cell.method)
    yield (cell.benchmark, cell.model)
    yield (cell.benchmark,)
    yield ()
