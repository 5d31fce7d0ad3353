"""Summarises leaderboard rows: the primary metric with its interval, and the costs."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from reports.analysis.metric_ranges import Range, metric_range
from reports.analysis.pairing import paired_scores
from reports.analysis.selection import ResultRow, Selection
from reports.analysis.subjects import Subject
from results.records.record import Record
from results.records.roles import Role
from results.statistics.intervals import Interval, mean_interval
from results.statistics.ranks import is_tested, ranks


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One row over its seeds. A number is None if it is not known.

    Attributes:
        benchmark: Task or stream, with its variant's options.
        kind: ``task`` or ``stream``.
        rank: One plus the number of the benchmark's rows that are significantly better, without
            bounds; see `results.statistics.ranks`. None for a row that is not tested, and for
            ablations, sizes and budgets, which do not compete.
        tested: Whether the row has enough seeds in common with another row that counts in ranks,
            so that a test compares them; None for a row without a score, or that does not compete.
        role: Its role in a comparison.
        model: The model's name.
        method: The training method.
        setting: Digest of config and version.
        metric: The primary metric.
        mean: Its mean over seeds.
        low: Lower end of the Student-t interval; None with one seed.
        high: Upper end.
        chance: Its value at chance level.
        seeds_ok: Seeds with a result.
        seeds_failed: Seeds with an error.
        seeds_planned: Seeds that were planned.
        parameters: Number of parameters; like all sizes, the maximum over seeds.
        parameter_bytes: Bytes of parameters.
        state_bytes: Maximum bytes of state per sequence.
        total_bytes: Bytes stored of past samples and of the parameters that no seed regenerates;
            None on a task.
        buffer_bytes: Bytes stored of past samples.
        train_seconds: Mean wall-clock time of training; it depends on other work on the machine.
        train_cpu_seconds: Mean CPU time of training; it hardly depends on other work.
        train_examples: Number of training examples.
        superseded: Whether it is of an earlier version and does not compete with the rows of
            today's; it has no rank.
    """

    benchmark: str
    kind: str
    rank: int | None
    tested: bool | None
    role: Role
    model: str
    method: str
    setting: str
    metric: str
    mean: float | None
    low: float | None
    high: float | None
    chance: float | None
    seeds_ok: int
    seeds_failed: int
    seeds_planned: int
    parameters: int | None
    parameter_bytes: int | None
    state_bytes: int | None
    total_bytes: int | None
    buffer_bytes: int | None
    train_seconds: float | None
    train_cpu_seconds: float | None
    train_examples: int | None
    superseded: bool = False

    @property
    def limits(self) -> Range:
        """The range of the metric."""
        return metric_range(self.metric)


def summarise(selection: Selection) -> list[Summary]:
    """Summarise all rows by benchmark, the best first, rows without a score last."""
    return [row for subject in selection.subjects for _, row in ranked(selection, subject)]


def ranked(selection: Selection, subject: Subject) -> list[tuple[ResultRow, Summary]]:
    """Sort a benchmark's rows by falling mean, then by name, and rank those that are tested.

    Rows of superseded versions come after those of today's, and ablations, sizes and budgets after
    the rows that they are variants of, all without a rank. Bounds have a rank, but do not count in
    that of other rows.
    """
    compared = selection.compared(subject)
    pairs = [(entry, summary(entry)) for entry in selection.of(subject)]
    pairs.sort(
        key=lambda pair: (
            pair[0] not in compared,
            pair[0].superseded,
            pair[1].mean is None,
            -(pair[1].mean or 0.0),
            pair[1].model,
            pair[1].method,
            pair[1].setting,
        )
    )
    first = pairs[: sum(not entry.superseded for entry in compared)]
    values = paired_scores([entry for entry, _ in first], subject.primary)
    counts = [entry.role != "bound" for entry, _ in first]
    found = zip(first, ranks(values, counts), is_tested(values, counts), strict=True)
    return [
        *((entry, _ranked(row, int(rank), bool(known))) for (entry, row), rank, known in found),
        *pairs[len(first) :],
    ]


def _ranked(row: Summary, rank: int, known: bool) -> Summary:
    """Give a row with a score its rank, if it is tested."""
    return row if row.mean is None else replace(row, rank=rank if known else None, tested=known)


def summary(entry: ResultRow) -> Summary:
    """Summarise one row, without its rank."""
    interval = scores(entry, entry.subject.primary)
    seconds = [record.cost.train_seconds for record in entry.ok]
    busy = [
        record.cost.train_cpu_seconds for record in entry.ok if record.cost.train_cpu_seconds > 0
    ]
    return Summary(
        benchmark=entry.subject.name,
        kind=entry.subject.kind,
        rank=None,
        tested=None,
        role=entry.role,
        model=entry.model,
        method=entry.method,
        setting=entry.setting,
        metric=entry.subject.primary,
        mean=finite(interval.mean),
        low=finite(interval.low),
        high=finite(interval.high),
        chance=entry.subject.chance,
        seeds_ok=len(entry.ok),
        seeds_failed=len(entry.failed),
        seeds_planned=entry.planned,
        parameters=_peak(entry, lambda record: record.cost.parameters),
        parameter_bytes=_peak(entry, lambda record: record.cost.parameter_bytes),
        state_bytes=_peak(entry, lambda record: record.cost.state_bytes),
        total_bytes=_peak(entry, lambda record: record.cost.total_bytes)
        if entry.subject.kind == "stream"
        else None,
        buffer_bytes=_peak(entry, lambda record: record.cost.buffer_bytes),
        train_seconds=float(np.mean(seconds)) if seconds else None,
        train_cpu_seconds=float(np.mean(busy)) if busy else None,
        train_examples=_peak(entry, lambda record: record.cost.train_examples),
        superseded=entry.superseded,
    )


def scores(entry: ResultRow, metric: str) -> Interval:
    """Return the mean of a metric over an entry's seeds, with its interval.

    Seeds without the metric do not count.
    """
    return mean_interval(
        [np.nan if (value := record.metrics.get(metric)) is None else value for record in entry.ok]
    )


def finite(value: np.ndarray | float) -> float | None:
    """Return one element of an interval; None for NaN."""
    return float(value) if math.isfinite(float(value)) else None


def _peak(entry: ResultRow, cost: Callable[[Record], int]) -> int | None:
    return max(map(cost, entry.ok)) if entry.ok else None
