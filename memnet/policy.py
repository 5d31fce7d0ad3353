"""The meta-policy: how a read divides its weight among slots.

Legend: ``B`` memories, ``H`` heads, ``C`` tokens, ``E`` entries, ``D`` width.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

TINY = 1e-9
LONGING = 2.0
"""Most by which the score of a closed entry may exceed the best open one in the gradient of its gate."""
HIDDEN = 1e4
"""Taken off the score of an entry that can't be seen: far more than any score, and exact in single precision."""


def top_k_weights(
    scores: Float[Tensor, "B H C E"], strength: Float[Tensor, "B H E"], candidates: Float[Tensor, "B H C E"], k: int
) -> Float[Tensor, "B H C E"]:
    """Softmax of ``score + log strength`` over the k best entries; all zeros where none is held.

    It is computed as ``strength · exp(score)``, normalised. An entry whose gate is exactly zero has no weight and takes no place
    among the k, but the gate has its gradient, which says whether an open one would have served: so a gate that has closed too far
    can open again.

    Args:
        scores: ``temperature · cosine`` of all entries.
        strength: Strength of all entries, the gate of those written in this chunk.
        candidates: 1 where an entry could be seen at a token, open or not, else 0.
        k: How many are read.
    """
    with torch.no_grad():
        held = candidates * (strength > 0).to(scores.dtype).unsqueeze(2)
        ranked = scores + strength.clamp_min(TINY).log().unsqueeze(2) * held
        best = (ranked + (held - 1.0) * HIDDEN).topk(min(k, scores.shape[-1]), dim=-1).values
        chosen = candidates * (ranked >= best[..., -1:]).to(scores.dtype)
        some = (best[..., :1] > -0.5 * HIDDEN).to(scores.dtype)
        top = some * best[..., :1] + (1.0 - some) * scores.amax(-1, keepdim=True)
        limit = LONGING + HIDDEN * held
    weights = (scores - top).minimum(limit).exp() * chosen * strength.unsqueeze(2)
    total = weights.sum(-1, keepdim=True)
    return weights / (total + (total <= 0).to(total.dtype))


def uniform_weights(seen: Float[Tensor, "B H C E"]) -> Float[Tensor, "B H C E"]:
    """Equal weight on every visible entry."""
    return seen / seen.sum(-1, keepdim=True).clamp_min(1.0)


def random_weights(draw: Float[Tensor, "B H C"], birth: Int[Tensor, "B H E"], seen: Float[Tensor, "B H C E"]) -> Float[Tensor, "B H C E"]:
    """All weight on one visible entry, drawn by position.

    Every entry has a place on a circle that follows from when it was written (multiples of the golden ratio spread evenly); the first
    visible one at or after the drawn point is read. The draw so depends on what is stored and not on where, nor on the chunk size.

    Args:
        draw: Uniform numbers in [0, 1), one per token.
        birth: Time at which each entry was written.
        seen: 1 where an entry is visible, else 0.
    """
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    place = (birth.double() * golden).frac().to(seen.dtype)
    ahead = place.unsqueeze(2) - draw.to(seen.dtype).unsqueeze(-1)
    ahead = ahead - ahead.floor() + (1.0 - seen) * HIDDEN
    return (ahead <= ahead.amin(-1, keepdim=True)).to(seen.dtype) * seen


def entropy(weights: Float[Tensor, "*lead E"]) -> Float[Tensor, "*lead"]:
    """Entropy of a distribution, in nats; 0 where the weights are all zero."""
    return -(weights * weights.clamp_min(TINY).log()).sum(-1)


class MetaPolicy(nn.Module):
    """A learned mix of reading policies: ``W_base = π1·TopK + π2·Uniform + π3·Random``.

        π = softmax(P·[h, best match, entropy of the TopK read])

    Without a generator the Random policy gives its expectation, which is Uniform: the pass is then deterministic.

    Args:
        width: D of the controller's state.
        heads: Memory heads H, each with a gate of its own.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.gate = nn.Linear(width, 3 * heads)
        self.uncertainty = nn.Parameter(torch.zeros(heads, 2, 3))
        nn.init.zeros_(self.gate.weight)
        with torch.no_grad():
            self.gate.bias.copy_(torch.tensor([4.0, 0.0, 0.0]).repeat(heads))

    def forward(
        self,
        hidden: Float[Tensor, "B C D"],
        match: Float[Tensor, "B H C"],
        top: Float[Tensor, "B H C E"],
        uniform: Float[Tensor, "B H C E"],
        random: Float[Tensor, "B H C E"],
    ) -> Float[Tensor, "B H C E"]:
        """Return ``W_base``."""
        logits = self.gate(hidden).unflatten(-1, (self.heads, 3)).transpose(1, 2)
        known = torch.stack([match, entropy(top)], dim=-1)
        pi = (logits + known @ self.uncertainty).softmax(-1)
        mixed: Tensor = pi[..., 0:1] * top + pi[..., 1:2] * uniform + pi[..., 2:3] * random
        return mixed
