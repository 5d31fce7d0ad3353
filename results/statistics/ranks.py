"""Ranks with ties: a model ranks below the models that are significantly better."""

import numpy as np
import numpy.typing as npt

from results.statistics.significance import MIN_COMMON_SEEDS, PairedTests, paired_tests

Array = npt.NDArray[np.float64]


def ranks(scores: npt.ArrayLike, competing: npt.ArrayLike | None = None) -> npt.NDArray[np.intp]:
    """Rank models by the number of significantly better models, plus one.

    `results.statistics.significance` tests all pairs of models; pairs that are not tested are tied.
    No model ranks above a model with a better mean over its own seeds, so the best mean has rank 1:
    a model counts as significantly better only if its mean is better, too. Ties are not transitive:
    of three models, the first and the last may differ although neither differs from the middle one.
    A model whose scores vary so widely that none is significantly better shares the rank of the
    model with the next better mean.

    Args:
        scores: ``[K, S]``, a row per model, a column per seed; NaN for a missing score.
        competing: ``[K]``, whether a model counts in the ranks of the others; bounds do not. All
            count by default, or if none competes.

    Returns:
        Ranks from 1, ``[K]``.
    """
    values = np.asarray(scores, dtype=np.float64)
    if not len(values):
        return np.zeros(0, dtype=np.intp)
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    mean = np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), -np.inf)
    significant, difference = pairwise(values)
    counts = _counting(len(values), competing)
    worse = significant & (difference < 0) & (mean[:, None] < mean[None, :]) & counts[None, :]
    counted = 1 + worse.sum(axis=1)
    before = (mean[None, :] >= mean[:, None]) & (counts[None, :] | np.eye(len(values), dtype=bool))
    return np.asarray(np.where(before, counted[None, :], 0).max(axis=1), dtype=np.intp)


def is_tested(
    scores: npt.ArrayLike, competing: npt.ArrayLike | None = None
) -> npt.NDArray[np.bool_]:
    """Return which models are tested against at least one other model that counts, ``[K]``.

    A rank of the others states nothing: they have too few seeds in common with all others.

    Args:
        scores: As in `ranks`.
        competing: As in `ranks`.
    """
    known = np.isfinite(np.asarray(scores, dtype=np.float64)).astype(np.intp)
    if not len(known):
        return np.zeros(0, dtype=np.bool_)
    pairs = known @ known.T >= MIN_COMMON_SEEDS
    np.fill_diagonal(pairs, False)
    return np.asarray((pairs & _counting(len(known), competing)[None, :]).any(axis=1))


def _counting(models: int, competing: npt.ArrayLike | None) -> npt.NDArray[np.bool_]:
    """Return which models count in the ranks of others; all if none competes."""
    counts = np.ones(models, dtype=np.bool_) if competing is None else np.asarray(competing)
    return counts if counts.any() else ~counts


def pairwise(scores: Array) -> tuple[npt.NDArray[np.bool_], Array]:
    """Test every model against every other.

    Returns:
        Whether two models differ significantly, and the mean difference over common seeds (the
        row's model minus the column's), each ``[K, K]``.
    """
    found = all_pairs(scores)
    upper = np.triu_indices(len(scores), k=1)
    significant = np.zeros((len(scores), len(scores)), dtype=np.bool_)
    difference = np.full(significant.shape, np.nan)
    significant[upper], difference[upper] = found.significant, found.difference
    return significant | significant.T, np.where(np.isnan(difference), -difference.T, difference)


def all_pairs(scores: npt.ArrayLike) -> PairedTests:
    """Test all pairs of models, in the order of the upper triangle: (0, 1), (0, 2), …, (1, 2), …

    Args:
        scores: ``[K, S]``; NaN for a missing score.
    """
    values = np.asarray(scores, dtype=np.float64)
    first, second = np.triu_indices(len(values), k=1)
    return paired_tests(values[first] - values[second])
