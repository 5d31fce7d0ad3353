"""Scores of the rows of one benchmark, each compared with the best one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reports.analysis.best import best_row
from reports.analysis.pairing import paired_scores
from reports.analysis.selection import ResultRow
from reports.analysis.summary import summary
from results.statistics.ranks import pairwise
from results.statistics.significance import MIN_COMMON_SEEDS

Verdict = Literal["best", "tie", "worse", "untested", "none", "superseded"]
"""A score against the best one.

*untested* if too few seeds are common to both rows, *none* if no row is the best
(`reports.analysis.best`), *superseded* if the row is of an earlier version and does not compete.
"""


@dataclass(frozen=True, slots=True)
class Score:
    """A row's score on one benchmark.

    Attributes:
        mean: Mean of the primary metric over seeds.
        verdict: Comparison with the best competing row.
        shade: Tenth of the metric's range from 0 to 1 that the mean is in, 0 to 9.
    """

    mean: float
    verdict: Verdict
    shade: int


def heat_scores(entries: Sequence[ResultRow]) -> list[tuple[ResultRow, Score]]:
    """Return each row's score; the best competing row, if there is one, is the standard of all."""
    scored = [(entry, mean) for entry in entries if (mean := summary(entry).mean) is not None]
    known = [(entry, mean) for entry, mean in scored if not entry.superseded]
    old = [
        (entry, Score(mean, "superseded", _shade(mean)))
        for entry, mean in scored
        if entry.superseded
    ]
    rows = [entry for entry, _ in known]
    leader = best_row(rows)
    if leader is None:
        return [*((entry, Score(mean, "none", _shade(mean))) for entry, mean in known), *old]
    best = rows.index(leader)
    values = paired_scores(rows, leader.subject.primary)
    significant, _ = pairwise(values)
    common = (np.isfinite(values) & np.isfinite(values[best])).sum(axis=1)
    return [
        *(
            (entry, Score(mean, _verdict(place, best, significant, common), _shade(mean)))
            for place, (entry, mean) in enumerate(known)
        ),
        *old,
    ]


def _verdict(place: int, best: int, significant: np.ndarray, common: np.ndarray) -> Verdict:
    if place == best:
        return "best"
    if common[place] < MIN_COMMON_SEEDS:
        return "untested"
    return "worse" if significant[place, best] else "tie"


def _shade(mean: float) -> int:
    return int(min(max(mean, 0.0), 0.999) * 10)
