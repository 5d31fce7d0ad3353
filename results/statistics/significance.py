"""The rule of significance of all verdicts: leaderboards, comparisons and texts.

Two rows are compared by the paired t-test (Student 1908) over their common seeds, corrected by
Holm's rule (1979) over all pairs of the table. If all differences are equal, so that t is not
defined, the exact sign test replaces it. With fewer than five common seeds a pair is not tested.
A difference is compared with a margin by the same tests, one-sided.

Legend: ``P`` pairs of rows, ``S`` seeds.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from results.statistics.comparisons import COMPARED_DECIMALS, ROUNDING_DEVIATION

Array = npt.NDArray[np.float64]

MIN_COMMON_SEEDS = 5
"""Fewest common seeds of a test."""

SIGNIFICANCE = 0.05
"""Level of significance of adjusted p-values."""


@dataclass(frozen=True, slots=True)
class PairedTests:
    """Tests of pairs of rows.

    Attributes:
        p: Holm-adjusted p of each pair, ``[P]``; NaN if it was not tested.
        difference: Mean difference over common seeds, ``[P]``; NaN without common seeds.
        count: Number of common seeds, ``[P]``.
    """

    p: Array
    difference: Array
    count: npt.NDArray[np.intp]

    @property
    def significant(self) -> npt.NDArray[np.bool_]:
        """Whether each pair differs significantly, ``[P]``; false if it was not tested."""
        return self.p < SIGNIFICANCE


def paired_tests(differences: npt.ArrayLike) -> PairedTests:
    """Test all pairs of a table.

    Args:
        differences: Differences of the pairs by seed, ``[P, S]``; NaN for a seed that one of the
            two rows does not have.

    Raises:
        ValueError: If the array is not two-dimensional.
    """
    d = np.asarray(differences, dtype=np.float64).round(COMPARED_DECIMALS)
    if d.ndim != 2:
        raise ValueError(f"differences have shape {d.shape}; give one row per pair of rows")
    common = np.isfinite(d)
    count = common.sum(axis=1)
    total = np.where(common, d, 0.0).sum(axis=1)
    p = np.full(len(d), np.nan)
    for mask in np.unique(common, axis=0):
        rows = np.flatnonzero((common == mask).all(axis=1))
        if mask.sum() >= MIN_COMMON_SEEDS:
            p[rows] = _p_values(d[np.ix_(rows, np.flatnonzero(mask))])
    difference = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return PairedTests(holm(p), difference, count)


def _p_values(differences: Array) -> Array:
    """Return the two-sided p of each row of complete differences, ``[P, S]``."""
    p = np.empty(len(differences))
    equal = differences.std(axis=1, ddof=1) < ROUNDING_DEVIATION
    if not equal.all():
        p[~equal] = stats.ttest_1samp(differences[~equal], 0.0, axis=1).pvalue
    seeds = differences.shape[1]
    zero = np.abs(differences.mean(axis=1)) < ROUNDING_DEVIATION
    p[equal] = np.where(zero[equal], 1.0, stats.binomtest(seeds, seeds).pvalue)
    return p


def one_sided_p(differences: npt.ArrayLike, margin: float) -> float:
    """Test whether the mean of paired differences ``d`` is above a margin.

    The test is the paired t-test of ``d − margin > 0``. If all differences are equal, it is the
    exact sign test of ``d − margin``; differences that equal the margin are no evidence (p = 1).
    For the other direction give ``−d`` and ``−margin``.

    Args:
        differences: ``d``, ``[S]``, finite.
        margin: The margin, in the unit of the differences.

    Returns:
        p in [0, 1], not corrected; NaN with fewer than five seeds.
    """
    excess = (np.asarray(differences, dtype=np.float64) - margin).round(COMPARED_DECIMALS)
    seeds = len(excess)
    if seeds < MIN_COMMON_SEEDS:
        return np.nan
    if excess.std(ddof=1) >= ROUNDING_DEVIATION:
        return float(stats.ttest_1samp(excess, 0.0, alternative="greater").pvalue)
    wins = seeds if excess.mean() >= ROUNDING_DEVIATION else 0
    return float(stats.binomtest(wins, seeds, alternative="greater").pvalue)


def holm(p: npt.ArrayLike) -> Array:
    """Adjust p-values for multiple comparisons by Holm's step-down rule (1979).

    ``p̃_(i) = max_{j≤i} min(1, (m − j + 1) · p_(j))``.

    Args:
        p: p-values, ``[m]``; NaN is a test that was not made, stays NaN and does not count.

    Returns:
        Adjusted p-values in the same order. Rejecting below 0.05 limits the probability of any
        false rejection to 5%.
    """
    given = np.asarray(p, dtype=np.float64)
    adjusted = np.full(given.shape, np.nan)
    tested = np.flatnonzero(np.isfinite(given))
    order = tested[np.argsort(given[tested], kind="stable")]
    adjusted[order] = np.minimum(
        np.maximum.accumulate(given[order] * np.arange(len(order), 0, -1)), 1.0
    )
    return adjusted
