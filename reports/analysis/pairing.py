"""Scores of several rows aligned by seed: equal seeds have equal data."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from reports.analysis.selection import ResultRow
from results.records.record import Record


def paired_scores(entries: Sequence[ResultRow], metric: str) -> npt.NDArray[np.float64]:
    """Return a metric as ``[rows, seeds]``, one column per seed of any row; NaN where missing."""
    return paired([entry.ok for entry in entries], metric)


def common_seeds(first: ResultRow, second: ResultRow, metric: str) -> int:
    """Return the number of seeds for which both rows have the metric."""
    return int(np.isfinite(paired_scores([first, second], metric)).all(axis=0).sum())


def paired(rows: Sequence[Sequence[Record]], metric: str) -> npt.NDArray[np.float64]:
    """Return a metric of rows of records; see `paired_scores`.

    Of two records with one seed, the last one counts.
    """
    places = {
        seed: place
        for place, seed in enumerate(sorted({record.cell.seed for row in rows for record in row}))
    }
    scores = np.full((len(rows), len(places)), np.nan)
    for row, records in enumerate(rows):
        for record in records:
            value = record.metrics.get(metric)
            scores[row, places[record.cell.seed]] = np.nan if value is None else value
    return scores
