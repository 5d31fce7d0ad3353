"""A reservoir of one class: at any time every sample met so far is kept with the same chance (Vitter 1985, *Random sampling with a
reservoir*, algorithm R).
"""

import torch
from jaxtyping import Int
from torch import Tensor


def offer(met: int, offered: int, share: int, generator: torch.Generator) -> Int[Tensor, "share"]:
    """Offer samples to a reservoir that keeps ``min(met, share)`` of those met before.

    The n-th sample ever met takes place ``n`` while ``n < share``, and afterwards place ``⌊u · (n +
    1)⌋`` if that is a place at all.

    Args:
        met: Samples met before.
        offered: Samples met now.
        share: Places.
        generator: Source of the u.

    Returns:
        For each place the sample that takes it, from 0 to ``offered − 1``, or −1 where all is as it
        was.
    """
    number = torch.arange(met, met + offered)
    drawn = (torch.rand(offered, generator=generator, dtype=torch.float64) * (number + 1)).long()
    places = torch.where(number < share, number, drawn)
    enters = places < share
    taken = torch.full((share,), -1)
    return taken.scatter_reduce(0, places[enters], torch.arange(offered)[enters], "amax")
