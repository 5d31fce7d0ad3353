"""Independent random generators, one per purpose.

Examples are the order of a stream, the shuffling of its samples, the draws of a method.
Initialisers and dropout use the global generator, which the cell's process seeds once; this module
does not touch it.
"""

import hashlib

import torch


def generator(purpose: str, seed: int) -> torch.Generator:
    """Return a generator for one purpose: equal for equal (purpose, seed), unrelated otherwise.

    Args:
        purpose: Name of what is drawn from it, such as ``"order"``.
        seed: The cell's seed.
    """
    digest = hashlib.sha256(f"{purpose}:{seed}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
