"""The columns of the front page's tables: one variant per task, some per stream; and what is left.

Of a benchmark that was run with several options, the table shows one variant. The others have a
page of their own, which the page names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.analysis.selection import ResultRow, Selection
from reports.analysis.subjects import Subject

MIN_ROWS = 3
"""Minimum number of rows for a second variant of a stream to be a column."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows with a result that a table does not show.

    Attributes:
        variants: Other variants of the benchmarks, each with its number of rows.
        rows: Number of rows of the columns' benchmarks: ablations, sizes, other budgets, and of
            equal names those with fewer seeds.
    """

    variants: tuple[tuple[Subject, int], ...] = ()
    rows: int = 0


def columns(
    rows: Mapping[Subject, Sequence[ResultRow]], official: Mapping[Subject, int]
) -> list[Subject]:
    """Choose a variant of each task and stream, and further variants of a stream with several rows.

    Variants that have rows of today's version come first, then those with official options, then
    those with most rows. Next to a stream with official options, no other options are a column:
    means are over all columns.

    Args:
        rows: Rows with a result that a leaderboard shows, by variant.
        official: How official the options of a variant are, by `training_options.standing`.
    """

    def order(subject: Subject) -> tuple[bool, int, int]:
        entries = rows[subject]
        current = any(entry.competes and not entry.earlier for entry in entries)
        return current, official[subject], len(entries)

    first: dict[str, Subject] = {}
    for subject in rows:
        known = first.setdefault(subject.benchmark, subject)
        if order(subject) > order(known):
            first[subject.benchmark] = subject
    return [
        subject
        for subject, entries in rows.items()
        if entries
        and (
            subject == first[subject.benchmark]
            or (
                subject.kind == "stream"
                and len(entries) >= MIN_ROWS
                and (official[subject] or not official[first[subject.benchmark]])
            )
        )
    ]


def left_out(selection: Selection, subjects: Sequence[Subject], shown: int) -> LeftOut:
    """Count the rows with a result that a table does not show.

    Args:
        selection: All rows.
        subjects: The columns, all of one kind.
        shown: Number of scores in the table.
    """
    counts = {
        subject: sum(bool(entry.ok) for entry in selection.of(subject))
        for subject in selection.subjects
        if subject.kind in {one.kind for one in subjects}
    }
    return LeftOut(
        variants=tuple(
            (subject, count)
            for subject, count in counts.items()
            if count and subject not in subjects
        ),
        rows=sum(counts[subject] for subject in subjects) - shown,
    )
