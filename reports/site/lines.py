"""Leaderboard rows as pages show them, with memory bytes, suites and a drawn score."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from reports.analysis.selection import ResultRow, Selection
from reports.analysis.summary import Summary, ranked
from reports.analysis.training_options import defaults
from reports.site.badges import NOTHING_OUTDATED, Outdated, badges
from results.records.cell import SUPERVISED

STRIP_WIDTH = 88.0
"""Width of a drawn score, in pixels."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A score and its interval on a line from 0 to 1, in pixels."""

    low: float
    mean: float
    width: float
    chance: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the leaderboard.

    Attributes:
        entry: Its records.
        summary: Its numbers.
        scored_rows: Number of rows of its benchmark that are tested.
        suites: The suites that planned it.
        strip: Its drawn score; None if it has none between 0 and 1.
        ranked: Whether the leaderboard shows it; ablations, sizes and other budgets are apart.
        badges: What a reader must know of it, such as too few seeds.
    """

    entry: ResultRow
    summary: Summary
    scored_rows: int
    suites: tuple[str, ...]
    strip: Strip | None
    ranked: bool = True
    badges: tuple[str, ...] = ()

    @property
    def memory_bytes(self) -> int | None:
        """Memory bytes: a stream's buffer, a task's state."""
        return (
            self.summary.buffer_bytes if self.summary.kind == "stream" else self.summary.state_bytes
        )

    @property
    def incomplete(self) -> bool:
        """Whether planned seeds are missing."""
        return self.summary.seeds_ok < self.summary.seeds_planned


def lines(
    selection: Selection,
    outdated: Outdated = NOTHING_OUTDATED,
) -> list[Line]:
    """Return all rows by benchmark, the best first.

    Args:
        selection: Its rows.
        outdated: What changed in the code since cells were run, by cell id.
    """
    suites: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
    for manifest in selection.manifests:
        for cell in manifest.cells:
            suites[cell.benchmark, cell.model, cell.method][manifest.name] = None
    known = defaults(selection)
    found = []
    for subject in selection.subjects:
        rows = ranked(selection, subject)
        scored_rows = sum(row.tested is True for _, row in rows)
        compared = selection.compared(subject)
        for entry, row in rows:
            planned = tuple(suites[subject.benchmark, row.model, row.method])
            found.append(
                Line(
                    entry,
                    row,
                    scored_rows,
                    planned,
                    _strip(row),
                    ranked=entry in compared,
                    badges=badges(entry, known, selection.official, outdated),
                )
            )
    return found


def shared_badges(lines: Sequence[Line]) -> tuple[str, ...]:
    """Return the badges that all rows of a table with a result share, to be shown once.

    A single row keeps its badges.
    """
    rows = [line.badges for line in lines if line.entry.ok]
    if len(rows) < 2:
        return ()
    return tuple(badge for badge in rows[0] if all(badge in one for one in rows))


def informative_columns(lines: Sequence[Line]) -> frozenset[str]:
    """Return which of the columns method, state, total and buffer are informative for any row."""
    rows = [line.summary for line in lines]
    informative = {
        "method": any(row.method != SUPERVISED for row in rows),
        "state": any(row.state_bytes for row in rows),
        "total": any(row.total_bytes for row in rows),
        "buffer": any(row.buffer_bytes for row in rows),
    }
    return frozenset(name for name, informs in informative.items() if informs)


def _strip(row: Summary) -> Strip | None:
    if row.mean is None or not 0 <= row.mean <= 1:
        return None
    low, high = (
        row.mean if end is None else min(max(end, 0.0), 1.0) for end in (row.low, row.high)
    )
    chance = None if row.chance is None else round(STRIP_WIDTH * row.chance, 1)
    return Strip(
        round(STRIP_WIDTH * low, 1),
        round(STRIP_WIDTH * row.mean, 1),
        round(STRIP_WIDTH * (high - low), 1),
        chance,
    )
