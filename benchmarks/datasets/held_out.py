"""Random splits that take the same fraction of every class. Imports no torch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SPLIT_SEED = 20241
"""Seed of splits that are the same for every seed of a stream."""


def stratified(
    labels: NDArray[np.integer[Any]], fraction: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Choose a fraction of every class at random, rounded.

    Returns:
        ``[n]``, true where a sample is chosen.
    """
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        chosen[members[: round(fraction * len(members))]] = True
    return chosen
