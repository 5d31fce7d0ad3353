"""Paired description of two models over their common seeds.

These statistics are descriptive; `results.statistics.significance` decides what is significant.

Seeds are paired: seed ``s`` gives every model the same stream, order and evaluation data, so
differences are taken seed by seed: ``d_s = x_s − y_s``, over the ``n`` common seeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from results.statistics.bootstrap import RESAMPLES, Estimate, drawn_counts, ends
from results.statistics.intervals import CONFIDENCE

Array = npt.NDArray[np.float64]

COMPARED_DECIMALS = 12
"""Decimals of a difference that count, so that 0.95 - 0.5 equals 0.85 - 0.4."""

MIN_SEEDS = 3
"""Fewest seeds of an effect size: two seeds that agree by chance would look certain."""

ROUNDING_DEVIATION = 10.0**-COMPARED_DECIMALS
"""Differences with a smaller standard deviation are equal up to rounding."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Statistics of paired scores. Numbers are NaN if they are undefined.

    Attributes:
        count: Number of common seeds.
        difference: Mean of ``d``, with its bootstrap interval.
        improvement: Probability that a run of the first is better than a run of the second, ties
            counted half, with its bootstrap interval.
        wilcoxon: Two-sided p of the signed-rank test, not corrected.
        effect: Hedges' g of ``d``; see `effect_size`.
        wins: Seeds on which the first is better.
        ties: Seeds on which both are equal.
        losses: Seeds on which the second is better.
    """

    count: int
    difference: Estimate
    improvement: Estimate
    wilcoxon: float
    effect: float
    wins: int
    ties: int
    losses: int


def compare(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    generator: np.random.Generator,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> Comparison:
    """Compare two models.

    Args:
        first: Scores of the first model, ``[S]``; NaN for a seed without a score.
        second: Scores of the second model for the same seeds, ``[S]``.
        generator: Random generator of the resamples; seeds are resampled in pairs.
        resamples: Number of resamples.
        confidence: Confidence of both intervals.

    Raises:
        ValueError: If the two differ in length.
    """
    left, right = common(first, second)
    count, difference = len(left), np.round(left - right, COMPARED_DECIMALS)
    if not count:
        missing = Estimate(np.nan, np.nan, np.nan)
        return Comparison(0, missing, missing, np.nan, np.nan, 0, 0, 0)
    low, high = ends(
        drawn_counts(count, generator, resamples) @ difference / count, [count], confidence
    )
    return Comparison(
        count=count,
        difference=Estimate(float(difference.mean()), float(low), float(high)),
        improvement=improvement(
            [(left, right)], generator=generator, resamples=resamples, confidence=confidence
        ),
        wilcoxon=signed_rank(difference),
        effect=effect_size(difference),
        wins=int((difference > 0).sum()),
        ties=int((difference == 0).sum()),
        losses=int((difference < 0).sum()),
    )


def improvement(
    pairs: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]],
    *,
    generator: np.random.Generator,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Estimate the probability of improvement: a run of the first model beats one of the second.

    Ties count half (Agarwal et al. 2021). On one benchmark it is Mann–Whitney's ``U / n²`` over all
    pairs of runs; over several benchmarks it is the mean. Seeds are resampled in pairs, separately
    for each benchmark.

    Args:
        pairs: Scores of both models on each benchmark, as in `compare`; benchmarks without a
            common seed are left out.
        generator: Random generator of the resamples.
        resamples: Number of resamples.
        confidence: Confidence of the interval.

    Returns:
        The estimate; NaN without common seeds.
    """
    paired = [common(*pair) for pair in pairs]
    wins = [
        (np.sign(left[:, None] - right[None, :]) + 1) / 2 for left, right in paired if len(left)
    ]
    if not wins:
        return Estimate(np.nan, np.nan, np.nan)
    resampled = np.zeros(resamples)
    for runs in wins:
        counts = drawn_counts(len(runs), generator, resamples)
        resampled += ((counts @ runs) * counts).sum(axis=1) / len(runs) ** 2
    low, high = ends(resampled / len(wins), [len(runs) for runs in wins], confidence)
    return Estimate(float(np.mean([runs.mean() for runs in wins])), float(low), float(high))


def common(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Array, Array]:
    """Select the scores of the common seeds, rounded to the decimals that count.

    Raises:
        ValueError: If the two differ in length.
    """
    left, right = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if left.ndim != 1 or left.shape != right.shape:
        raise ValueError(
            f"scores have shapes {left.shape} and {right.shape}; give one score of each per seed"
        )
    both = np.isfinite(left) & np.isfinite(right)
    return np.round(left[both], COMPARED_DECIMALS), np.round(right[both], COMPARED_DECIMALS)


def signed_rank(difference: npt.ArrayLike) -> float:
    """Return the two-sided p of Wilcoxon's signed-rank test (1945).

    Zero differences are left out, as in Wilcoxon's paper; equal differences share their mean rank.
    p is exact up to 50 nonzero differences without ties and up to 13 with ties, and asymptotic
    beyond (`scipy.stats.wilcoxon`). With ``n`` seeds it is at least ``2^(1−n)``: five seeds never
    reach 0.05.

    Args:
        difference: ``d``, ``[n]``, finite.

    Returns:
        p in [0, 1]; 1 if all differences are zero.
    """
    rounded = np.round(np.asarray(difference, dtype=np.float64), COMPARED_DECIMALS)
    nonzero = rounded[rounded != 0]
    return float(stats.wilcoxon(nonzero).pvalue) if len(nonzero) else 1.0


def effect_size(difference: npt.ArrayLike) -> float:
    """Return Hedges' g of paired differences, ``(1 − 3/(4(n−1) − 1)) · mean(d) / sd(d)``.

    Its unit is the standard deviation of the difference between seeds: 0.2 is called small, 0.8
    large (Hedges 1981; Lakens 2013, "Calculating…").

    Args:
        difference: ``d``, ``[n]``, finite.

    Returns:
        g; NaN with fewer than three seeds, or if all differences are equal.
    """
    found = np.asarray(difference, dtype=np.float64)
    if len(found) < MIN_SEEDS or (spread := float(found.std(ddof=1))) < ROUNDING_DEVIATION:
        return np.nan
    return float((1 - 3 / (4 * (len(found) - 1) - 1)) * found.mean() / spread)
