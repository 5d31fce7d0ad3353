"""MemorySynthesizer: dreams, which reorganise the slots offline.

A dream changes only memories that were written since the last dream, so a long pause without writes
has no cost and no effect. (If another memory of the batch merges slots, an unwritten memory changes
by rounding only.)

Legend: ``B`` memories, ``H`` heads, ``G`` linked ones (the last), ``N`` slots, ``U`` slots up to
the last one in use, ``V`` value width.
"""

import math
from dataclasses import replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from memnet.attention import attention
from memnet.config import MemNetConfig
from memnet.graph import NEGLIGIBLE
from memnet.nodes import occupied_until
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

    O starts at zero. The second step turns two hops before the dream into one hop after it. Heads
    without links (see ``graph``) have neither this step nor the fourth, and their attention has no
    bias. A slot with L links gets no further ones. A slot merges into the first near-equal slot if
    that one is not merged itself: contents are averaged by strength, strengths and links are added.
    The last step is synaptic homeostasis (Tononi & Cirelli 2003): it bounds A and does not change
    Â.

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
            nn.Parameter(torch.full((config.linked_heads, 1, 1), 0.5)) if config.hebbian else None
        )
        nn.init.zeros_(self.out.weight)

    def forward(self, slots: Slots) -> Slots:
        """Dream once."""
        digest = slots.fresh.any(-1) & slots.occupied.any(-1)
        if not bool(digest.any()):
            return slots
        first, graph = slots.unlinked, None
        if self.config.hebbian:
            graph = slots.graph(max(1, occupied_until(slots.occupied[:, first:])))
        slots = replace(slots, values=self._refine(slots, graph))
        if graph is not None:
            slots = self._find_links(slots, graph, digest[:, first:])
        slots = self._merge(slots, digest)
        if graph is not None:
            slots = self._prune(slots, digest[:, first:])
        return replace(slots, fresh=torch.zeros_like(slots.fresh))

    def _refine(
        self, slots: Slots, graph: Float[Tensor, "B G U U"] | None
    ) -> Float[Tensor, "B H N V"]:
        """Self-attention over slots, biased by the graph in the linked heads.

        Each content is refined once, in the first dream after it was written.
        """
        if graph is None:
            return self._refined(slots.values, slots.fresh, slots.occupied, None)
        first, used = slots.unlinked, graph.shape[-1]
        parts = [
            self._refined(
                slots.values[:, first:, :used],
                slots.fresh[:, first:, :used],
                slots.occupied[:, first:, :used],
                graph,
            )
        ]
        if first:
            parts.insert(
                0,
                self._refined(
                    slots.values[:, :first], slots.fresh[:, :first], slots.occupied[:, :first], None
                ),
            )
        rest = slots.values.shape[2] - used
        parts[-1] = functional.pad(parts[-1], (0, 0, 0, rest))
        return torch.cat(parts, dim=1)

    def _refined(
        self,
        values: Float[Tensor, "B H N V"],
        fresh: Bool[Tensor, "B H N"],
        occupied: Bool[Tensor, "B H N"],
        graph: Float[Tensor, "B H N N"] | None,
    ) -> Float[Tensor, "B H N V"]:
        new = fresh & occupied
        # New slots are first, padded to the same number in every memory; padded slots do not
        # change.
        chosen = new.to(torch.int8).argsort(dim=-1, descending=True, stable=True)[
            ..., : int(new.sum(-1).max())
        ]
        normed, width = self.norm(values), values.shape[-1]
        q = functional.linear(take_rows(normed, chosen), self.qkv.weight[:width])
        k, v = functional.linear(normed, self.qkv.weight[width:]).chunk(2, dim=-1)
        if graph is None or self.graph_bias is None:
            bias: Tensor = values.new_zeros(1)
        else:
            bias = self.graph_bias * (normalised(take_rows(graph, chosen)) + 1e-3).log()
        # Empty memories have uniform attention; their slots are not fresh, so the result is
        # discarded.
        empty = (-1e9 * (~occupied).to(values.dtype)).unsqueeze(2)
        read = attention(q / math.sqrt(width), k, v, bias, empty)
        change = self.out(read) * new.gather(-1, chosen).unsqueeze(-1)
        return add_rows(values, chosen, change)

    def _find_links(
        self, slots: Slots, graph: Float[Tensor, "B G U U"], digest: Bool[Tensor, "B G"]
    ) -> Slots:
        """Add the strongest missing links of Â², in proportion to the links that a slot has.

        So no inferred link outweighs the observed ones. A slot with L links gets no more.
        """
        rows, size = normalised(graph), graph.shape[-1]
        degree = slots.links.shape[-1]
        with torch.no_grad():
            open_rows = (slots.links[:, :, :size] <= 0).any(-1) & digest.unsqueeze(-1)
            missing = (graph <= NEGLIGIBLE).to(rows.dtype) * open_rows.unsqueeze(-1)
            guess = (rows @ rows).mul_(missing)
            guess.diagonal(dim1=-2, dim2=-1).zero_()
            best = guess.flatten(2).topk(min(self.config.dream_links, size * size), dim=-1)
            start, end = best.indices // size, best.indices % size
            # Places in the list of a slot's links: the free ones in order.
            earlier = (start.unsqueeze(-1) == start.unsqueeze(-2)).tril(-1).sum(-1)
            free = take_rows(slots.links, start) <= 0
            order = (~free).to(torch.int8).argsort(dim=-1, stable=True)
            place = order.gather(-1, earlier.clamp_max(degree - 1).unsqueeze(-1)).squeeze(-1)
            found = (best.values > NEGLIGIBLE) & (earlier < free.sum(-1))
            nowhere = slots.links.shape[2] * degree
            at = torch.where(found, start * degree + place, nowhere)
        # Â² again at the chosen links only, the part that needs a gradient.
        columns = rows.gather(-1, end.unsqueeze(2).expand(-1, -1, size, -1)).transpose(-1, -2)
        strength = (take_rows(rows, start) * columns).sum(-1) * found
        guessed = self.config.dream_rate * strength * graph.sum(-1).gather(-1, start)
        links = functional.pad(slots.links.flatten(2), (0, 1)).scatter_add(-1, at, guessed)
        targets = functional.pad(slots.targets.flatten(2), (0, 1)).scatter(
            -1, at, end.to(torch.int16)
        )
        return replace(
            slots,
            links=links[..., :-1].view_as(slots.links),
            targets=targets[..., :-1].view_as(slots.targets),
        )

    def _merge(self, slots: Slots, digest: Bool[Tensor, "B H"]) -> Slots:
        """Merge near-equal slots into the first of them; total strength does not change."""
        keys = slots.keys.detach()
        cosine = keys @ keys.transpose(-1, -2)
        cosine.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        if not bool(cosine.amax() >= self.config.merge):
            return slots
        near = near_pairs(slots, self.config.merge) & digest[..., None, None]
        here = torch.arange(near.shape[-1], device=near.device)
        first = first_neighbours(near)
        # A slot merges into its first neighbour only if that one is not merged itself; other merges
        # wait for the next dream.
        into = torch.where(first.gather(-1, first) == first, first, here.expand_as(first))
        if bool((into == here).all()):
            return slots

        def summed(values: Float[Tensor, "B X N"], target: Int[Tensor, "B X N"]) -> Tensor:
            return torch.zeros_like(values).scatter_add(-1, target, values)

        strength = summed(slots.strength, into)
        share, left = slots.strength.unsqueeze(-1), (into == here).to(strength.dtype).unsqueeze(-1)
        values = add_rows(torch.zeros_like(slots.values), into, share * slots.values)
        keys = add_rows(torch.zeros_like(slots.keys), into, share * slots.keys)
        merged = replace(
            slots,
            keys=functional.normalize(keys, dim=-1) * left,
            values=values / strength.clamp_min(NEGLIGIBLE).unsqueeze(-1) * left,
            strength=strength,
            usage=summed(slots.usage, into),
            birth=torch.full_like(slots.birth, -1).scatter_reduce(
                -1, into, slots.birth, reduce="amin", include_self=False
            ),
            written=torch.full_like(slots.written, -1).scatter_reduce(
                -1, into, slots.written, reduce="amax", include_self=False
            ),
        )
        into = into[:, slots.unlinked :]
        if not self.config.hebbian or bool((into == here).all()):
            return merged
        move = functional.one_hot(into, len(here)).to(slots.values.dtype)
        joined = move.transpose(-1, -2) @ slots.adjacency @ move
        others = 1.0 - torch.eye(joined.shape[-1], dtype=joined.dtype, device=joined.device)
        return replace(merged, trace=summed(slots.trace, into)).linked(joined * others)

    def _prune(self, slots: Slots, digest: Bool[Tensor, "B G"]) -> Slots:
        weak = (normalised(slots.links.detach()) < self.config.prune) & digest[..., None, None]
        links = slots.links * (~weak).to(slots.links.dtype)
        total = self.config.link_total
        links = links * (total / links.sum(-1, keepdim=True).clamp_min(total))
        return replace(slots, links=links, targets=slots.targets.masked_fill(links <= 0, 0))


def near_pairs(slots: Slots, merge: float) -> Bool[Tensor, "B H N N"]:
    """Return which pairs of occupied slots have keys with a cosine of at least ``merge``."""
    near = slots.keys.detach() @ slots.keys.detach().transpose(-1, -2) >= merge
    return near & slots.occupied.unsqueeze(-1) & slots.occupied.unsqueeze(-2)


def first_neighbours(near: Bool[Tensor, "B H N N"]) -> Int[Tensor, "B H N"]:
    """Return the first near-equal slot of each slot: itself, if there is none before it."""
    here = torch.arange(near.shape[-1], device=near.device)
    first = near.float().argmax(-1)  # the first of equals
    return torch.where(near.any(-1), first, here).minimum(here)


def normalised(adjacency: Float[Tensor, "B H N N"]) -> Float[Tensor, "B H N N"]:
    """Â: rows that sum to 1, or to 0 for a slot without links."""
    return adjacency / adjacency.sum(-1, keepdim=True).clamp_min(NEGLIGIBLE)
