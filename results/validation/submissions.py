"""Records taken together: seeds complete, nothing twice, and no drift from rows that are there already."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from scipy import stats

from results.records.record import Record
from results.validation.recompute import agree

Doubt: TypeAlias = tuple[Path, Literal["refused", "note"], str]
Row: TypeAlias = tuple[str, str, str, str]

OFFICIAL = 10
"""Seeds of an official row."""

DRIFT = 0.02
"""Least standard deviation over seeds that a row is taken to have when others are held against it."""

CONFIDENCE = 0.999
"""Of the prediction interval outside which a row has drifted."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A record and the file that holds it."""

    path: Path
    record: Record


def doubts_together(sent: Sequence[Submission], known: Sequence[Submission]) -> Iterator[Doubt]:
    """Yield what is wrong with records taken together.

    Args:
        sent: Records that were sent.
        known: Records that are there already; those that are among the sent ones are not held
            against them.
    """
    here = {one.path.resolve() for one in sent}
    others = [one for one in known if one.path.resolve() not in here]
    yield from _twice(sent, others)
    there = _rows(others)
    for row, members in _rows(sent).items():
        yield from _row(members, there.get(row, []))
        settings = sorted(key[3] for key in there if key[:3] == row[:3] and key[3] != row[3])
        if settings and row not in there:
            yield (
                members[0].path,
                "note",
                f"{_name(row)} is there already in another config or version: they will stand as two rows",
            )


def _twice(sent: Sequence[Submission], known: Sequence[Submission]) -> Iterator[Doubt]:
    """Find cells that come twice; of one that is there already, say whether both agree."""
    there = {one.record.id: one for one in known}
    first: dict[str, Path] = {}
    for one in sent:
        if one.record.id in first:
            yield one.path, "refused", f"duplicate: {first[one.record.id]} is of the same cell"
        first.setdefault(one.record.id, one.path)
        old = there.get(one.record.id)
        if old is not None:
            yield one.path, "refused", _again(one.record, old)


def _again(record: Record, old: Submission) -> str:
    before = old.record.metrics
    changed = [
        name
        for name in sorted(record.metrics.keys() & before.keys())
        if not agree(record.metrics[name], before[name])
    ]
    if record.status != old.record.status:
        return f"drift: its status is {record.status}, and that of the same cell in {old.path} is {old.record.status}"
    if not changed:
        return f"duplicate: {old.path} holds the same cell with the same metrics"
    name = changed[0]
    return f"drift: {name} is {record.metrics[name]}, and {before[name]} in {old.path}, which is of the same cell"


def _row(members: Sequence[Submission], there: Sequence[Submission]) -> Iterator[Doubt]:
    """Check a row: its seeds, its size, and its scores against those that are there already."""
    first = members[0]
    row = _key(first.record)
    seeds = {one.record.cell.seed for one in (*members, *there)}
    absent = sorted(set(range(min(max(seeds), 10_000) + 1)) - seeds)
    if absent:
        shown = ", ".join(map(str, absent[:10])) + ("…" if len(absent) > 10 else "")
        yield (
            first.path,
            "refused",
            f"{_name(row)} lacks seeds {shown}: send all of them from 0 on, failed ones too",
        )
    elif len(seeds) < OFFICIAL:
        yield (
            first.path,
            "note",
            f"{_name(row)} has {len(seeds)} seeds; an official row has {OFFICIAL}",
        )
    sizes = {one.record.cost.parameters for one in (*members, *there) if one.record.status == "ok"}
    if len(sizes) > 1:
        yield (
            first.path,
            "refused",
            f"{_name(row)} has {' and '.join(f'{size:,}' for size in sorted(sizes))} parameters in its seeds",
        )
    yield from _drift(members, there)


def _drift(members: Sequence[Submission], there: Sequence[Submission]) -> Iterator[Doubt]:
    """Hold the mean accuracy of new seeds against a prediction interval from the old ones (three at least)."""
    new, old = (
        np.array(
            [value for one in side if (value := one.record.metrics.get("accuracy")) is not None]
        )
        for side in (members, there)
    )
    if len(old) < 3 or not len(new):
        return
    spread = max(float(old.std(ddof=1)), DRIFT)
    reach = (
        float(stats.t.ppf((1 + CONFIDENCE) / 2, len(old) - 1))
        * spread
        * np.sqrt(1 / len(old) + 1 / len(new))
    )
    if abs(new.mean() - old.mean()) > reach:
        first = members[0]
        yield (
            first.path,
            "refused",
            f"drift: {_name(_key(first.record))} has accuracy {new.mean():.3f} in these seeds and {old.mean():.3f} in those there are; "
            f"means of one row differ by less than {reach:.3f}",
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
