"""Which samples the slots store: those that surprise the slow memory most, class by class.

A sample that the slow memory answers well is in its statistics already; a slot is worth its bytes
where they fail. The strength of a slot's edge is the surprise, in one byte::

    s = clamp(⌊128 − 100 · margin⌉, 1, 255)

Legend: ``M`` samples, ``N`` slots, ``K`` classes.
"""

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

MIDDLE, MARGIN_SCALE = 128, 100
"""Strength of an edge at margin 0, and its change per unit of the margin."""


def strength(margins: Float[Tensor, "M"]) -> UInt8[Tensor, "M"]:
    """Return the strength of the edge of samples with these margins: 1 to 255."""
    return (MIDDLE - MARGIN_SCALE * margins).round().clamp(1, 255).to(torch.uint8)


def quota(counts: Int[Tensor, "K"], slots: int) -> int:
    """Return the largest number q with ``Σ min(q, count_k) ≤ slots``: the slots of each class.

    A class with fewer samples leaves the rest of its share to the others.
    """
    rest, share = slots, 0
    waiting = sorted(int(count) for count in counts.tolist() if count)
    for place, count in enumerate(waiting):
        share = rest // (len(waiting) - place)
        if count > share:
            return share
        rest -= count
    return max(share, waiting[-1]) if waiting else 0


def keep(
    strengths: UInt8[Tensor, "M"], labels: Int[Tensor, "M"], slots: int
) -> Int[Tensor, "kept"]:
    """Return the places of the samples to store: the strongest of each class, within its quota.

    Of equally strong samples the first are stored.

    Args:
        strengths: Surprise of each sample.
        labels: Their classes.
        slots: N.
    """
    share = quota(torch.bincount(labels), slots)
    order = torch.argsort(strengths.int(), descending=True, stable=True)
    order = order[torch.argsort(labels[order], stable=True)]
    counts = torch.bincount(labels)
    starts = counts.cumsum(0) - counts
    rank = torch.arange(len(labels), device=labels.device) - starts[labels[order]]
    return order[rank < share].sort().values
