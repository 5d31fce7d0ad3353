"""The fixed point of a chunk's writes: gates, clock, occupancy and placement, for all tokens."""

from dataclasses import replace

import torch
from torch import Tensor

from memnet import clock
from memnet.candidates import Candidates
from memnet.config import MemNetConfig
from memnet.heads import Offer, WriteHeads, stretched
from memnet.placement import Placement, place
from memnet.state import Slots


@torch.no_grad()
def settle(
    heads: WriteHeads,
    offer: Offer,
    slots: Slots,
    time: int,
    config: MemNetConfig,
    *,
    every: bool,
) -> tuple[Placement, Tensor, Tensor, Tensor]:
    """Find the clock and the occupancy before each token.

    They depend on the gates, and the gates depend on them. A parallel step is repeated until
    its result does not change: after k steps the first k tokens are right, so the fixed point
    is the result of a loop over tokens. If gates do not depend on the occupancy, one step is
    enough.

    Args:
        heads: The write heads, whose gates depend on the clock and the occupancy.
        offer: Contents offered by the chunk.
        slots: The bank before the chunk.
        time: Tokens read before the chunk.
        config: Options.
        every: Whether every token is a candidate for writing, or only those that write.

    Returns:
        The placement of the writes, the clock and the occupancy before each token, and the products
        of the candidates' keys with those of all entries.
    """
    held = slots.occupied.sum(-1).to(offer.gate.dtype)
    size = config.slots
    occupancy = (held / size).clamp_max(1.0).unsqueeze(-1).expand_as(offer.gate)
    active = _open(heads, offer, clock.codes(slots.count.unsqueeze(-1)), occupancy)
    while True:
        active, count, codes = _clocked(heads, offer, slots.count, occupancy, active)
        candidates = Candidates(tokens=active.shape[-1]) if every else Candidates.among(active)
        keys = candidates.of(heads.keys(offer, codes))
        cosine = keys @ torch.cat([slots.keys, keys], dim=2).transpose(-1, -2)
        placement = place(
            cosine,
            candidates.those(active),
            time - slots.written,
            slots.occupied,
            config.reuse,
            candidates,
        )
        fresh = candidates.over_tokens(placement.fresh.to(occupancy.dtype))
        before, occupancy = occupancy, clock.before(held, fresh).clamp_max(size) / size
        if torch.equal(before, occupancy):
            return placement, count, occupancy, cosine
        again = _open(heads, offer, codes, occupancy)
        if torch.equal(again, active):
            return placement, count, occupancy, cosine
        active = again


@torch.no_grad()
def quiet_tokens(
    heads: WriteHeads, offer: Offer, slots: Slots, start: int, stop: int, max_slots: int
) -> int:
    """Return how many tokens from ``start`` on write nothing, in any memory or head.

    Until the first write, the clock and the occupancy do not change.

    Args:
        heads: The write heads.
        offer: Contents offered for writing.
        slots: The bank before the token ``start``.
        start: First token.
        stop: Token before which to stop.
        max_slots: Number of slots of a full head.
    """
    part = replace(offer, gate=offer.gate[:, :, start:stop])
    held = slots.occupied.sum(-1, keepdim=True).to(part.gate.dtype)
    occupancy = (held / max_slots).clamp_max(1.0).expand_as(part.gate)
    writes = _open(heads, part, clock.codes(slots.count.unsqueeze(-1)), occupancy)
    some = writes.flatten(0, 1).any(0)
    return int(some.to(torch.int8).argmax()) if bool(some.any()) else len(some)


def _clocked(
    heads: WriteHeads, offer: Offer, start: Tensor, occupancy: Tensor, active: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Find the open gates, the clock before each token and its codes, given the occupancy.

    The cost is small compared with finding the slots.
    """
    while True:
        count = clock.before(start, active.to(occupancy.dtype))
        codes = clock.codes(count)
        again = _open(heads, offer, codes, occupancy)
        if torch.equal(again, active):
            return active, count, codes
        active = again


def _open(heads: WriteHeads, offer: Offer, codes: Tensor, occupancy: Tensor) -> Tensor:
    return stretched(heads.gate_logits(offer, codes, occupancy)) > 0
