"""Retention: which slots stay when a bank is full.

    r = log strength + w_u · log(1 + usage) − w_a · log(1 + age)

As a rule, both weights are options, new writes always enter, and the slots of lowest r leave. If it
is *learned*, the weights are parameters of each head, and a new write enters only if it is among
the N entries of largest r. In training a bank then has more slots than N, and a read gets of each
slot its content times k, with

    k = 1[r ≥ θ],  θ the N-th largest r,  ∂k/∂(r − θ) = σ'(r − θ)

So the task loss sees what a full bank would have lost, and its gradient raises the retention of
slots that were needed, against those at the threshold: in the gate with which they were written,
which sees the content and its context, and in both weights. The straight-through estimator is that
of Bengio et al. 2013.

Legend: ``B`` memories, ``H`` heads, ``N`` slots, ``A`` candidates, ``E = N + A`` entries.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from memnet.config import MemNetConfig
from memnet.placement import Placement

MIN_GATE = 1e-2
"""Lower bound of a strength inside the logarithm."""

SPARE = 8
"""Slots in training with learned retention, in units of N."""


def retention(
    strength: Float[Tensor, "B H *X"],
    usage: Float[Tensor, "B H *X"],
    age: Int[Tensor, "B H *X"],
    usage_weight: float | Float[Tensor, "H 1"],
    age_weight: float | Float[Tensor, "H 1"],
) -> Float[Tensor, "B H *X"]:
    """Return r.

    Args:
        strength: Write gate at the last write.
        usage: Read weight received since birth.
        age: Tokens since the last write.
        usage_weight: w_u.
        age_weight: w_a.
    """
    return (
        strength.clamp_min(MIN_GATE).log()
        + usage_weight * torch.log1p(usage)
        - age_weight * torch.log1p(age.clamp_min(0).to(usage.dtype))
    )


class LearnedRetention(nn.Module):
    """Retention with learned weights, which start at the options' values.

    Args:
        config: Options.
    """

    def __init__(self, config: MemNetConfig) -> None:
        super().__init__()
        self.slots = config.slots
        self.usage_weight = nn.Parameter(torch.full((config.heads, 1), config.usage_weight))
        self.age_weight = nn.Parameter(torch.full((config.heads, 1), config.age_weight))

    def forward(
        self,
        strength: Float[Tensor, "B H X"],
        usage: Float[Tensor, "B H X"],
        age: Int[Tensor, "B H X"],
    ) -> Float[Tensor, "B H X"]:
        """Return r."""
        return retention(strength, usage, age, self.usage_weight, self.age_weight)

    def kept(
        self, scores: Float[Tensor, "B H N"], occupied: Bool[Tensor, "B H N"]
    ) -> Float[Tensor, "B H N"] | None:
        """Return k of each slot; None if all of them fit."""
        if scores.shape[-1] <= self.slots:
            return None
        ranked = scores.masked_fill(~occupied, -torch.inf)
        limit = ranked.topk(self.slots, dim=-1).values[..., -1:]
        over = scores - limit.clamp_min(scores.detach().amin() - 1.0)
        soft = torch.sigmoid(over)
        return (over.detach() >= 0).to(soft.dtype) + soft - soft.detach()


def of_nodes(
    placement: Placement, values: Float[Tensor, "B H E"], exists: Bool[Tensor, "B H E"]
) -> Float[Tensor, "B H E"]:
    """Return for each node the value of the last entry of its chain; zero for other entries."""
    last = torch.where(placement.last & exists, values, torch.zeros_like(values))
    return torch.zeros_like(values).scatter_add(-1, placement.root, last)


def admitted(
    scores: Float[Tensor, "B H E"],
    occupied: Bool[Tensor, "B H N"],
    fresh: Bool[Tensor, "B H A"],
) -> Bool[Tensor, "B H A"]:
    """Return which new writes are among the N entries of largest retention.

    Args:
        scores: Retention of all nodes.
        occupied: Slots that are not empty.
        fresh: Writes that need a slot.
    """
    slots = occupied.shape[-1]
    held = torch.cat([occupied, fresh], dim=-1)
    order = scores.masked_fill(~held, -torch.inf).argsort(dim=-1, descending=True, stable=True)
    best = torch.zeros_like(held).scatter(-1, order[..., :slots], True)
    return fresh & best[..., slots:]
