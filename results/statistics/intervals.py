"""The Student-t interval of a mean over seeds (Student 1908).

Where the mean of endlessly many runs lies, as told by a few.

It holds what it says where scores are near normal, and less where they are skewed. What nominal 95%
covered with 10 seeds (4,000 trials): normal scores 94.7%; accuracies of 64 questions with 97% right
94.4%; beta(19, 1), mean 0.95 with a tail to the left, 91.0%; one seed in five failing to learn
88.6%; beta(9.9, 0.1), nearly always 1 and seldom far below, 68%: where all seeds seen stand at 1,
no interval knows of the seldom. So near a ceiling, and where some seeds fail, read it as too
narrow, and look at the seeds themselves.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

CONFIDENCE = 0.95
"""Confidence of every interval that reports show."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Means with their intervals, element by element; NaN where there is nothing to say.

    Attributes:
        mean: Mean of the values there are.
        low: Lower end; NaN with fewer than two values.
        high: Upper end; NaN with fewer than two values.
        count: How many values there were.
    """

    mean: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    count: npt.NDArray[np.intp]


def mean_interval(
    values: npt.ArrayLike, *, axis: int = 0, confidence: float = CONFIDENCE
) -> Interval:
    """Compute ``mean ± t_{n−1, (1+confidence)/2} · s/√n``, with ``s`` the standard deviation over ``n − 1``.

    The interval assumes seeds that are independent and scores that are near normal; it isn't cut at
    0 or 1.

    Args:
        values: Scores; NaN where a seed has none.
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
