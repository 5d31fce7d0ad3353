"""Held-out samples: random splits that take the same fraction of every class. Imports no torch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.errors import UsageError

HELD_OUT = 0.2
"""Fraction of every class that becomes the test set if the data have none."""

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


def held_out(labels: NDArray[np.integer[Any]], names: Sequence[str]) -> NDArray[np.bool_]:
    """Choose a fifth of every class, the same at every call.

    Args:
        labels: Classes ``[n]``, from 0.
        names: Name of each class, for messages.

    Returns:
        ``[n]``, true where a sample is held out.

    Raises:
        UsageError: If a class has too few samples for both parts.
    """
    for label, count in enumerate(np.bincount(labels)):
        if not 1 <= round(HELD_OUT * int(count)) < count:
            raise UsageError(
                f"class {names[label]} has {count} samples, too few to hold out a fifth of them: "
                "add samples (at least 3), or give test samples"
            )
    return stratified(labels, HELD_OUT, np.random.default_rng(SPLIT_SEED))
