"""Aggregates over all tasks, or all streams, of a suite.

Interquartile means and performance profiles follow Agarwal et al. (2021).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.analysis.pairing import paired_scores
from reports.analysis.rng import generator
from reports.analysis.selection import ResultRow, Selection
from reports.analysis.slugs import slug
from reports.analysis.subjects import Subject
from reports.analysis.summary import summary
from reports.figures import profiles
from reports.figures.choice import MAX_ROWS
from reports.figures.plot import Plot
from reports.figures.style import Style
from reports.tables import number_format
from reports.tables.comparison_table import estimate
from reports.tables.row_titles import row_title
from reports.tables.tables import COSTS, Column, Row, Table, named_method, named_model
from results.records.manifest import Manifest
from results.statistics.bootstrap import Array, Estimate, interquartile_mean
from results.statistics.bootstrap import estimate as bootstrapped

MAX_PARTIAL = 12
"""Maximum number of left out rows that are named."""

BENCHMARK_KINDS = ("task", "stream")
"""Kinds of benchmarks; each is aggregated separately."""


@dataclass(frozen=True, slots=True)
class AggregateRow:
    """A model and method over several benchmarks.

    Attributes:
        entries: Its row on each benchmark.
        scores: Its runs on each benchmark: the primary metric, finite.
        interquartile: Their interquartile mean.
        mean: Their mean.
    """

    entries: tuple[ResultRow, ...]
    scores: tuple[Array, ...]
    interquartile: Estimate
    mean: Estimate


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A suite's benchmarks of one kind.

    Attributes:
        suite: Name of the manifest.
        title: Its title for people.
        subjects: The benchmarks.
        ranked_rows: Rows with a result on all of them, by falling interquartile mean.
        partial: Rows of models that ran on some of them only, one each, with the number of these.
    """

    suite: str
    title: str
    subjects: tuple[Subject, ...]
    ranked_rows: tuple[AggregateRow, ...]
    partial: tuple[tuple[ResultRow, int], ...] = ()

    @property
    def name(self) -> str:
        """Title of the aggregate."""
        return f"{self.title}: {len(self.subjects)} {self.subjects[0].kind}s"


def aggregates(selection: Selection) -> list[Aggregate]:
    """Aggregate every suite's tasks, and its streams.

    Fewer than two benchmarks or rows are not aggregated.
    """
    found = [
        _aggregate(selection, manifest, kind)
        for manifest in selection.manifests
        for kind in BENCHMARK_KINDS
    ]
    return [one for one in found if len(one.subjects) > 1 and len(one.ranked_rows) > 1]


def aggregate_table(found: Aggregate) -> Table:
    """Show an aggregate's rows with their costs."""
    columns = (
        Column("model"),
        Column("method"),
        Column("interquartile mean", numeric=True),
        Column("mean", numeric=True),
        Column("runs", numeric=True),
        *COSTS[1:],
    )
    caption = (
        f"{found.name}: interquartile mean and mean over all runs, with 95% bootstrap intervals "
        "stratified by benchmark; parameters, state, total and buffer: maximum; training and CPU "
        "time: sum"
    )
    return Table(caption + _partial(found), columns, tuple(_row(row) for row in found.ranked_rows))


def _partial(found: Aggregate) -> str:
    """Name the rows that ran on some benchmarks only; that they did not run is no failure."""
    kind, total = found.subjects[0].kind, len(found.subjects)
    names = [f"{row_title(entry)} ({count})" for entry, count in found.partial[:MAX_PARTIAL]]
    more = len(found.partial) - len(names)
    further = [f"{more} more"] if more else []
    if not names:
        return ""
    return f". Left out, since they ran on fewer than {total} {kind}s: {', '.join(names + further)}"


def aggregate_plot(found: Aggregate, style: Style) -> Plot:
    """Draw the performance profiles of an aggregate's best rows."""
    rows = [(row.entries[0], row.scores) for row in found.ranked_rows[:MAX_ROWS]]
    return profiles.draw_rows(
        rows,
        style,
        _plot_name(found.suite, found.subjects[0].kind),
        title=f"{found.name}, performance profiles",
        score="score",
        chance=None,
    )


def plot_names(selection: Selection) -> list[str]:
    """Return the names of all figures that aggregates may have."""
    return [
        _plot_name(manifest.name, kind)
        for manifest in selection.manifests
        for kind in BENCHMARK_KINDS
    ]


def _plot_name(suite: str, kind: str) -> str:
    return f"{slug(suite)}-{kind}s-profiles"


def _aggregate(selection: Selection, manifest: Manifest, kind: str) -> Aggregate:
    members = {member.name for member in manifest.benchmarks if member.kind == kind}
    subjects = tuple(subject for subject in selection.subjects if subject.benchmark in members)
    planned = {cell.id for cell in manifest.cells}
    rows: dict[tuple[str, str], dict[str, ResultRow]] = defaultdict(dict)
    entries = [entry for subject in subjects for entry in selection.compared(subject)]
    for entry in entries:
        if not entry.superseded and any(record.id in planned for record in entry.ok):
            rows[entry.model, entry.method][entry.subject.name] = entry
    whole = [
        tuple(row[subject.name] for subject in subjects)
        for row in rows.values()
        if len(row) == len(subjects)
    ]
    found = [_aggregate_row(entries) for entries in whole]
    ranked_rows = sorted(
        (one for one in found if all(len(runs) for runs in one.scores)),
        key=lambda one: (-one.interquartile.value, one.entries[0].model, one.entries[0].method),
    )
    return Aggregate(
        manifest.name,
        manifest.title or manifest.name,
        subjects,
        tuple(ranked_rows),
        tuple(
            (next(iter(row.values())), len(row))
            for row in rows.values()
            if len(row) < len(subjects)
        ),
    )


def _aggregate_row(entries: tuple[ResultRow, ...]) -> AggregateRow:
    scores = tuple(_finite(paired_scores([entry], entry.subject.primary)[0]) for entry in entries)
    names = (
        "overview",
        entries[0].model,
        entries[0].method,
        *(entry.subject.name for entry in entries),
    )
    return AggregateRow(
        entries=entries,
        scores=scores,
        interquartile=bootstrapped(
            scores, interquartile_mean, generator=generator(*names, "interquartile mean")
        ),
        mean=bootstrapped(scores, _mean, generator=generator(*names, "mean")),
    )


def _mean(scores: Array) -> Array:
    return np.asarray(scores.mean(axis=-1))


def _finite(scores: Array) -> Array:
    return scores[np.isfinite(scores)]


def _row(row: AggregateRow) -> Row:
    rows = [summary(entry) for entry in row.entries]
    ok, planned = sum(row.seeds_ok for row in rows), sum(row.seeds_planned for row in rows)
    return Row(
        cells=(
            named_model(row.entries[0]),
            named_method(row.entries[0]),
            estimate(row.interquartile, signed=False),
            estimate(row.mean, signed=False),
            f"{ok}/{planned}",
            number_format.whole(_most([row.parameters for row in rows])),
            number_format.size(_most([row.state_bytes for row in rows])),
            number_format.size(_most([row.total_bytes for row in rows])),
            number_format.size(_most([row.buffer_bytes for row in rows])),
            number_format.seconds(sum(row.train_seconds or 0.0 for row in rows)),
            number_format.seconds(sum(row.train_cpu_seconds or 0.0 for row in rows) or None),
        ),
        incomplete=ok < planned,
    )


def _most(values: Sequence[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)
