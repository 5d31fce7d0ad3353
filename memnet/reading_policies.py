"""The meta-policy: how a read divides its weight among slots.

Legend: ``B`` memories, ``H`` heads, ``C`` tokens, ``E`` entries, ``D`` width.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from memnet.fading import Fading

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
    visible: Float[Tensor, "B H C E"],
    closed: Float[Tensor, "B H C A"] | None,
    k: int,
    faded: Fading | None = None,
) -> TopK:
    """Softmax of ``score + log strength`` over the k best visible entries.

    It is computed as ``strength · exp(score)``, normalised. With ``closed``, the best entries with
    closed gates are included in addition to the k. They have no weight, but their gates get a
    gradient, which shows whether an open gate would have helped. So a gate that has closed too far
    can open again.

    Args:
        scores: ``temperature · cosine`` of all entries.
        strength: Strength of all entries, the gate of those written in this chunk.
        visible: 1 for entries that can be read at each token, else 0.
        closed: 1 for those of the last A entries that could be read if their gates were open; None
            if no gradient is needed.
        k: Number of entries read.
        faded: The entries that have lost strength; None if none has.
    """
    entries, plain = scores.shape[-1], scores
    if faded is not None:
        scores = faded.lowered(scores)
    with torch.no_grad():
        ranked = (scores + strength.clamp_min(MIN_STRENGTH).log().unsqueeze(2)).add_(
            visible - 1.0, alpha=INVISIBLE
        )
        best = ranked.topk(min(k, entries), dim=-1)
        index, limit = best.indices, _limit(best.values, INVISIBLE)
        top = best.values[..., :1]
        if closed is not None:
            earlier = entries - closed.shape[-1]
            candidates = (scores[..., earlier:] + (closed - 1.0) * INVISIBLE).topk(
                min(MAX_CLOSED, closed.shape[-1]), dim=-1
            )
            index = torch.cat([index, candidates.indices + earlier], dim=-1)
            limit = torch.cat([limit, _limit(candidates.values, MAX_LEAD)], dim=-1)
            top = torch.where(_found(top), top, candidates.values[..., :1])
    found = scores.gather(-1, index)
    held = strength.unsqueeze(2).expand(-1, -1, index.shape[2], -1).gather(-1, index)
    weights = (found - top).minimum(limit).exp() * held
    total = weights.sum(-1, keepdim=True)
    if faded is not None:
        found = plain.gather(-1, index)
    return TopK(index=index, weights=weights / (total + (total <= 0).to(total.dtype)), scores=found)


def _found(scores: Tensor) -> Tensor:
    """Whether these are scores of entries that can be read."""
    return scores > -0.5 * INVISIBLE


def _limit(scores: Tensor, lead: float) -> Tensor:
    """Return the largest lead of each entry; a very negative one if it cannot be read."""
    return torch.where(_found(scores), lead, -INVISIBLE)


def random_entry(
    draw: Float[Tensor, "B H C"], times: Int[Tensor, "B H E"], visible: Float[Tensor, "B H C E"]
) -> Int[Tensor, "B H C 1"]:
    """Draw one visible entry per token, by position.

    Every entry has a place on a circle that depends on its time of writing (multiples of the golden
    ratio spread evenly); the first visible one at or after the drawn point is read. So the draw
    depends on the stored contents, and not on their slots or the chunk size.

    Args:
        draw: Uniform numbers in [0, 1), one per token.
        times: Token of each entry's last write.
        visible: 1 for entries that can be read, else 0.
    """
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    place = (times.double() * golden).frac().to(draw.dtype)
    ahead = (place.unsqueeze(2) + 1.0 - draw.unsqueeze(-1)).frac_()
    return ahead.add_(1.0 - visible, alpha=2.0).argmin(-1, keepdim=True)


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
        return gate.contiguous()

    def forward(self, logits: Float[Tensor, "B H C 3"], best: TopK) -> Float[Tensor, "B H C 3"]:
        """Return π: the shares of TopK, Uniform and Random.

        Args:
            logits: Logits from :meth:`logits`.
            best: The TopK read.
        """
        found = best.scores.detach().masked_fill(best.weights <= 0, -INVISIBLE).amax(-1)
        match = torch.where(found > -INVISIBLE, found, 0.0)
        known = torch.stack([match, entropy(best.weights)], dim=-1)
        pi: Tensor = (logits + known @ self.uncertainty).softmax(-1)
        return pi


def mixed(
    pi: Float[Tensor, "B H C 3"],
    weights: Float[Tensor, "B H C k"],
    index: Int[Tensor, "B H C k"],
    seen: Float[Tensor, "B H M C"],
    random: Int[Tensor, "B H C 1"] | None,
) -> Float[Tensor, "B H M C"]:
    """Return ``W_base`` over the M nodes: a distribution if anything can be read, otherwise zeros.

    Args:
        pi: Shares of the three policies.
        weights: The TopK read.
        index: The node of each of its weights.
        seen: 1 for the nodes that can be read, else 0.
        random: What Random reads, or None for the expectation.
    """
    top, even, chance = pi.split(1, dim=-1)
    count, weights = seen.sum(2), top * weights
    if random is None:
        even = even + chance
    else:
        index = torch.cat([index, random], dim=-1)
        weights = torch.cat([weights, chance * (count > 0).unsqueeze(-1)], dim=-1)
    base = seen * (even.squeeze(-1) / count.clamp_min(1.0)).unsqueeze(2)
    return scattered(base, index, weights)


def scattered(
    base: Float[Tensor, "B H M C"],
    index: Int[Tensor, "B H C k"],
    weights: Float[Tensor, "B H C k"],
) -> Float[Tensor, "B H M C"]:
    """Add the weights of each token to a table over nodes, in the token's column."""
    tokens = base.shape[-1]
    place = index * tokens + torch.arange(tokens, device=index.device).unsqueeze(-1)
    total = base.flatten(2).scatter_add(-1, place.flatten(2), weights.flatten(2))
    return total.view(base.shape)
