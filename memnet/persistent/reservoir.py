"""Reservoir sampling for one class: every sample seen is stored with the same probability.

Vitter 1985, *Random sampling with a reservoir*, algorithm R.
"""

import torch
from jaxtyping import Int
from torch import Tensor


def offer(seen: int, offered: int, share: int, generator: torch.Generator) -> Int[Tensor, "share"]:
    """Offer samples to a reservoir that holds ``min(seen, share)`` of the earlier ones.

    The n-th sample takes place ``n`` while ``n < share``, and afterwards place ``⌊u · (n + 1)⌋`` if
    that place exists.

    Args:
        seen: Number of samples seen before.
        offered: Number of samples offered now.
        share: Places.
        generator: Source of the u.

    Returns:
        For each place the sample that takes it, from 0 to ``offered − 1``, or −1 if it does not
        change.
    """
    number = torch.arange(seen, seen + offered)
    drawn = (torch.rand(offered, generator=generator, dtype=torch.float64) * (number + 1)).long()
    places = torch.where(number < share, number, drawn)
    enters = places < share
    taken = torch.full((share,), -1)
    return taken.scatter_reduce(0, places[enters], torch.arange(offered)[enters], "amax")
