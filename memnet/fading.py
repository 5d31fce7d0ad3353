"""Soft replacement: a new key weakens the older entries whose keys it resembles.

A write whose key is within ``reuse`` of an entry replaces it (see ``chunk``). This decision has no
gradient: keys of different tokens that drift together would overwrite each other, and nothing would
separate them. So the loss of the older entry begins earlier and is gradual. At the write of token t
with key k_t and gate g_t, each visible entry i that it does not replace loses strength:

    ρ(c) = clamp((c − fade) / (reuse − fade), 0, 1)²
    s_i ← s_i · max(1 − g_t·ρ(k_t·k_i), KEPT)

The share lost grows from 0 at a cosine of ``fade`` to all but ``KEPT`` at ``reuse``, where the
replacement would follow. If the older entry is still needed, its loss costs the task something, and
the gradient moves the keys apart; if it is outdated, the gradient moves them together. It is the
erasure of Graves et al. 2014 (Neural Turing Machines, equation 3), with the overlap of keys in
place of write weights.

Legend: ``B`` memories, ``H`` heads, ``N`` slots, ``C`` tokens, ``A`` candidates for writing among
them, ``E = N + A`` entries, ``K`` key width.
"""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.autograd import Function

from memnet.nodes import between
from memnet.placement import Placement

KEPT = 0.01
"""Least share of its strength that an entry keeps at one write."""


def faded(
    keys: Float[Tensor, "B H E K"],
    gate: Float[Tensor, "B H A"],
    placement: Placement,
    occupied: Bool[Tensor, "B H N"],
    *,
    fade: float,
    reuse: float,
) -> Float[Tensor, "B H C E"] | None:
    """Return the logarithm of the share of its strength that each entry has kept at each token.

    It is None if no entry has lost anything, which is the rule if keys are distinct.

    Args:
        keys: Unit-norm keys of all entries.
        gate: Write gate g of each candidate; 0 if it does not write.
        placement: Placement of the writes.
        occupied: Slots that are not empty.
        fade: Cosine from which an entry loses strength; at ``reuse`` or above, none does.
        reuse: Cosine from which an entry is replaced.
    """
    if fade >= reuse:
        return None
    count, candidates = gate.shape[-1], placement.candidates
    with torch.no_grad():
        share = keys[:, :, -count:] @ keys.transpose(-1, -2)
        share.sub_(fade).mul_(1.0 / (reuse - fade)).clamp_(0.0, 1.0)
        share *= _present(placement, occupied, gate)
        if not bool(share.amax() > 0):
            return None
        token = torch.arange(candidates.tokens, device=share.device)
        by = candidates.by(token).to(share.dtype)
    faded: Tensor = _Faded.apply(keys, gate, share, by, 1.0 / (reuse - fade))
    return faded


class _Faded(Function):
    """Sums of ``log max(1 − g·ρ, KEPT)``, with ρ = ``share``² from keys whose cosines are known.

    The backward pass has a few temporaries instead of one per operation.
    """

    @staticmethod
    def forward(
        ctx: Any, keys: Tensor, gate: Tensor, share: Tensor, by: Tensor, steepness: float
    ) -> Tensor:
        kept = share.square().mul_(-gate.unsqueeze(-1)).add_(1.0).clamp_min_(KEPT)
        ctx.save_for_backward(keys, gate, share, by, kept)
        ctx.steepness = steepness
        return by @ kept.log()

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        keys, gate, share, by, kept = ctx.saved_tensors
        # −share·∂L/∂(1 − g·ρ); zero where the share is, and at the bounds.
        slope = (by.transpose(-1, -2) @ slopes[0]).div_(kept).mul_(share).neg_()
        slope *= kept > KEPT
        of_gate = (slope * share).sum(-1)
        slope *= share < 1.0
        of_cosine = slope.mul_((2.0 * ctx.steepness) * gate.unsqueeze(-1))
        count = gate.shape[-1]
        of_keys = of_cosine.transpose(-1, -2) @ keys[:, :, -count:]
        of_keys[:, :, -count:] += of_cosine @ keys
        return of_keys, of_gate, None, None, None


def _present(
    placement: Placement, occupied: Bool[Tensor, "B H N"], like: Tensor
) -> Float[Tensor, "B H A E"]:
    """Return 1 for the entries older than each write that can still be read after it, else 0."""
    active, count = placement.active, placement.active.shape[-1]
    after = torch.arange(1, count + 1, device=occupied.device)
    begin = torch.cat([torch.where(occupied, 0, count), torch.where(active, after, count)], dim=-1)
    until = placement.superseded.to(like.dtype)
    present = between(begin.to(like.dtype).unsqueeze(2), until.unsqueeze(2), count, last=False)
    return present * active.to(like.dtype).unsqueeze(-1)
