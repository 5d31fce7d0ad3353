"""The Hebbian graph.

It links slots that were written one after the other, and spreads activation along the links.

Rule (spike-timing dependent plasticity; Bi & Poo 1998, Song et al. 2000), at each token t:

    ΔA_ij = η · pre_i(t−1) · post_j(t),  post_j(t) = g_t · 1[write t is in slot j]
    A ← (1 − δ)·A + ΔA  at each write (a link event); the diagonal is always zero
    pre(t) = λ·ℓ_t·pre(t−1) + post(t)

with λ a constant per head and ℓ_t the link gate, which can cut the trace. A is non-negative. It is
bounded by the decay δ, or by dreams (see ``synthesizer``). A read uses Â, the row-normalised A.

Within a chunk, ``A(t)`` is never formed: the part that a read at t needs is a sum over the link
events up to t, which is a few matrix products.

Legend: ``B`` memories, ``H`` heads, ``N`` slots, ``C`` tokens, ``A`` candidates for writing among
them, ``E = N + A`` entries; nodes of the graph are root entries (see ``chunk``).
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from memnet.chunk import Commit, Placement

NEGLIGIBLE = 1e-9
"""A row whose links sum to less than this has no links: its activation does not spread."""


@dataclass(frozen=True, slots=True)
class Links:
    """The graph at every token of one chunk.

    Attributes:
        adjacency: A before the chunk.
        pre: Trace before each candidate's token, with the node that it writes masked out (no link
            to oneself).
        trace: Trace after the last token.
        gain: ``gain[t, s] = (1 − δ)^{events in (s, t]} · η · g_s`` for s ≤ t, else 0: the weight at
            token t of the links that candidate s made.
        remaining: ``(1 − δ)^{events up to t}``: the remaining share at t of the links before the
            chunk; None if links do not decay.
        per_link: ``1 / Σ_j A_ij`` of each node i at each token, or 0 if it has no links.
        stays: 1 if a node can be read and has no links, else 0.
        own: Node that each candidate writes.
    """

    adjacency: Float[Tensor, "B H N N"]
    pre: Float[Tensor, "B H A E"]
    trace: Float[Tensor, "B H E"]
    gain: Float[Tensor, "B H C A"]
    remaining: Float[Tensor, "B H C"] | None
    per_link: Float[Tensor, "B H C E"]
    stays: Float[Tensor, "B H C E"]
    own: Int[Tensor, "B H A"]

    def spread(
        self, nodes: Float[Tensor, "B H C E"], sharpening: float = 1.0
    ) -> Float[Tensor, "B H C E"]:
        """Return ``W·Â`` at each token, Â the row-normalised graph of that token.

        The weight of a row without links does not move.

        Args:
            nodes: W, over nodes.
            sharpening: Exponent on the spread weights, renormalised to the same total.
        """
        slots, candidates = self.adjacency.shape[-1], self.pre.shape[2]
        outgoing = nodes * self.per_link
        along_old = outgoing[..., :slots] @ self.adjacency
        if self.remaining is not None:
            along_old = self.remaining.unsqueeze(-1) * along_old
        along_new = self.gain * (outgoing @ self.pre.transpose(-1, -2))
        own = self.own.unsqueeze(2).expand(-1, -1, nodes.shape[2], -1)
        spread = functional.pad(along_old, (0, candidates)).scatter_add(-1, own, along_new)
        if sharpening != 1.0:
            sharp = spread.clamp_min(NEGLIGIBLE) ** sharpening * (spread > NEGLIGIBLE)
            spread = sharp * (
                spread.sum(-1, keepdim=True) / sharp.sum(-1, keepdim=True).clamp_min(NEGLIGIBLE)
            )
        return torch.addcmul(spread, self.stays, nodes)

    def after(self, done: Commit) -> tuple[Float[Tensor, "B H N N"], Float[Tensor, "B H N"]]:
        """Return A and the trace after the chunk, in the order of the slots."""
        slots = self.adjacency.shape[-1]
        survived = (
            self.adjacency
            if self.remaining is None
            else self.remaining[..., -1, None, None] * self.adjacency
        )
        if bool(done.evicted.any()):  # an empty slot has no links
            old = ~done.evicted
            survived = survived * (old.unsqueeze(-1) & old.unsqueeze(-2))
        pre = self.pre.gather(-1, done.node.unsqueeze(2).expand(-1, -1, self.pre.shape[2], -1))
        post = self.gain[..., -1, :].unsqueeze(-1) * _one_hot(done.slot, slots).to(self.pre.dtype)
        return survived + pre.transpose(-1, -2) @ post, self.trace.gather(-1, done.node)


def link(
    adjacency: Float[Tensor, "B H N N"],
    trace: Float[Tensor, "B H N"],
    gate: Float[Tensor, "B H A"],
    hold: Float[Tensor, "B H C"],
    placement: Placement,
    occupied: Bool[Tensor, "B H N"],
    *,
    rate: float,
    decay: float,
) -> Links:
    """Apply the rule of this module to all tokens of a chunk.

    Args:
        adjacency: A before the chunk.
        trace: Pre-synaptic trace before the chunk.
        gate: Write gate g of each candidate; 0 if it does not write.
        hold: ``λ·ℓ_t``, the share of the trace that remains after each token, in (0, 1).
        placement: Placement of the writes.
        occupied: Slots that hold a content before the chunk.
        rate: η.
        decay: δ.
    """
    count, candidates = gate.shape[-1], placement.candidates
    own = placement.own.unsqueeze(2).expand(-1, -1, count, -1)
    running = hold.clamp_min(1e-9).log().cumsum(-1)
    last = running[..., -1:]
    # pre(t−1): of a write s < t, the share that remains after the tokens s+1 … t−1; of the trace
    # before the chunk, the share that remains after 0 … t−1.
    held, shifted = candidates.of(running), candidates.of(functional.pad(running, (1, 0))[..., :-1])
    past = torch.ones(count, count, dtype=torch.bool, device=gate.device).tril(-1)
    left = torch.where(past, (shifted.unsqueeze(-1) - held.unsqueeze(-2)).clamp_max(0.0).exp(), 0.0)
    padded = functional.pad(trace, (0, count))
    pre = (shifted.exp().unsqueeze(-1) * padded.unsqueeze(2)).scatter_add(
        -1, own, left * gate.unsqueeze(2)
    )
    end = (last - held).clamp_max(0.0).exp()
    after = (last.exp() * padded).scatter_add(-1, own[:, :, 0], end * gate)

    made, remaining = placement.active.to(gate.dtype), None
    lasting = candidates.by(torch.arange(candidates.tokens, device=gate.device)).to(gate.dtype)
    if decay > 0.0:
        events, log_keep = candidates.over_tokens(made).cumsum(-1), math.log(max(1.0 - decay, 1e-9))
        lasting = (
            lasting
            * (
                (events.unsqueeze(-1) - made.cumsum(-1).unsqueeze(-2)).clamp_min(0.0) * log_keep
            ).exp()
        )
        remaining = (events * log_keep).exp()
    pre, gain = (
        pre.scatter(-1, own.transpose(-1, -2)[..., :1], 0.0),
        lasting * (rate * gate * made).unsqueeze(-2),
    )
    before = functional.pad(adjacency.sum(-1), (0, count)).unsqueeze(2)
    row_sum = (before if remaining is None else remaining.unsqueeze(-1) * before) + gain @ pre
    linked = (row_sum > NEGLIGIBLE).to(gate.dtype)
    return Links(
        adjacency=adjacency,
        pre=pre,
        trace=after,
        gain=gain,
        remaining=remaining,
        per_link=linked / row_sum.clamp_min(NEGLIGIBLE),
        stays=(1.0 - linked) * placement.nodes(occupied),
        own=placement.own,
    )


def _one_hot(index: Int[Tensor, "B H A"], size: int) -> Bool[Tensor, "B H A size"]:
    """One-hot rows; an index of ``size`` gives a row of zeros."""
    return index.unsqueeze(-1) == torch.arange(size, device=index.device)
