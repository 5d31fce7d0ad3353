"""MemorySynthesizer: dreams, which reorganise the slots offline.

A dream changes only memories that were written since the last dream, so a long pause without writes
has no cost and no effect. (If another memory of the batch merges slots, an unwritten memory changes
by rounding only.)

Legend: ``B`` memories, ``H`` heads, ``N`` slots, ``V`` value width.
"""

import math
from dataclasses import replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from memnet.config import MemNetConfig
from memnet.graph import NEGLIGIBLE
from memnet.products import inner
from memnet.rows import add_rows, take_rows
from memnet.state import Slots


class MemorySynthesizer(nn.Module):
    """A dream of five steps.

    Contents attend to each other, links are found, near-equal slots merge, weak links are removed,
    strong slots are scaled down.

        Y = V + O·softmax(Q·Kᵀ/√d + β·log(Â + ε))·V      for slots written since the last dream
        A_i += rate · Σ_j A_ij · Â²_i  at the strongest missing links of Â²
        merge slots with cosine ≥ τ_merge
        A_ij = 0  if  Â_ij < prune
        A_i ← A_i · min(1, total / Σ_j A_ij)

    O starts at zero. The second step turns two hops before the dream into one hop after it. A slot
    merges into the first near-equal slot if that one is not merged itself: contents are averaged by
    strength, strengths and links are added. The last step is synaptic homeostasis (Tononi & Cirelli
    2003): it bounds A and does not change Â.

    Args:
        config: Options.
    """

    def __init__(self, config: MemNetConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width // config.heads
        self.norm = nn.RMSNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.graph_bias = (
            nn.Parameter(torch.full((config.heads, 1, 1), 0.5)) if config.hebbian else None
        )
        nn.init.zeros_(self.out.weight)

    def forward(self, slots: Slots) -> Slots:
        """Dream once."""
        digest = slots.fresh.any(-1) & slots.occupied.any(-1)
        if not bool(digest.any()):
            return slots
        graph = slots.adjacency if self.config.hebbian else None
        slots = replace(slots, values=self._refine(slots, graph))
        if graph is not None:
            graph = self._find_links(graph, digest)
        slots, graph = self._merge(slots, graph, digest)
        if graph is not None:
            slots = slots.linked(self._prune(graph, digest))
        return replace(slots, fresh=torch.zeros_like(slots.fresh))

    def _refine(
        self, slots: Slots, graph: Float[Tensor, "B H N N"] | None
    ) -> Float[Tensor, "B H N V"]:
        """Self-attention over slots, biased by the graph.

        Each content is refined once, in the first dream after it was written.
        """
        new = slots.fresh & slots.occupied
        # New slots are first, padded to the same number in every memory; padded slots do not
        # change.
        chosen = new.to(torch.int8).argsort(dim=-1, descending=True, stable=True)[
            ..., : int(new.sum(-1).max())
        ]
        normed, value = self.norm(slots.values), slots.values.shape[-1]
        q = functional.linear(take_rows(normed, chosen), self.qkv.weight[:value])
        k, v = functional.linear(normed, self.qkv.weight[value:]).chunk(2, dim=-1)
        scores = inner(q / math.sqrt(value), k)
        if self.graph_bias is not None and graph is not None:
            scores = scores + self.graph_bias * (normalised(take_rows(graph, chosen)) + 1e-3).log()
        # Empty memories have uniform attention; their slots are not fresh, so the result is
        # discarded.
        empty = (~slots.occupied).to(scores.dtype).unsqueeze(2)
        weights = (scores - 1e9 * empty).softmax(-1)
        change = self.out(weights @ v) * new.gather(-1, chosen).unsqueeze(-1)
        return add_rows(slots.values, chosen, change)

    def _find_links(
        self, graph: Float[Tensor, "B H N N"], digest: Bool[Tensor, "B H"]
    ) -> Float[Tensor, "B H N N"]:
        """Add the strongest missing links of Â², in proportion to the links that a slot has.

        So no inferred link outweighs the observed ones.
        """
        rows, size = normalised(graph), graph.shape[-1]
        with torch.no_grad():
            linked = (
                (graph > NEGLIGIBLE)
                | torch.eye(size, dtype=torch.bool, device=rows.device)
                | ~digest[..., None, None]
            )
            best = (
                (rows @ rows)
                .masked_fill_(linked, 0.0)
                .flatten(2)
                .topk(min(self.config.dream_links, size * size), dim=-1)
            )
            start, end = best.indices // size, best.indices % size
        # Â² again at the chosen links only, the part that needs a gradient.
        columns = rows.gather(-1, end.unsqueeze(2).expand(-1, -1, size, -1)).transpose(-1, -2)
        strength = (take_rows(rows, start) * columns).sum(-1) * (best.values > NEGLIGIBLE)
        guessed = self.config.dream_rate * strength * graph.sum(-1).gather(-1, start)
        return graph.flatten(2).scatter_add(-1, best.indices, guessed).view_as(rows)

    def _merge(
        self, slots: Slots, graph: Float[Tensor, "B H N N"] | None, digest: Bool[Tensor, "B H"]
    ) -> tuple[Slots, Float[Tensor, "B H N N"] | None]:
        """Merge near-equal slots into the first of them; total strength does not change."""
        near = near_pairs(slots, self.config.merge) & digest[..., None, None]
        if not bool(near.triu(1).any()):
            return slots, graph
        here = torch.arange(near.shape[-1], device=near.device)
        first = first_neighbours(near)
        # A slot merges into its first neighbour only if that one is not merged itself; other merges
        # wait for the next dream.
        into = torch.where(first.gather(-1, first) == first, first, here.expand_as(first))
        if bool((into == here).all()):
            return slots, graph
        move = functional.one_hot(into, near.shape[-1]).to(slots.values.dtype)
        stays = (into == here).unsqueeze(-1)
        back = move.transpose(-1, -2)
        strength = (back @ slots.strength.unsqueeze(-1)).squeeze(-1)
        share = slots.strength.unsqueeze(-1)
        values = back @ (share * slots.values) / strength.clamp_min(NEGLIGIBLE).unsqueeze(-1)
        keys = functional.normalize(back @ (share * slots.keys), dim=-1)
        gone = torch.iinfo(torch.int64).max
        members = into.unsqueeze(-1) == here
        merged = replace(
            slots,
            keys=torch.where(stays, keys, 0.0),
            values=torch.where(stays, values, 0.0),
            strength=strength,
            usage=(back @ slots.usage.unsqueeze(-1)).squeeze(-1),
            birth=torch.where(
                stays.squeeze(-1),
                slots.birth.unsqueeze(-1).masked_fill(~members, gone).min(2).values,
                -1,
            ),
            written=torch.where(
                stays.squeeze(-1),
                slots.written.unsqueeze(-1).masked_fill(~members, -1).max(2).values,
                -1,
            ),
        )
        if graph is None:
            return merged, graph
        joined = back @ graph @ move
        others = 1.0 - torch.eye(joined.shape[-1], dtype=joined.dtype, device=joined.device)
        trace = (back @ slots.trace.unsqueeze(-1)).squeeze(-1)
        return replace(merged, trace=trace), joined * others

    def _prune(
        self, graph: Float[Tensor, "B H N N"], digest: Bool[Tensor, "B H"]
    ) -> Float[Tensor, "B H N N"]:
        weak = (normalised(graph.detach()) < self.config.prune) & digest[..., None, None]
        remaining = graph * (~weak).to(graph.dtype)
        return remaining * (
            self.config.link_total
            / remaining.sum(-1, keepdim=True).clamp_min(self.config.link_total)
        )


def near_pairs(slots: Slots, merge: float) -> Bool[Tensor, "B H N N"]:
    """Return which pairs of occupied slots have keys with a cosine of at least ``merge``."""
    near = slots.keys.detach() @ slots.keys.detach().transpose(-1, -2) >= merge
    return near & slots.occupied.unsqueeze(-1) & slots.occupied.unsqueeze(-2)


def first_neighbours(near: Bool[Tensor, "B H N N"]) -> Int[Tensor, "B H N"]:
    """Return the first near-equal slot of each slot: itself, if there is none before it."""
    here = torch.arange(near.shape[-1], device=near.device)
    return torch.where(near, here, near.shape[-1]).min(-1).values.minimum(here)


def normalised(adjacency: Float[Tensor, "B H N N"]) -> Float[Tensor, "B H N N"]:
    """Â: rows that sum to 1, or to 0 for a slot without links."""
    return adjacency / adjacency.sum(-1, keepdim=True).clamp_min(NEGLIGIBLE)
