"""Checks over several records: complete seeds, no duplicates, no drift from published rows."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from scipy import stats

from results.records.record import Record
from results.validation.recompute import agree

JointProblem: TypeAlias = tuple[Path, Literal["refused", "note"], str, str]
"""File, severity, the problem, and of a note the same without names, which groups equal ones."""

Row: TypeAlias = tuple[str, str, str, str]

OFFICIAL_SEEDS = 10
"""Seeds of an official row."""

MIN_DRIFT_DEVIATION = 0.02
"""Smallest standard deviation over seeds that the check of drift assumes."""

DRIFT_CONFIDENCE = 0.999
"""Confidence of the prediction interval of the check of drift."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A record and its file."""

    path: Path
    record: Record


def joint_problems(
    submitted: Sequence[Submission], known: Sequence[Submission]
) -> Iterator[JointProblem]:
    """Yield the problems of records taken together.

    Args:
        submitted: Submitted records.
        known: Published records. A submitted file that is one of them is not compared with itself,
            and a record that is identical to a published one is accepted.
    """
    here = {one.path.resolve() for one in submitted}
    others = [one for one in known if one.path.resolve() not in here]
    yield from _twice(submitted, others)
    published = _rows(others)
    by_id = {one.record.id: one.record for one in others}
    new = [one for one in submitted if by_id.get(one.record.id) != one.record]
    for row, members in _rows(new).items():
        yield from _row(members, published.get(row, []))
        settings = sorted(key[3] for key in published if key[:3] == row[:3] and key[3] != row[3])
        if settings and row not in published:
            yield (
                members[0].path,
                "note",
                f"{_name(row)} is already published with another config or version: "
                "these will be two rows",
                "already published with another config or version: there will be two rows each",
            )


def _twice(submitted: Sequence[Submission], known: Sequence[Submission]) -> Iterator[JointProblem]:
    """Yield duplicate cells; for a published cell, state whether both agree."""
    published = {one.record.id: one for one in known}
    first: dict[str, Path] = {}
    for one in submitted:
        if one.record.id in first:
            yield one.path, "refused", f"duplicate: {first[one.record.id]} is of the same cell", ""
        first.setdefault(one.record.id, one.path)
        old = published.get(one.record.id)
        if old is None:
            continue
        if old.record == one.record:
            reason = "identical to the published record"
            yield one.path, "note", f"{reason} {old.path}", f"{reason} of the same cell"
        else:
            yield one.path, "refused", _again(one.record, old), ""


def _again(record: Record, old: Submission) -> str:
    before = old.record.metrics
    changed = [
        name
        for name in sorted(record.metrics.keys() & before.keys())
        if not agree(record.metrics[name], before[name])
    ]
    if record.status != old.record.status:
        return (
            f"drift: its status is {record.status}, and that of the same cell in {old.path} "
            f"is {old.record.status}"
        )
    if not changed:
        return f"duplicate: {old.path} has the same cell with the same metrics"
    name = changed[0]
    return (
        f"drift: {name} is {record.metrics[name]}, and {before[name]} for the same cell "
        f"in {old.path}"
    )


def _row(members: Sequence[Submission], published: Sequence[Submission]) -> Iterator[JointProblem]:
    """Check a row: its seeds, its size, and its scores against published ones."""
    first = members[0]
    row = _key(first.record)
    seeds = {one.record.cell.seed for one in (*members, *published)}
    absent = sorted(set(range(min(max(seeds), 10_000) + 1)) - seeds)
    if absent:
        shown = ", ".join(map(str, absent[:10])) + ("…" if len(absent) > 10 else "")
        yield (
            first.path,
            "refused",
            f"{_name(row)} has no seeds {shown}: submit all seeds from 0 on, including failed ones",
            "",
        )
    elif len(seeds) < OFFICIAL_SEEDS:
        count = f"{len(seeds)} seed{'s' if len(seeds) != 1 else ''}"
        official = f"an official row has {OFFICIAL_SEEDS}"
        yield (
            first.path,
            "note",
            f"{_name(row)} has {count}; {official}",
            f"rows of {count}; {official}",
        )
    sizes = {
        one.record.cost.parameters for one in (*members, *published) if one.record.status == "ok"
    }
    if len(sizes) > 1:
        yield (
            first.path,
            "refused",
            f"{_name(row)} has {' and '.join(f'{size:,}' for size in sorted(sizes))} parameters "
            "in its seeds",
            "",
        )
    yield from _drift(members, published)


def _drift(
    members: Sequence[Submission], published: Sequence[Submission]
) -> Iterator[JointProblem]:
    """Compare the mean accuracy of new seeds with a prediction interval from at least three old."""
    new, old = (
        np.array(
            [value for one in side if (value := one.record.metrics.get("accuracy")) is not None]
        )
        for side in (members, published)
    )
    if len(old) < 3 or not len(new):
        return
    deviation = max(float(old.std(ddof=1)), MIN_DRIFT_DEVIATION)
    limit = (
        float(stats.t.ppf((1 + DRIFT_CONFIDENCE) / 2, len(old) - 1))
        * deviation
        * np.sqrt(1 / len(old) + 1 / len(new))
    )
    if abs(new.mean() - old.mean()) > limit:
        first = members[0]
        yield (
            first.path,
            "refused",
            f"drift: {_name(_key(first.record))} has accuracy {new.mean():.3f} in these seeds and "
            f"{old.mean():.3f} in the published ones; means of one row differ by less than "
            f"{limit:.3f}",
            "",
        )


def _rows(given: Sequence[Submission]) -> dict[Row, list[Submission]]:
    rows: dict[Row, list[Submission]] = defaultdict(list)
    for one in given:
        rows[_key(one.record)].append(one)
    return rows


def _key(record: Record) -> Row:
    cell = record.cell
    return (cell.benchmark, cell.model, cell.method, cell.setting)


def _name(row: Row) -> str:
    return " · ".join(row[:3])
