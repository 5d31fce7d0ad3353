"""Scores of models on tasks, and of methods on streams, as one table each: the front page."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from reports.analysis.heat_columns import LeftOut, columns, left_out
from reports.analysis.heat_scores import Score, heat_scores
from reports.analysis.other_options import other_options
from reports.analysis.roles import COMPETING
from reports.analysis.selection import ResultRow, Selection, only_model, usual_budget
from reports.analysis.subjects import Subject
from reports.analysis.summary import Summary, summary
from reports.analysis.training_options import defaults, standing
from results.records.roles import Role, split_budget

ROLE_ORDER: tuple[Role, ...] = (*COMPETING, "control", "bound")


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A model, or a method.

    Attributes:
        entry: One of its rows, for its names and its role.
        title: Its name for people.
        scores: By name of the benchmark; of a method with and without a budget, with it.
        mean: Mean over the shared columns; None if one of them is missing or does not compete.
        bytes: Largest state of a model in its columns, or largest total bytes of a method.
        cpu_seconds: Longest mean CPU time of training in its columns.
        others: Rows of the model with other options, by benchmarks on which it has no score.
    """

    entry: ResultRow
    title: str
    scores: dict[str, Score]
    mean: float | None
    bytes: int | None = None
    cpu_seconds: float | None = None
    others: Mapping[str, ResultRow] = field(default_factory=dict)

    @property
    def superseded(self) -> bool:
        """Whether all its scores are of earlier versions and do not compete."""
        return all(score.verdict == "superseded" for score in self.scores.values())


@dataclass(frozen=True, slots=True)
class Heat:
    """A table of scores.

    Attributes:
        kind: ``task`` or ``stream``.
        subjects: Its columns.
        shared: Names of the columns in which every reference with at least half of all scores has
            one; means are over these.
        budgets: Budget of the methods on a stream, as a variant's options, by benchmark.
        rows: References by falling mean, then controls, then bounds.
        earlier: Whether all rows that compete are of earlier versions of the code.
        left_out: Rows with a result that it does not show.
    """

    kind: Literal["task", "stream"]
    subjects: tuple[Subject, ...]
    shared: tuple[str, ...]
    budgets: dict[str, str]
    rows: tuple[HeatRow, ...]
    earlier: bool = False
    left_out: LeftOut = field(default_factory=LeftOut)

    @property
    def columns(self) -> tuple[tuple[Subject, str, str], ...]:
        """Columns, each with its title and the budget of its methods, or nothing."""
        count = Counter(subject.benchmark for subject in self.subjects)
        return tuple(
            (
                subject,
                (subject.title if count[subject.benchmark] == 1 else "") or subject.shown,
                self.budgets.get(subject.name, ""),
            )
            for subject in self.subjects
        )

    @property
    def groups(self) -> tuple[tuple[str, tuple[HeatRow, ...]], ...]:
        """Rows that compete, without a title, then those that do not, each with its title."""
        competing = tuple(row for row in self.competitors if not row.superseded)
        old = tuple(row for row in self.competitors if row.superseded)
        apart = tuple(row for row in self.rows if row.entry.role not in COMPETING)
        found = (
            ("", competing),
            ("earlier versions of the code, which do not compete", old),
            ("controls and bounds", apart),
        )
        return tuple((title, rows) for title, rows in found if rows)

    @property
    def has_superseded(self) -> bool:
        """Whether a score is of an earlier version and does not compete."""
        return any(
            score.verdict == "superseded" for row in self.rows for score in row.scores.values()
        )

    @property
    def competitors(self) -> tuple[HeatRow, ...]:
        """Rows that compete: no controls and no bounds."""
        return tuple(row for row in self.rows if row.entry.role in COMPETING)


def heat_tables(selection: Selection) -> list[Heat]:
    """Return the table of tasks and that of streams, without empty ones."""
    found = (_heat(selection, kind) for kind in ("task", "stream"))
    return [one for one in found if one.subjects and one.rows]


def _heat(selection: Selection, kind: Literal["task", "stream"]) -> Heat:
    rows = {
        subject: [entry for entry in selection.compared(subject) if entry.ok]
        for subject in selection.subjects
        if subject.kind == kind
    }
    rows, earlier = _one_version(rows)
    known = defaults(selection)
    subjects = columns(rows, {one: standing(rows[one], known, selection.official) for one in rows})
    cells = _cells({subject: rows[subject] for subject in subjects})
    scores = {
        key: {name: score for name, (_, score) in found.items()} for key, found in cells.items()
    }
    entries = {key: next(iter(found.values()))[0] for key, found in cells.items()}
    shared = _shared(
        subjects, [_valid(scores[key]) for key in entries if entries[key].role in COMPETING]
    )
    only, others = only_model(list(entries.values())), _others(selection, subjects)
    made = [
        HeatRow(
            entry,
            _title(entry, only),
            scores[key],
            _mean(_valid(scores[key]), shared),
            *_costs([summary(one) for one, _ in cells[key].values()]),
            others={
                subject.name: others[subject.name, entry.model]
                for subject in subjects
                if subject.name not in scores[key] and (subject.name, entry.model) in others
            },
        )
        for key, entry in entries.items()
    ]
    made.sort(key=_order)
    budgets = {subject.name: text for subject in subjects if (text := usual_budget(rows[subject]))}
    omitted = left_out(selection, subjects, shown=sum(len(found) for found in cells.values()))
    return Heat(kind, tuple(subjects), shared, budgets, tuple(made), earlier, omitted)


def _cells(
    rows: Mapping[Subject, Sequence[ResultRow]],
) -> dict[tuple[str, str], dict[str, tuple[ResultRow, Score]]]:
    """Return the row and the score of each cell, by model and method, then by benchmark.

    Of several rows of one model and method, one that competes is shown, then one with a budget,
    then the one with most seeds.
    """
    found: dict[tuple[str, str], dict[str, tuple[ResultRow, Score]]] = defaultdict(dict)
    for subject, entries in rows.items():
        scored = heat_scores(entries)
        scored.sort(
            key=lambda pair: (
                pair[0].superseded,
                pair[0].budget is None,
                -len(pair[0].ok),
            )
        )
        for entry, score in scored:
            found[_key(entry)].setdefault(subject.name, (entry, score))
    return found


def _one_version(
    rows: dict[Subject, list[ResultRow]],
) -> tuple[dict[Subject, list[ResultRow]], bool]:
    """Return rows whose means over benchmarks are of one version, and whether it is an earlier one.

    If any row that competes is of today's version, rows of earlier versions do not compete on any
    benchmark.
    """
    competing = [entry for entries in rows.values() for entry in entries if entry.competes]
    if competing and all(entry.earlier for entry in competing):
        return rows, True
    return {
        subject: [replace(entry, superseded=entry.earlier) for entry in entries]
        for subject, entries in rows.items()
    }, False


def _order(row: HeatRow) -> tuple[bool, int, bool, float, float, str]:
    """Sort rows that compete by falling mean, then controls, then bounds."""
    return (
        row.entry.role not in COMPETING,
        ROLE_ORDER.index(row.entry.role) if row.entry.role in ROLE_ORDER[2:] else 0,
        row.mean is None,
        -(row.mean or 0.0),
        -float(np.mean([score.mean for score in row.scores.values()])),
        row.title,
    )


def _others(selection: Selection, subjects: Sequence[Subject]) -> dict[tuple[str, str], ResultRow]:
    """Return rows of models with other options, by benchmark and model."""
    return {
        (subject.name, entry.model.partition("[")[0]): entry
        for subject in subjects
        for entry in other_options(selection, subject)
    }


def _shared(subjects: Sequence[Subject], rows: Sequence[dict[str, Score]]) -> tuple[str, ...]:
    most = [scores for scores in rows if 2 * len(scores) >= len(subjects)]
    return tuple(
        subject.name for subject in subjects if all(subject.name in scores for scores in most)
    )


def _valid(scores: dict[str, Score]) -> dict[str, Score]:
    """Return the scores that compete."""
    return {name: one for name, one in scores.items() if one.verdict != "superseded"}


def _mean(scores: dict[str, Score], shared: Sequence[str]) -> float | None:
    if not shared or any(name not in scores for name in shared):
        return None
    return float(np.mean([scores[name].mean for name in shared]))


def _costs(rows: Sequence[Summary]) -> tuple[int | None, float | None]:
    """Return the largest bytes and the longest CPU time of a row's columns."""
    sizes = [row.total_bytes if row.kind == "stream" else row.state_bytes for row in rows]
    seconds = [row.train_cpu_seconds for row in rows]
    return (
        max((one for one in sizes if one is not None), default=None),
        max((one for one in seconds if one is not None), default=None),
    )


def _key(entry: ResultRow) -> tuple[str, str]:
    """Return model and method; a method at a budget is the same method on every stream."""
    return (entry.model, split_budget(entry.method)[0])


def _title(entry: ResultRow, only: str) -> str:
    """Return the model of a task's row, or the method of a stream's, after its model if needed.

    Args:
        entry: The row.
        only: The model of all rows; empty if there are several.
    """
    if entry.subject.kind == "task":
        return entry.model_title or entry.model
    method = entry.method_title or entry.method
    if entry.budget is not None:
        method = method.replace(f", {entry.budget}", "")
    return method if entry.model == only else f"{entry.model_title or entry.model} · {method}"
