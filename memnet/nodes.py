"""The nodes of the graph at each token of a chunk, and masks over tokens.

Legend: ``B`` memories, ``H`` heads, ``N`` slots, ``C`` tokens in the chunk, ``A`` candidates among
them, ``E = N + A`` entries (slots first, then candidates in order), ``M`` nodes.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from memnet.placement import Placement


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes of the graph: slots, and places for new writes that find no empty slot.

    A new write takes the first empty slot that is left. So node j is slot j, if nothing is evicted.

    Attributes:
        count: Number M of nodes.
        entry: Node of each entry; any node for a candidate that does not write.
        start: First token that sees each node; C if none does.
    """

    count: int
    entry: Int[Tensor, "B H E"]
    start: Int[Tensor, "B H M"]

    @classmethod
    def number(cls, placement: Placement, occupied: Bool[Tensor, "B H N"]) -> "Nodes":
        """Number the nodes.

        Args:
            placement: Placement of the writes.
            occupied: Slots that are not empty.
        """
        slots, fresh, tokens = occupied.shape[-1], placement.fresh, placement.candidates.tokens
        count = max(1, slots, int((occupied.sum(-1) + fresh.sum(-1)).max()))
        taken = functional.pad(occupied, (0, count - slots))
        # Empty slots in order, then the places after the slots.
        empty = taken.to(torch.int8).argsort(dim=-1, stable=True)
        own = empty.gather(-1, (fresh.cumsum(-1) - 1).clamp(0, count - 1))
        here = torch.arange(slots, device=own.device).expand(*own.shape[:2], -1)
        start = functional.pad(torch.where(taken, 0, tokens), (0, 1)).scatter(
            -1, torch.where(fresh, own, count), placement.candidates.times(own)
        )
        return cls(
            count=count,
            entry=torch.cat([here, own], dim=-1).gather(-1, placement.root),
            start=start[..., :count],
        )

    def used(self, placement: Placement, occupied: Bool[Tensor, "B H N"], first: int) -> int:
        """Return the number of nodes up to the last one in use in the heads from ``first`` on."""
        held, fresh = occupied[:, first:], placement.fresh[:, first:]
        count = int((held.sum(-1) + fresh.sum(-1)).max())
        return max(1, count, occupied_until(held))

    def first_entry(self, placement: Placement) -> Int[Tensor, "B H M"]:
        """Return the entry at the start of each node's chain."""
        entry = torch.arange(self.entry.shape[-1], device=self.entry.device)
        first = torch.arange(self.count + 1, device=entry.device).expand(*self.entry.shape[:2], -1)
        slots = self.entry.shape[-1] - placement.fresh.shape[-1]
        own = torch.where(placement.fresh, self.entry[..., slots:], self.count)
        return first.scatter(-1, own, entry[slots:].expand_as(own))[..., : self.count]

    def seen(self, tokens: int, like: Tensor) -> Float[Tensor, "B H M C"]:
        """Return 1 for the nodes with an entry that a read at token t sees, 0 for all others."""
        start = self.start.to(like.dtype).unsqueeze(-1)
        return between(start, torch.full_like(start, tokens), tokens)


def occupied_until(occupied: Bool[Tensor, "B H N"]) -> int:
    """Return the number of slots up to the last occupied one of all heads."""
    if not occupied.shape[-1]:
        return 0
    place = torch.arange(1, occupied.shape[-1] + 1, device=occupied.device)
    return int((place * occupied).max())


def between(
    start: Float[Tensor, "..."], stop: Float[Tensor, "..."], tokens: int, *, last: bool = True
) -> Float[Tensor, "..."]:
    """Return 1 at the tokens from ``start`` to before ``stop``, and 0 at all others.

    Tokens are the last dimension, or the last but one. Masks are numbers: products with them take a
    fifth of the time of a selection by truth values.
    """
    token = torch.arange(tokens, device=start.device, dtype=start.dtype)
    token = token if last else token.unsqueeze(-1)
    return torch.minimum(token - start + 1.0, stop - token).clamp_(0.0, 1.0)
