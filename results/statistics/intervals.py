"""The Student-t confidence interval of a mean over seeds (Student 1908).

Its coverage is nominal for nearly normal scores and lower for skewed ones. Coverage of nominal 95%
intervals with 10 seeds (4,000 trials): normal scores 94.7%; accuracies of 64 queries with 97%
correct 94.4%; beta(19, 1), mean 0.95 with a tail to the left, 91.0%; one seed in five fails to
learn 88.6%; beta(9.9, 0.1), nearly always 1 and rarely far below, 68%: if all observed seeds score
1, no interval includes the rare failures. Near a ceiling, or if some seeds fail, the interval is
too narrow: look at the single seeds.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

CONFIDENCE = 0.95
"""Confidence of every interval in reports."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Means with their intervals, element by element.

    Attributes:
        mean: Mean of the finite values; NaN if there are none.
        low: Lower end; NaN with fewer than two values.
        high: Upper end; NaN with fewer than two values.
        count: Number of finite values.
    """

    mean: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    count: npt.NDArray[np.intp]


def mean_interval(
    values: npt.ArrayLike, *, axis: int = 0, confidence: float = CONFIDENCE
) -> Interval:
    """Compute ``mean ± t_{n−1, (1+confidence)/2} · s/√n``, with ``s`` the sample deviation.

    The interval assumes independent seeds and nearly normal scores. It is not clipped to 0 or 1.

    Args:
        values: Scores; NaN for a seed without a score.
        axis: The axis of seeds.
        confidence: Between 0 and 1.

    Returns:
        Arrays of the shape of ``values`` without ``axis``.

    Raises:
        ValueError: If ``confidence`` is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence}: give a number between 0 and 1")
    scores = np.asarray(values, dtype=np.float64)
    known = np.isfinite(scores)
    count = known.sum(axis=axis)
    total = np.where(known, scores, 0.0).sum(axis=axis)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    deviation = np.where(known, scores - np.expand_dims(mean, axis), 0.0)
    freedom = np.maximum(count - 1, 1)
    error = np.sqrt((deviation**2).sum(axis=axis) / freedom / np.maximum(count, 1))
    half = np.where(count > 1, stats.t.ppf((1 + confidence) / 2, freedom) * error, np.nan)
    return Interval(mean=mean, low=mean - half, high=mean + half, count=count)
