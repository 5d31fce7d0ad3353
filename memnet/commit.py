"""The end of a chunk: every new write gets a slot, and full banks evict.

Legend: ``B`` memories, ``H`` heads, ``N`` slots, ``A`` candidates for writing.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from memnet.placement import Placement


@dataclass(frozen=True, slots=True)
class Commit:
    """Position of every entry after the chunk is folded into the slots.

    Attributes:
        source: For each slot, the entry whose content it holds after the chunk.
        node: For each slot, the root entry that it holds after the chunk: the slot itself, or the
            provisional slot that replaced it.
        slot: For each candidate's write, the slot that holds it, or ``N`` if there is none.
        evicted: Occupied slots whose content was evicted.
    """

    source: Int[Tensor, "B H N"]
    node: Int[Tensor, "B H N"]
    slot: Int[Tensor, "B H A"]
    evicted: Bool[Tensor, "B H N"]


@torch.no_grad()
def commit(
    placement: Placement,
    occupied: Bool[Tensor, "B H N"],
    retention: Float[Tensor, "B H N"],
    entering: Bool[Tensor, "B H A"],
) -> Commit:
    """Give every new write a slot: empty ones first, in order, then those of lowest retention.

    If a chunk writes more new keys than there are slots, its earliest writes are evicted.

    Args:
        placement: Placement of the writes.
        occupied: Slots that are not empty.
        retention: Retention of each slot.
        entering: New writes that get a slot.
    """
    slots, count = occupied.shape[-1], placement.active.shape[-1]
    here = torch.arange(slots, device=occupied.device).expand_as(occupied)
    emptiness = torch.where(occupied, math.inf, here.to(retention.dtype))
    # Two stable sorts give one order: by retention, with empty slots (by index) in front.
    by_retention = retention.argsort(dim=-1, stable=True)
    queue = by_retention.gather(-1, emptiness.gather(-1, by_retention).argsort(dim=-1, stable=True))

    rank = entering.cumsum(-1) - 1 - (entering.sum(-1, keepdim=True) - slots).clamp_min(0)
    stored = entering & (rank >= 0)
    # One place more than there are slots, so that a lookup in a memory without slots is valid.
    target = torch.where(
        stored, functional.pad(queue, (0, 1), value=slots).gather(-1, rank.clamp(0, slots)), slots
    )
    tokens = torch.arange(count, device=occupied.device).expand_as(target) + slots
    node = _scatter(here, target, tokens)
    evicted = occupied & (node != here)

    nowhere = torch.full_like(here, slots)
    slot_of_root = torch.cat([torch.where(evicted, nowhere, here), target], dim=-1)
    slot_of_entry = slot_of_root.gather(-1, placement.root)
    slot = torch.where(placement.active, slot_of_entry[..., slots:], slots)
    final = torch.where(placement.last[..., slots:], slot, slots)
    return Commit(source=_scatter(here, final, tokens), node=node, slot=slot, evicted=evicted)


def _scatter(
    base: Int[Tensor, "B H N"], index: Int[Tensor, "B H A"], value: Int[Tensor, "B H A"]
) -> Int[Tensor, "B H N"]:
    """Return ``base`` with ``value`` at ``index``; an index of ``N`` is ignored."""
    return functional.pad(base, (0, 1)).scatter(-1, index, value)[..., :-1]
