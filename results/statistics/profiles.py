"""Performance profiles: the share of runs that score above a threshold.

Dolan & Moré 2002; Agarwal et al. 2021, section 4.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from results.statistics.bootstrap import RESAMPLES, drawn_counts, ends
from results.statistics.intervals import CONFIDENCE

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Profile:
    """A performance profile.

    Attributes:
        thresholds: Scores ``τ``, ``[K]``.
        share: Share of runs with a score above ``τ``, ``[K]``, non-increasing.
        low: Lower end of its interval at each threshold, ``[K]``; NaN if no benchmark has two
            runs.
        high: Upper end.
    """

    thresholds: Array
    share: Array
    low: Array
    high: Array


def performance_profile(
    strata: Sequence[npt.ArrayLike],
    thresholds: npt.ArrayLike,
    *,
    generator: np.random.Generator,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> Profile:
    """Compute ``P(τ) = 1/M · Σ_m 1/n_m · Σ_s [x_ms > τ]`` over ``M`` benchmarks.

    Each benchmark has the same weight, whatever its number of seeds.

    Args:
        strata: Scores of each benchmark, one per seed, finite.
        thresholds: ``τ``, ``[K]``.
        generator: Random generator of the resamples, which are stratified by benchmark.
        resamples: Number of resamples.
        confidence: Pointwise confidence of the band at each threshold.

    Raises:
        ValueError: If there are no scores.
    """
    above = np.asarray(thresholds, dtype=np.float64)
    runs = [
        scores for one in strata if len(scores := np.asarray(one, dtype=np.float64).reshape(-1))
    ]
    if not runs:
        raise ValueError("there are no scores: a performance profile needs at least one")
    # The profile is constant between two neighbouring scores, so one threshold is enough there.
    _, first, place = np.unique(
        np.searchsorted(np.sort(np.concatenate(runs)), above, side="right"),
        return_index=True,
        return_inverse=True,
    )
    exceeding = [(scores[:, None] > above[first]).astype(np.float64) for scores in runs]
    share = np.mean([one.mean(axis=0) for one in exceeding], axis=0)
    resampled = np.zeros((resamples, len(first)))
    for one in exceeding:
        resampled += drawn_counts(len(one), generator, resamples) @ one / len(one)
    low, high = ends(resampled / len(exceeding), [len(one) for one in exceeding], confidence)
    return Profile(above, share[place], low[place], high[place])
