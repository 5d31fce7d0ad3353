"""Ranks with ties: a model is placed below those alone that are shown to be better."""

import numpy as np
import numpy.typing as npt

from results.statistics.comparisons import holm, paired_t

Array = npt.NDArray[np.float64]

SIGNIFICANCE = 0.05
"""Adjusted p below which a difference is taken to be one."""


def ranks(scores: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Rank models by the number of those that are significantly better, plus one.

    None is placed above one of a better mean.

    Two models differ where a paired t-test over the seeds that both have says so, corrected by Holm
    over all pairs of models. It is the test that goes with the Student-t interval shown beside each
    score; Wilcoxon's signed-rank test can separate nobody with fewer than six seeds. With fewer
    than three seeds in common, two models are tied. Being tied is not transitive: of three, the
    first and last may differ though neither differs from the middle one. A model whose scores
    scatter so widely that nothing is shown to be better shares the place of the one whose mean
    comes before its own.

    Args:
        scores: ``[K, S]``, a row per model, a column per seed; NaN where there is none.

    Returns:
        Ranks from 1, ``[K]``.
    """
    found = np.asarray(scores, dtype=np.float64)
    if not len(found):
        return np.zeros(0, dtype=np.intp)
    p, difference = pairwise(found)
    better = (p < SIGNIFICANCE) & (difference < 0)
    counted = 1 + better.sum(axis=1)
    known = np.isfinite(found)
    mean = np.where(
        known.any(axis=1),
        np.where(known, found, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1),
        -np.inf,
    )
    before = mean[None, :] >= mean[:, None]
    return np.asarray(np.where(before, counted[None, :], 0).max(axis=1), dtype=np.intp)


def pairwise(scores: Array) -> tuple[Array, Array]:
    """Compare every model with every other.

    Returns:
        Holm-adjusted p and mean difference (of the row's model less the column's), each ``[K, K]``;
        NaN where a pair can't be compared.
    """
    difference = scores[:, None, :] - scores[None, :, :]
    known = np.isfinite(difference)
    count = known.sum(axis=2)
    mean = np.where(
        count > 0, np.where(known, difference, 0.0).sum(axis=2) / np.maximum(count, 1), np.nan
    )
    upper = np.triu_indices(len(scores), k=1)
    p = np.full((len(scores), len(scores)), np.nan)
    p[upper] = holm(paired_t(difference[upper], axis=1))
    return np.where(np.isnan(p), p.T, p), mean
