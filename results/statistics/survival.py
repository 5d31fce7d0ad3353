"""Lifetimes of memory slots.

The Kaplan–Meier estimate (Kaplan & Meier 1958) of the share of slots alive after a time. A slot
that is still alive at the end of the sequence is censored: its lifetime is at least the time
observed.
"""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from results.records.thinning import MAX_POINTS, thin_survival
from results.statistics.intervals import CONFIDENCE


def survival(
    lifetimes: npt.ArrayLike, censored: npt.ArrayLike, max_points: int = MAX_POINTS
) -> dict[str, Any]:
    """Estimate ``S(t) = Π_{t_i ≤ t} (1 − d_i / n_i)``.

    ``d_i`` slots die at ``t_i``, of ``n_i`` that were alive until then.

    Args:
        lifetimes: Observed time of each slot, in tokens from its birth, ``[n]``.
        censored: Whether the slot was still alive then, ``[n]``.
        max_points: Most points of the curve, at least three; see `thin_survival`.

    Returns:
        ``time``, increasing from 0, and ``survival``, non-increasing from 1, as a step function:
        a share holds from its time until the next. ``low`` and ``high`` are the ends of the
        pointwise 95% band: Greenwood's variance on the scale ``log(−log S)``, which stays between
        0 and 1. Before the first death and after the last there is no variance, and both equal the
        share. All are empty if no slot was ever used. ``mean`` is the restricted mean lifetime of
        the full curve; None without slots.

    Raises:
        ValueError: If the two differ in length, or a lifetime is negative or not finite.
    """
    watched = np.asarray(lifetimes, dtype=np.float64)
    alive = np.asarray(censored, dtype=np.bool_)
    if watched.ndim != 1 or watched.shape != alive.shape:
        raise ValueError(
            f"lifetimes have shape {watched.shape} and censored {alive.shape}; "
            "give one of each per slot"
        )
    if not np.isfinite(watched).all() or (watched < 0).any():
        raise ValueError("lifetimes must be finite and not negative")
    if watched.size == 0:
        return {"time": [], "survival": [], "low": [], "high": [], "mean": None}
    estimate = stats.ecdf(stats.CensoredData(uncensored=watched[~alive], right=watched[alive])).sf
    # SciPy warns if there is no variance; that case is handled below.
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="The confidence interval is undefined", category=RuntimeWarning
        )
        band: Any = estimate.confidence_interval(CONFIDENCE, method="log-log")
    share = np.asarray(estimate.probabilities, dtype=np.float64)
    low, high = (
        np.where(np.isfinite(end.probabilities), end.probabilities, share)
        for end in (band.low, band.high)
    )
    columns = {
        "time": np.asarray(estimate.quantiles, dtype=np.float64),
        "survival": share,
        "low": low,
        "high": high,
    }
    born = columns["time"][0] > 0
    curve = {
        name: [
            *([0.0 if name == "time" else 1.0] if born else []),
            *(float(value) for value in column),
        ]
        for name, column in columns.items()
    }
    return thin_survival(curve, max_points)


def log_rank(
    lifetimes: npt.ArrayLike,
    censored: npt.ArrayLike,
    other_lifetimes: npt.ArrayLike,
    other_censored: npt.ArrayLike,
) -> float | None:
    """Return the two-sided p value of the log-rank test (Mantel 1966) that two groups live equally.

    Args:
        lifetimes: Observed times of the first group, ``[n]``.
        censored: Whether each was still alive then, ``[n]``.
        other_lifetimes: The same of the second group, ``[m]``.
        other_censored: The same of the second group, ``[m]``.

    Returns:
        The p value; None if a group is empty, or nothing died.
    """
    groups = []
    for times, alive in ((lifetimes, censored), (other_lifetimes, other_censored)):
        watched, lives = np.asarray(times, dtype=np.float64), np.asarray(alive, dtype=np.bool_)
        groups.append((watched[~lives], watched[lives]))
    if not all(len(died) + len(lives) for died, lives in groups) or not any(
        len(died) for died, _ in groups
    ):
        return None
    x, y = (stats.CensoredData(uncensored=died, right=lives) for died, lives in groups)
    p = float(stats.logrank(x, y).pvalue)
    return p if np.isfinite(p) else None
