"""How long a slot lives: the Kaplan–Meier estimate (Kaplan & Meier 1958) of the share of slots alive after a time.

A slot that is still alive at the end of the sequence is censored, not dead: it lived at least as long as it was watched.
"""

import numpy as np
import numpy.typing as npt
from scipy import stats


def survival(lifetimes: npt.ArrayLike, censored: npt.ArrayLike) -> dict[str, list[float]]:
    """Estimate ``S(t) = Π_{t_i ≤ t} (1 − d_i / n_i)``, with ``d_i`` deaths at ``t_i`` among the ``n_i`` slots alive until then.

    Args:
        lifetimes: How long each slot was watched, in tokens from its birth, ``[n]``.
        censored: Whether it was still alive then, ``[n]``.

    Returns:
        ``time``, rising from 0, and ``survival``, falling from 1, as steps: the share holds from its time until the next. Both are empty
        where no slot was ever used.

    Raises:
        ValueError: If the two differ in length, or a lifetime is negative or not finite.
    """
    watched = np.asarray(lifetimes, dtype=np.float64)
    alive = np.asarray(censored, dtype=np.bool_)
    if watched.ndim != 1 or watched.shape != alive.shape:
        raise ValueError(f"lifetimes have shape {watched.shape} and censored {alive.shape}; give one of each per slot")
    if not np.isfinite(watched).all() or (watched < 0).any():
        raise ValueError("lifetimes must be finite and not negative")
    if watched.size == 0:
        return {"time": [], "survival": []}
    estimate = stats.ecdf(stats.CensoredData(uncensored=watched[~alive], right=watched[alive])).sf
    times = [float(time) for time in estimate.quantiles]
    shares = [float(share) for share in estimate.probabilities]
    if times[0] > 0:
        times, shares = [0.0, *times], [1.0, *shares]
    return {"time": times, "survival": shares}
