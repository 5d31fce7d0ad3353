"""Which row of a benchmark is the best: of several that compete, one above chance level."""

import math
from collections.abc import Sequence

from reports.analysis.metric_ranges import metric_range
from reports.analysis.pairing import paired_scores
from reports.analysis.selection import ResultRow
from reports.analysis.summary import finite, scores
from results.statistics.significance import MIN_COMMON_SEEDS, paired_tests

SHOWN_DECIMALS = 3
"""Decimals of scores in tables; a difference that no table shows is none."""


def best_row(entries: Sequence[ResultRow]) -> ResultRow | None:
    """Return the row with the highest mean among those that compete.

    There is none if fewer than two of them have a score, if the highest one is not above chance
    level, or if it has one seed and others have several: bold marks then nothing.
    """
    means = {
        place: mean
        for place, entry in enumerate(entries)
        if entry.competes
        and (mean := finite(scores(entry, entry.subject.primary).mean)) is not None
    }
    if len(means) < 2:
        return None
    best = entries[max(means, key=lambda place: means[place])]
    single = len(best.ok) == 1 and any(len(entries[place].ok) > 1 for place in means)
    return best if above_chance(best) and not single else None


def above_chance(entry: ResultRow) -> bool:
    """Whether a row's mean is above chance level, and significantly so if it has enough seeds.

    Without a known chance level, the lower end of the metric's range takes its place. With too few
    seeds for a test, the mean as tables show it must exceed the level as tables show it.
    """
    low, _ = metric_range(entry.subject.primary)
    level = low if entry.subject.chance is None else entry.subject.chance
    values = paired_scores([entry], entry.subject.primary)
    mean = finite(scores(entry, entry.subject.primary).mean)
    if mean is None or math.isinf(level):
        return mean is not None
    tests = paired_tests(values - level)
    if tests.count[0] < MIN_COMMON_SEEDS:
        return round(mean, SHOWN_DECIMALS) > round(level, SHOWN_DECIMALS)
    return bool(tests.difference[0] > 0 and tests.significant[0])
