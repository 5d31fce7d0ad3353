"""Two models over the same seeds: how far apart they are, and whether that could be chance.

Seeds are paired: seed ``s`` gives every model the same stream, order and evaluation data, so
differences are taken seed by seed: ``d_s = x_s − y_s``, over the ``n`` seeds that both have.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from results.statistics.bootstrap import RESAMPLES, Estimate, drawn_counts, ends
from results.statistics.intervals import CONFIDENCE, mean_interval

Array = npt.NDArray[np.float64]

DIGITS = 12
"""Decimals of a difference that count: 0.95 less 0.5 is 0.85 less 0.4."""

LEAST = 3
"""Fewest seeds that a test or an effect size says anything of: two that happen to agree would look certain."""

SPREAD = 10.0**-DIGITS
"""Differences whose standard deviation is below this are equal but for rounding."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What paired scores say. Numbers are NaN where there is nothing to say.

    Attributes:
        count: Seeds that both have.
        difference: Mean of ``d``, with its bootstrap interval.
        improvement: Probability that a run of the first beats a run of the second, ties counted
            half, with its bootstrap interval.
        wilcoxon: Two-sided p of the signed-rank test.
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
        first: Scores, ``[S]``, a place per seed; NaN where a seed has none.
        second: The other's, over the same seeds.
        generator: Source of the resamples; seeds are drawn in pairs.
        resamples: How many.
        confidence: Of both intervals.

    Raises:
        ValueError: If the two differ in length.
    """
    left, right = common(first, second)
    count, difference = len(left), np.round(left - right, DIGITS)
    if not count:
        nothing = Estimate(np.nan, np.nan, np.nan)
        return Comparison(0, nothing, nothing, np.nan, np.nan, 0, 0, 0)
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
    """Estimate the probability that a run of the first model beats a run of the second, ties counted half (Agarwal et al. 2021).

    On each benchmark it is Mann–Whitney's ``U / n²`` over all pairs of runs; over several, their
    mean. Seeds are resampled in pairs, each benchmark's from its own.

    Args:
        pairs: Scores of both on each benchmark, as `compare` takes them; benchmarks without a
            common seed are left out.
        generator: Source of the resamples.
        resamples: How many.
        confidence: Of the interval.

    Returns:
        NaN without any common seed.
    """
    seen = [common(*pair) for pair in pairs]
    beaten = [
        (np.sign(left[:, None] - right[None, :]) + 1) / 2 for left, right in seen if len(left)
    ]
    if not beaten:
        return Estimate(np.nan, np.nan, np.nan)
    resampled = np.zeros(resamples)
    for runs in beaten:
        drawn = drawn_counts(len(runs), generator, resamples)
        resampled += ((drawn @ runs) * drawn).sum(axis=1) / len(runs) ** 2
    low, high = ends(resampled / len(beaten), [len(runs) for runs in beaten], confidence)
    return Estimate(float(np.mean([runs.mean() for runs in beaten])), float(low), float(high))


def common(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Array, Array]:
    """Keep the seeds that both have, rounded to the decimals that count.

    Raises:
        ValueError: If the two differ in length.
    """
    left, right = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if left.ndim != 1 or left.shape != right.shape:
        raise ValueError(
            f"scores have shapes {left.shape} and {right.shape}; give one of each per seed"
        )
    both = np.isfinite(left) & np.isfinite(right)
    return np.round(left[both], DIGITS), np.round(right[both], DIGITS)


def signed_rank(difference: npt.ArrayLike) -> float:
    """Return the two-sided p of Wilcoxon's signed-rank test (1945), exact whatever the ties.

    Seeds without a difference are left out, as Wilcoxon did; equal differences share the mean of
    their ranks. The null distribution of the positive ranks' sum, each rank being positive or not
    with even odds, is counted whole: scores of few questions tie often, which the normal
    approximation and tables for distinct ranks get wrong. With ``n`` seeds p can't fall below
    ``2^(1−n)``: five never reach 0.05.

    Args:
        difference: ``d``, ``[n]``, finite.

    Returns:
        Between 0 and 1; 1 where no difference is left.
    """
    found = np.round(np.asarray(difference, dtype=np.float64), DIGITS)
    found = found[found != 0]
    if not len(found):
        return 1.0
    # Midranks are halves, so twice the rank is whole and indexes the distribution.
    ranks = np.rint(2 * stats.rankdata(np.abs(found))).astype(np.intp)
    chances = np.ones(1)
    for rank in ranks:
        longer = np.zeros(len(chances) + rank)
        longer[: len(chances)] += chances / 2
        longer[rank:] += chances / 2
        chances = longer
    positive = int(ranks[found > 0].sum())
    tail = min(chances[: positive + 1].sum(), chances[positive:].sum())
    return float(min(2 * tail, 1.0))


def effect_size(difference: npt.ArrayLike) -> float:
    """Return Hedges' g of paired differences, ``(1 − 3/(4(n−1) − 1)) · mean(d) / sd(d)`` (Hedges 1981; Lakens 2013, "Calculating…").

    It counts in standard deviations of the difference between seeds: 0.2 is called small, 0.8
    large.

    Args:
        difference: ``d``, ``[n]``, finite.

    Returns:
        NaN with fewer than three seeds, or where all differences are equal and so have no standard
        deviation.
    """
    found = np.asarray(difference, dtype=np.float64)
    if len(found) < LEAST or (spread := float(found.std(ddof=1))) < SPREAD:
        return np.nan
    return float((1 - 3 / (4 * (len(found) - 1) - 1)) * found.mean() / spread)


def paired_t(difference: npt.ArrayLike, *, axis: int = 0) -> Array:
    """Return the two-sided p of Student's paired t-test, element by element.

    Args:
        difference: ``d``; NaN where a seed has none.
        axis: The axis of seeds.

    Returns:
        Of the shape of ``difference`` without ``axis``; NaN with fewer than three seeds. Where all
        differences are equal, 1 if they are zero, else 0.
    """
    found = mean_interval(difference, axis=axis)
    freedom = np.maximum(found.count - 1, 1)
    # The interval's half-width is t · standard error, so the standard error comes back by dividing.
    error = (found.high - found.mean) / stats.t.ppf((1 + CONFIDENCE) / 2, freedom)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.t.sf(np.abs(found.mean) / error, freedom)
    equal = error * np.sqrt(found.count) < SPREAD
    p = np.where(equal, np.where(np.abs(found.mean) < SPREAD, 1.0, 0.0), p)
    return np.where(found.count >= LEAST, p, np.nan)


def holm(p: npt.ArrayLike) -> Array:
    """Adjust p-values for being many, by Holm's step-down rule (1979).

    ``p̃_(i) = max_{j≤i} min(1, (m − j + 1) · p_(j))``.

    Args:
        p: ``[m]``; NaN stands for a test that was not made, stays NaN and does not count.

    Returns:
        Adjusted p-values in the same order: those below 0.05 keep the chance of any false finding
        among them below 5%.
    """
    given = np.asarray(p, dtype=np.float64)
    adjusted = np.full(given.shape, np.nan)
    made = np.flatnonzero(np.isfinite(given))
    order = made[np.argsort(given[made], kind="stable")]
    adjusted[order] = np.minimum(
        np.maximum.accumulate(given[order] * np.arange(len(order), 0, -1)), 1.0
    )
    return adjusted
