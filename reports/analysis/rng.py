"""Generators for the resamples of a report.

Each estimate has a generator of its own, seeded only by the names of what it estimates. Tables are
therefore reproducible, and another row in the store does not change a row's interval.
"""

import hashlib

import numpy as np


def generator(*names: str) -> np.random.Generator:
    """Return the generator for these names."""
    digest = hashlib.sha256("\n".join(names).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))
