"""Ranks with ties: a model ranks below the models that are significantly better."""

import numpy as np
import numpy.typing as npt

from results.statistics.comparisons import holm, paired_t

Array = npt.NDArray[np.float64]

SIGNIFICANCE = 0.05
"""Level of significance of adjusted p-values."""


def ranks(scores: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Rank models by the number of significantly better models, plus one.

    No model ranks above a model with a better mean.

    Two models differ by a paired t-test over their common seeds, Holm-corrected over all pairs of
    models. It is the test that matches the Student-t interval shown next to each score; Wilcoxon's
    signed-rank test cannot be significant with fewer than six seeds. With fewer than three common
    seeds, two models are tied. Ties are not transitive: of three models, the first and the last may
    differ although neither differs from the middle one. If the scores of a model vary so widely
    that no model is significantly better, it shares the rank of the model with the next better
    mean.

    Args:
        scores: ``[K, S]``, a row per model, a column per seed; NaN for a missing score.

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
        Holm-adjusted p and mean difference (the row's model minus the column's), each ``[K, K]``;
        NaN if a pair cannot be compared.
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
