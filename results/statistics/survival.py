"""How long a slot lives.

The Kaplan–Meier estimate (Kaplan & Meier 1958) of the share of slots alive after a time.

A slot that is still alive at the end of the sequence is censored, not dead: it lived at least as
long as it was watched.
"""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from results.statistics.intervals import CONFIDENCE


def restricted_mean(time: npt.ArrayLike, share: npt.ArrayLike) -> float:
    """Return the mean lifetime up to the last time watched, ``∫ S(t) dt`` (Irwin 1949).

    With censoring, all that a curve can say of a mean.

    Args:
        time: Times, rising from 0, ``[n]``.
        share: Share alive from each on, ``[n]``.
    """
    times, shares = np.asarray(time, dtype=np.float64), np.asarray(share, dtype=np.float64)
    return float((np.diff(times) * shares[:-1]).sum())


def survival(lifetimes: npt.ArrayLike, censored: npt.ArrayLike) -> dict[str, list[float]]:
    """Estimate ``S(t) = Π_{t_i ≤ t} (1 − d_i / n_i)``, with ``d_i`` deaths at ``t_i`` among the ``n_i`` slots alive until then.

    Args:
        lifetimes: How long each slot was watched, in tokens from its birth, ``[n]``.
        censored: Whether it was still alive then, ``[n]``.

    Returns:
        ``time``, rising from 0, and ``survival``, falling from 1, as steps: the share holds from
        its time until the next. ``low`` and ``high`` are the ends of its 95% band at each time:
        Greenwood's variance on the scale ``log(−log S)``, which keeps it between 0 and 1; where
        nothing has died yet, or all have, there is no variance and both are the share. All are
        empty where no slot was ever used.

    Raises:
        ValueError: If the two differ in length, or a lifetime is negative or not finite.
    """
    watched = np.asarray(lifetimes, dtype=np.float64)
    alive = np.asarray(censored, dtype=np.bool_)
    if watched.ndim != 1 or watched.shape != alive.shape:
        raise ValueError(
            f"lifetimes have shape {watched.shape} and censored {alive.shape}; give one of each per slot"
        )
    if not np.isfinite(watched).all() or (watched < 0).any():
        raise ValueError("lifetimes must be finite and not negative")
    if watched.size == 0:
        return {"time": [], "survival": [], "low": [], "high": []}
    estimate = stats.ecdf(stats.CensoredData(uncensored=watched[~alive], right=watched[alive])).sf
    with (
        warnings.catch_warnings()
    ):  # SciPy warns where there is no variance, which is dealt with below
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
    return {
        name: [
            *([0.0 if name == "time" else 1.0] if born else []),
            *(float(value) for value in column),
        ]
        for name, column in columns.items()
    }
