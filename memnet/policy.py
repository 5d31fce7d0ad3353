"""The meta-policy: how a read divides its weight among slots.

Legend: ``B`` memories, ``H`` heads, ``C`` tokens, ``E`` entries, ``D`` width.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

MIN_STRENGTH = 1e-9
"""Lower bound of a strength or weight inside a logarithm or a quotient."""
MAX_CLOSED = 4
"""Closed entries that a read includes, for the gradient of their gates."""
MAX_LEAD = 2.0
"""Upper bound on a closed entry's score above the best open one, for its gate's gradient."""
INVISIBLE = 1e9
"""The score of an invisible entry is minus this number."""


@dataclass(frozen=True, slots=True)
class TopK:
    """The read of the TopK policy; entries that are not listed have weight zero.

    Attributes:
        index: Entries that are read.
        weights: Their weights; they sum to 1, or to 0 if the memory is empty.
        scores: Their scores.
    """

    index: Int[Tensor, "B H C k"]
    weights: Float[Tensor, "B H C k"]
    scores: Float[Tensor, "B H C k"]


def top_k(
    scores: Float[Tensor, "B H C E"],
    strength: Float[Tensor, "B H E"],
    visible: Bool[Tensor, "B H C E"],
    closed: Bool[Tensor, "B H C E"] | None,
    k: int,
    faded: Float[Tensor, "B H C E"] | None = None,
) -> TopK:
    """Softmax of ``score + log strength`` over the k best visible entries.

    It is computed as ``strength · exp(score)``, normalised. With ``closed``, the best entries with
    closed gates are included in addition to the k. They have no weight, but their gates get a
    gradient, which shows whether an open gate would have helped. So a gate that has closed too far
    can open again.

    Args:
        scores: ``temperature · cosine`` of all entries.
        strength: Strength of all entries, the gate of those written in this chunk.
        visible: Entries that can be read at each token.
        closed: Entries that could be read if their gates were open; None if no gradient is needed.
        k: Number of entries read.
        faded: Logarithm of the share of the strength that each entry has kept; None if all of it.
    """
    plain = scores
    if faded is not None:
        scores = scores + faded
    with torch.no_grad():
        ranked = (scores + strength.clamp_min(MIN_STRENGTH).log().unsqueeze(2)).masked_fill_(
            ~visible, -INVISIBLE
        )
        best = ranked.topk(min(k, scores.shape[-1]), dim=-1)
        index, limit = best.indices, torch.where(best.values > -INVISIBLE, INVISIBLE, -INVISIBLE)
        top = best.values[..., :1]
        if closed is not None:
            candidates = scores.masked_fill(~closed, -INVISIBLE).topk(
                min(MAX_CLOSED, scores.shape[-1]), dim=-1
            )
            index = torch.cat([index, candidates.indices], dim=-1)
            limit = torch.cat(
                [limit, torch.where(candidates.values > -INVISIBLE, MAX_LEAD, -INVISIBLE)], dim=-1
            )
            top = torch.where(top > -INVISIBLE, top, candidates.values[..., :1])
    found = scores.gather(-1, index)
    held = strength.unsqueeze(2).expand(-1, -1, index.shape[2], -1).gather(-1, index)
    weights = (found - top).minimum(limit).exp() * held
    total = weights.sum(-1, keepdim=True)
    if faded is not None:
        found = plain.gather(-1, index)
    return TopK(index=index, weights=weights / (total + (total <= 0).to(total.dtype)), scores=found)


def random_entry(
    draw: Float[Tensor, "B H C"], times: Int[Tensor, "B H E"], visible: Bool[Tensor, "B H C E"]
) -> Int[Tensor, "B H C 1"]:
    """Draw one visible entry per token, by position.

    Every entry has a place on a circle that depends on its time of writing (multiples of the golden
    ratio spread evenly); the first visible one at or after the drawn point is read. So the draw
    depends on the stored contents, and not on their slots or the chunk size.

    Args:
        draw: Uniform numbers in [0, 1), one per token.
        times: Token of each entry's last write.
        visible: Entries that can be read.
    """
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    place = (times.double() * golden).frac().to(draw.dtype)
    ahead = (place.unsqueeze(2) + 1.0 - draw.unsqueeze(-1)).frac_()
    return ahead.masked_fill_(~visible, 2.0).argmin(-1, keepdim=True)


def entropy(weights: Float[Tensor, "*lead E"]) -> Float[Tensor, "*lead"]:
    """Entropy of a distribution, in nats; 0 if the weights are all zero."""
    return -(weights * weights.clamp_min(MIN_STRENGTH).log()).sum(-1)


def dispersion(weights: Float[Tensor, "*lead E"]) -> Float[Tensor, "*lead"]:
    """Dispersion of a read over its entries.

    ``1 − Σ w²`` (Simpson 1949), the probability that two draws differ; 0 if the weights are all
    zero.

    It is a training loss for sparsity. Entropy is not suitable: its slope is unbounded as a weight
    goes to zero, so closed gates stay closed, and learned reads fail in bursts.
    """
    return weights.sum(-1) - weights.square().sum(-1)


class MetaPolicy(nn.Module):
    """A learned mix of reading policies: ``W_base = π1·TopK + π2·Uniform + π3·Random``.

        π = softmax(P·[h, best match, entropy of the TopK read])

    Without a draw the Random policy returns its expectation, which is Uniform, so the pass is
    deterministic.

    Args:
        width: D of the controller's state.
        heads: Memory heads H, each with its own gate.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.gate = nn.Linear(width, 3 * heads)
        self.uncertainty = nn.Parameter(torch.zeros(heads, 2, 3))
        nn.init.zeros_(self.gate.weight)
        with torch.no_grad():
            self.gate.bias.copy_(torch.tensor([4.0, 0.0, 0.0]).repeat(heads))

    def logits(self, hidden: Float[Tensor, "B C D"]) -> Float[Tensor, "B H C 3"]:
        """Return the logits that the controller's state gives, before those of the read."""
        gate: Tensor = self.gate(hidden).unflatten(-1, (self.heads, 3)).transpose(1, 2)
        return gate

    def mix(self, logits: Float[Tensor, "B H C 3"], best: TopK) -> Float[Tensor, "B H C 3"]:
        """Return π: the shares of TopK, Uniform and Random.

        Args:
            logits: Logits from :meth:`logits`.
            best: The TopK read.
        """
        found = best.scores.detach().masked_fill(best.weights <= 0, -INVISIBLE).amax(-1)
        match = torch.where(found > -INVISIBLE, found, 0.0)
        known = torch.stack([match, entropy(best.weights)], dim=-1)
        return (logits + known @ self.uncertainty).softmax(-1)

    def forward(
        self,
        pi: Float[Tensor, "B H C 3"],
        best: TopK,
        index: Int[Tensor, "B H C k"],
        seen: Bool[Tensor, "B H C E"],
        random: Int[Tensor, "B H C 1"] | None,
    ) -> Float[Tensor, "B H C E"]:
        """Return ``W_base``: a distribution if anything can be read, otherwise zeros.

        Args:
            pi: Shares from :meth:`mix`.
            best: The TopK read.
            index: Where each of its weights goes.
            seen: What can be read.
            random: What Random reads, or None for the expectation.
        """
        count = seen.sum(-1, keepdim=True, dtype=pi.dtype)
        top, rest = pi[..., 0:1] * best.weights, pi[..., 1:2] + pi[..., 2:3]
        if random is not None:
            chosen = pi[..., 2:3] * (count > 0)
            index, top = torch.cat([index, random], dim=-1), torch.cat([top, chosen], dim=-1)
            rest = pi[..., 1:2]
        mixed: Tensor = (seen * (rest / count.clamp_min(1.0))).scatter_add(-1, index, top)
        return mixed
