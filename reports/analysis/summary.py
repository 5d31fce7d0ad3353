"""A row of the leaderboard in numbers: the primary metric over seeds with its interval, and what it cost."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from reports.analysis.pairing import paired_scores
from reports.analysis.selection import ResultRow, Selection, Subject
from results.records.record import Record
from results.statistics.intervals import Interval, mean_interval
from results.statistics.ranks import ranks


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One row over its seeds. Numbers are None where there is nothing to say.

    Attributes:
        benchmark: Task or stream.
        kind: Which of the two.
        rank: One more than the number of the benchmark's rows that are significantly better; see
            `results.statistics.ranks`.
        model: The model's name.
        method: How it learnt.
        setting: Digest of config and version.
        metric: The primary metric.
        mean: Its mean over seeds.
        low: Lower end of the Student-t interval; None with one seed.
        high: Upper end.
        chance: Its value for guessing.
        seeds_ok: Seeds that hold a result.
        seeds_failed: Seeds that hold an error.
        seeds_planned: Seeds that were wanted.
        parameters: Count of parameters, the largest of the seeds, as are all counts of bytes.
        parameter_bytes: Bytes of parameters.
        state_bytes: Bytes that one sequence carries at most.
        buffer_bytes: Bytes kept of the past between samples.
        train_seconds: Mean time of training, by the clock; other work on the machine lengthens it.
        train_cpu_seconds: Mean time that training took of the CPUs, which other work hardly
            changes.
        train_examples: Examples trained on.
    """

    benchmark: str
    kind: str
    rank: int | None
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
    buffer_bytes: int | None
    train_seconds: float | None
    train_cpu_seconds: float | None
    train_examples: int | None


def summarise(selection: Selection) -> list[Summary]:
    """Summarise all rows: benchmarks in their order, and within one the best first, those without a score last."""
    return [row for subject in selection.subjects for _, row in ranked(selection, subject)]


def ranked(selection: Selection, subject: Subject) -> list[tuple[ResultRow, Summary]]:
    """Sort a benchmark's rows by falling mean, names breaking ties, and rank those that have one."""
    pairs = [(entry, summary(entry)) for entry in selection.of(subject)]
    pairs.sort(
        key=lambda pair: (
            pair[1].mean is None,
            -(pair[1].mean or 0.0),
            pair[1].model,
            pair[1].method,
            pair[1].setting,
        )
    )
    found = ranks(paired_scores([entry for entry, _ in pairs], subject.primary))
    return [
        (entry, row if row.mean is None else replace(row, rank=int(rank)))
        for (entry, row), rank in zip(pairs, found, strict=True)
    ]


def summary(entry: ResultRow) -> Summary:
    """Summarise one row, not yet ranked."""
    interval = scores(entry, entry.subject.primary)
    seconds = [record.cost.train_seconds for record in entry.ok]
    busy = [
        record.cost.train_cpu_seconds for record in entry.ok if record.cost.train_cpu_seconds > 0
    ]
    return Summary(
        benchmark=entry.subject.name,
        kind=entry.subject.kind,
        rank=None,
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
        buffer_bytes=_peak(entry, lambda record: record.cost.buffer_bytes),
        train_seconds=float(np.mean(seconds)) if seconds else None,
        train_cpu_seconds=float(np.mean(busy)) if busy else None,
        train_examples=_peak(entry, lambda record: record.cost.train_examples),
    )


def scores(entry: ResultRow, metric: str) -> Interval:
    """Compute the mean of a metric over an entry's seeds, with its interval.

    Seeds that hold no such number do not count.
    """
    return mean_interval(
        [np.nan if (value := record.metrics.get(metric)) is None else value for record in entry.ok]
    )


def finite(value: np.ndarray | float) -> float | None:
    """Read one element of an interval: None for NaN."""
    return float(value) if math.isfinite(float(value)) else None


def _peak(entry: ResultRow, cost: Callable[[Record], int]) -> int | None:
    return max(map(cost, entry.ok)) if entry.ok else None
