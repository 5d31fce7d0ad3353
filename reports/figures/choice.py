"""Chooses the rows of a figure by their role, not by their rank."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.analysis.selection import ResultRow, compared_rows, usual_model

MAX_ROWS = 9
"""Maximum number of rows in a figure; more are indistinguishable."""

ALWAYS = ("memnet", "transformer", "lstm", "naive", "er", "joint", "cumulative")
"""Models of tasks, and methods of streams, that a figure contains if they have results."""

DRAWING_ORDER = ("reference", "bound", "control", "size", "budget", "ablation")
"""Roles in the order in which rows are chosen."""


@dataclass(frozen=True, slots=True)
class FigureRows:
    """The rows of a figure.

    Attributes:
        rows: The chosen rows, in the order in which they were given.
        note: Sentences on rows of earlier versions, and on rows that are left out; empty if there
            are none.
    """

    rows: tuple[ResultRow, ...]
    note: str


def choose(entries: Sequence[ResultRow], *, one_model: bool = True) -> FigureRows:
    """Choose at most `MAX_ROWS` rows of a benchmark.

    Ablations, sizes and budgets are left out if there are other rows.

    Args:
        entries: Rows of one benchmark, the best first.
        one_model: Whether a stream's figure is restricted to its most frequent model, so that a
            colour identifies a row.
    """
    compared = list(compared_rows(entries))
    if one_model:
        compared = _of_one_model(compared)
    ordered = sorted(compared, key=priority)[:MAX_ROWS]
    rows = tuple(entry for entry in compared if entry in ordered)
    left = len(entries) - len(rows)
    note = f"Not drawn: {left} further row{'s' * (left > 1)}, see the tables." if left else ""
    return FigureRows(rows, " ".join(filter(None, (_earlier(rows), note))))


def _earlier(rows: Sequence[ResultRow]) -> str:
    """Name the drawn rows that do not compete, since they are of earlier versions."""
    names = dict.fromkeys(
        (entry.method_title or entry.method).partition(", ")[0]
        if entry.subject.kind == "stream"
        else entry.model_title or entry.model
        for entry in rows
        if entry.superseded
    )
    return f"Of earlier versions, which do not compete: {', '.join(names)}." if names else ""


def _of_one_model(entries: list[ResultRow]) -> list[ResultRow]:
    if not entries or entries[0].subject.kind != "stream":
        return entries
    model = usual_model(entries)
    return [entry for entry in entries if entry.model == model]


def priority(entry: ResultRow) -> tuple[bool, int]:
    """Return the key by which rows are chosen, the smallest first: always, then by role."""
    name = entry.method if entry.subject.kind == "stream" else entry.model
    return (name.partition("[")[0] not in ALWAYS, DRAWING_ORDER.index(entry.role))
