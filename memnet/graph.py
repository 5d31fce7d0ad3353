"""The Hebbian graph.

It links slots that were written one after the other, and spreads activation along the links. The
slots of associating heads are linked: their keys are inputs, so links record which input followed
which. In a single head the slots are linked too.

Rule (spike-timing dependent plasticity; Bi & Poo 1998, Song et al. 2000), at each token t:

    ΔA_ij = η · pre_i(t−1) · post_j(t),  post_j(t) = g_t · 1[write t is in slot j]
    A ← (1 − δ)·A + ΔA  at each write (a link event); the diagonal is always zero
    pre(t) = λ·ℓ_t·pre(t−1) + post(t)

with λ a constant per head and ℓ_t the link gate, which can cut the trace. A is non-negative. It is
bounded by the decay δ, or by dreams (see ``synthesizer``). A read uses Â, the row-normalised A.

Within a chunk, ``A(t)`` is never formed: the part that a read at t needs is a sum over the link
events up to t, which is a few matrix products.

Legend: ``B`` memories, ``H`` linked heads, ``N`` slots, ``C`` tokens, ``A`` candidates for writing
among them, ``M`` nodes (see ``chunk``). Tokens are the last dimension, so that rows of nodes and of
candidates can be moved whole.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional

from memnet.candidates import Candidates
from memnet.rows import add_rows, take_rows

NEGLIGIBLE = 1e-9
"""A row whose links sum to less than this has no links: its activation does not spread."""


@dataclass(frozen=True, slots=True)
class Links:
    """The graph at every token of one chunk.

    Attributes:
        before: A before the chunk.
        pre: Trace before each candidate's token, with the node that it writes masked out (no link
            to oneself).
        both: The two side by side.
        trace: Trace after the last token.
        gain: ``gain[s, t] = (1 − δ)^{events in (s, t]} · η · g_s`` for s ≤ t, else 0: the weight at
            token t of the links that candidate s made.
        remaining: ``(1 − δ)^{events up to t}``: the remaining share at t of the links before the
            chunk; None if links do not decay.
        per_link: ``1 / Σ_j A_ij`` of each node i at each token, or 0 if it has no links.
        stays: 1 if a node can be read and has no links, else 0.
        own: Node that each candidate writes.
    """

    before: Float[Tensor, "B H M M"]
    pre: Float[Tensor, "B H M A"]
    both: Float[Tensor, "B H M M+A"]
    trace: Float[Tensor, "B H M"]
    gain: Float[Tensor, "B H A C"]
    remaining: Float[Tensor, "B H 1 C"] | None
    per_link: Float[Tensor, "B H M C"]
    stays: Float[Tensor, "B H M C"]
    own: Int[Tensor, "B H A"]

    def spread(
        self, nodes: Float[Tensor, "B H M C"], sharpening: float = 1.0
    ) -> Float[Tensor, "B H M C"]:
        """Return ``W·Â`` at each token, Â the row-normalised graph of that token.

        The weight of a row without links does not move.

        Args:
            nodes: W, over nodes.
            sharpening: Exponent on the spread weights, renormalised to the same total.
        """
        spread: Tensor = _Spread.apply(
            nodes, self.both, self.per_link, self.gain, self.own, self.remaining
        )
        if sharpening != 1.0:
            sharp = spread.clamp_min(NEGLIGIBLE) ** sharpening * (spread > NEGLIGIBLE)
            spread = sharp * (
                spread.sum(2, keepdim=True) / sharp.sum(2, keepdim=True).clamp_min(NEGLIGIBLE)
            )
        return torch.addcmul(spread, self.stays, nodes)

    def after(self) -> tuple[Float[Tensor, "B H M M"], Float[Tensor, "B H M"]]:
        """Return A and the trace after the chunk."""
        survived = self.before if self.remaining is None else self.remaining[..., -1:] * self.before
        made = self.pre * self.gain[..., -1].unsqueeze(-2)
        own = self.own.unsqueeze(-2).expand_as(made)
        return survived.scatter_add(-1, own, made), self.trace


class _Spread(Function):
    """Weights that leave the nodes along their links; backward without further temporaries."""

    @staticmethod
    def forward(
        ctx: Any,
        nodes: Tensor,
        both: Tensor,
        per_link: Tensor,
        gain: Tensor,
        own: Tensor,
        remaining: Tensor | None,
    ) -> Tensor:
        outgoing = nodes * per_link
        along = both.transpose(-1, -2) @ outgoing
        size = both.shape[2]
        old, new = along[:, :, :size], along[:, :, size:]
        ctx.save_for_backward(nodes, both, per_link, gain, own, remaining, outgoing, along)
        if remaining is not None:
            old = old * remaining
        return add_rows(old, own, gain * new)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        nodes, both, per_link, gain, own, remaining, outgoing, along = ctx.saved_tensors
        (slope,) = slopes
        size, of_remaining = both.shape[2], None
        of_new, of_along = take_rows(slope, own), torch.empty_like(along)
        of_along[:, :, :size] = slope if remaining is None else slope * remaining
        torch.mul(of_new, gain, out=of_along[:, :, size:])
        of_outgoing = both @ of_along
        if remaining is not None and ctx.needs_input_grad[5]:
            of_remaining = (slope * along[:, :, :size]).sum(2, keepdim=True)
        return (
            of_outgoing * per_link,
            outgoing @ of_along.transpose(-1, -2),
            of_outgoing * nodes,
            of_new * along[:, :, size:],
            None,
            of_remaining,
        )


def link(
    adjacency: Float[Tensor, "B H M M"],
    trace: Float[Tensor, "B H M"],
    gate: Float[Tensor, "B H A"],
    hold: Float[Tensor, "B H C"],
    active: Bool[Tensor, "B H A"],
    own: Int[Tensor, "B H A"],
    seen: Float[Tensor, "B H M C"],
    candidates: Candidates,
    *,
    rate: float,
    decay: float,
) -> Links:
    """Apply the rule of this module to all tokens of a chunk.

    Args:
        adjacency: A before the chunk.
        trace: Pre-synaptic trace before the chunk.
        gate: Write gate g of each candidate.
        hold: ``λ·ℓ_t``, the share of the trace that remains after each token, in (0, 1).
        active: Candidates that write.
        own: Node that each candidate writes; any node if it does not write.
        seen: 1 for the nodes that a read at each token sees.
        candidates: Tokens of the candidates.
        rate: η.
        decay: δ.
    """
    made, count = active.to(gate.dtype), gate.shape[-1]
    gate = gate * made
    running = hold.clamp_min(1e-9).log().cumsum(-1)
    last = running[..., -1:]
    # pre(t−1): of a write u < s, the share that remains after the tokens u+1 … s−1; of the trace
    # before the chunk, the share that remains after 0 … s−1.
    held, shifted = candidates.of(running), candidates.of(functional.pad(running, (1, 0))[..., :-1])
    past = gate.new_ones(count, count).triu(1)
    left = (shifted.unsqueeze(-2) - held.unsqueeze(-1)).clamp_max(0.0).exp() * past
    pre = add_rows(
        trace.unsqueeze(-1) * shifted.exp().unsqueeze(-2), own, left * gate.unsqueeze(-1)
    ).scatter(-2, own.unsqueeze(-2), 0.0)
    end = (last - held).clamp_max(0.0).exp()
    after = (last.exp() * trace).scatter_add(-1, own, end * gate)

    token = torch.arange(candidates.tokens, device=gate.device)
    lasting = candidates.by(token).to(gate.dtype).transpose(-1, -2).contiguous()
    gain, before, remaining = lasting * (rate * gate).unsqueeze(-1), adjacency.sum(-1, True), None
    if decay > 0.0:
        log_keep = math.log(max(1.0 - decay, 1e-9))
        events = candidates.over_tokens(made).cumsum(-1).unsqueeze(-2)
        since = (events - made.cumsum(-1).unsqueeze(-1)).clamp_min(0.0)
        gain = gain * (since * log_keep).exp()
        remaining = (events * log_keep).exp()
        before = remaining * before
    row_sum = before + pre @ gain
    linked = (row_sum.detach() > NEGLIGIBLE).to(gate.dtype)
    return Links(
        before=adjacency,
        pre=pre,
        both=torch.cat([adjacency, pre], dim=-1),
        trace=after,
        gain=gain,
        remaining=remaining,
        per_link=linked / row_sum.clamp_min(NEGLIGIBLE),
        stays=(1.0 - linked) * seen,
        own=own,
    )
