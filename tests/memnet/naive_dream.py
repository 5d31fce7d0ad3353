"""A second implementation of a dream, with plain loops over memories, heads and slots.

It uses the synthesizer's equations and parameters.
"""

import dataclasses
import math

import torch

from memnet.config import MemNetConfig
from memnet.state import NO_STEP, Slots
from memnet.synthesizer import MemorySynthesizer
from tests.memnet.naive_memory import NaiveSlot, shares

Memory = dict[int, NaiveSlot]
"""Slots of one head of one memory, by place."""


def dream(synthesizer: MemorySynthesizer, slots: Slots) -> Slots:
    """Dream in each memory and head separately, if it has new slots."""
    after = {
        field.name: torch.full_like(
            getattr(slots, field.name), NO_STEP if field.name in ("birth", "written") else 0
        )
        for field in dataclasses.fields(slots)
    }
    graph = torch.zeros_like(slots.adjacency)
    for b in range(slots.strength.shape[0]):
        for h in range(slots.strength.shape[1]):
            memory = unpacked(slots, b, h)
            new = [slot for place, slot in memory.items() if slots.fresh[b, h, place]]
            if new:
                refine(synthesizer, h, list(memory.values()), new)
                find_links(synthesizer.config, list(memory.values()))
                memory = merge(synthesizer.config, memory)
                prune(synthesizer.config, list(memory.values()))
            pack(after, graph, b, h, memory, slots.unlinked)
    return Slots(**(after | {"count": slots.count})).linked(graph)


def unpacked(slots: Slots, b: int, h: int) -> Memory:
    """Extract one head of one memory from the tensors."""
    places = [place for place, strength in enumerate(slots.strength[b, h].tolist()) if strength > 0]
    memory = {
        place: NaiveSlot(
            slots.keys[b, h, place],
            slots.values[b, h, place],
            *(
                getattr(slots, name)[b, h, place].item()
                for name in ("strength", "birth", "written", "usage")
            ),
        )
        for place in places
    }
    if h < slots.unlinked:
        return memory
    h -= slots.unlinked
    for place, slot in memory.items():
        slot.trace = slots.trace[b, h, place].item()
        row = slots.adjacency[b, h, place].tolist()
        slot.links = {memory[other]: row[other] for other in places if row[other] > 0}
    return memory


def pack(
    tensors: dict[str, torch.Tensor],
    graph: torch.Tensor,
    b: int,
    h: int,
    memory: Memory,
    unlinked: int,
) -> None:
    """Store one head of one memory in the tensors."""
    for place, slot in memory.items():
        tensors["keys"][b, h, place], tensors["values"][b, h, place] = slot.key, slot.value
        for name in ("strength", "birth", "written", "usage"):
            tensors[name][b, h, place] = getattr(slot, name)
        if h < unlinked:
            continue
        tensors["trace"][b, h - unlinked, place] = slot.trace
        for other, target in memory.items():
            graph[b, h - unlinked, place, other] = slot.links.get(target, 0.0)


def refine(
    synthesizer: MemorySynthesizer, h: int, slots: list[NaiveSlot], new: list[NaiveSlot]
) -> None:
    """Refine the new slots, from the contents before the dream.

    ``Y = V + O·softmax(Q·Kᵀ/√d + β·log(Â + ε))·V``
    """
    assert synthesizer.graph_bias is not None
    unlinked = synthesizer.config.heads - len(synthesizer.graph_bias)
    eps, width = torch.finfo(torch.float64).eps, len(slots[0].value)
    beta = float(synthesizer.graph_bias[h - unlinked, 0, 0]) if h >= unlinked else 0.0
    normed = {
        slot: slot.value / (slot.value.square().mean() + eps).sqrt() * synthesizer.norm.weight
        for slot in slots
    }
    query, key, value = (
        {slot: part @ normed[slot] for slot in slots}
        for part in synthesizer.qkv.weight.split(width)
    )
    refined = {}
    for slot in new:
        along = dict(shares(slot))
        scores = [
            float(query[slot] @ key[other]) / math.sqrt(width)
            + beta * math.log(along.get(other, 0.0) + 1e-3)
            for other in slots
        ]
        likely = [math.exp(score - max(scores)) for score in scores]
        mixed = sum(
            (part / sum(likely) * value[other] for part, other in zip(likely, slots, strict=True)),
            torch.zeros(width).double(),
        )
        refined[slot] = slot.value + synthesizer.out.weight @ mixed
    for slot, content in refined.items():
        slot.value = content


def find_links(config: MemNetConfig, slots: list[NaiveSlot]) -> None:
    """``A_i += rate · Σ_j A_ij · Â²_i`` at the strongest missing links of Â²."""
    missing: dict[tuple[NaiveSlot, NaiveSlot], float] = {}
    for start in slots:
        for via, share in shares(start):
            for end, further in shares(via):
                if end is not start and end not in start.links:
                    missing[start, end] = missing.get((start, end), 0.0) + share * further
    totals = {slot: sum(slot.links.values()) for slot in slots}
    for start, end in sorted(missing, key=missing.__getitem__, reverse=True)[: config.dream_links]:
        start.links[end] = config.dream_rate * totals[start] * missing[start, end]


def merge(config: MemNetConfig, memory: Memory) -> Memory:
    """Merge each slot into the first with a near key, if that one is not merged itself.

    Return the remaining slots.
    """
    first = {
        place: min(
            other
            for other, there in memory.items()
            if other == place or float(slot.key @ there.key) >= config.merge
        )
        for place, slot in memory.items()
    }
    into = {
        slot: memory[first[place]] if first[first[place]] == first[place] else slot
        for place, slot in memory.items()
    }
    stay = {place: slot for place, slot in memory.items() if into[slot] is slot}
    for slot in stay.values():
        members = [member for member in into if into[member] is slot]
        links: dict[NaiveSlot, float] = {}
        for member in members:
            for target, weight in member.links.items():
                if into[target] is not slot:
                    links[into[target]] = links.get(into[target], 0.0) + weight
        unite(slot, members)
        slot.links = links
    return stay


def unite(slot: NaiveSlot, members: list[NaiveSlot]) -> None:
    """Unite ``members`` in ``slot``, which is one of them.

    Keys and contents are averaged by strength; strength, usage and trace are added up.
    """
    total = sum(member.strength for member in members)
    key = sum((member.strength * member.key for member in members), torch.zeros_like(slot.key))
    slot.value = sum(
        (member.strength / total * member.value for member in members), torch.zeros_like(slot.value)
    )
    slot.key, slot.strength = key / key.norm(), total
    slot.usage, slot.trace = (
        sum(member.usage for member in members),
        sum(member.trace for member in members),
    )
    slot.birth, slot.written = (
        min(member.birth for member in members),
        max(member.written for member in members),
    )


def prune(config: MemNetConfig, slots: list[NaiveSlot]) -> None:
    """``A_ij = 0`` where ``Â_ij < prune``, then ``A_i ← A_i · min(1, total / Σ_j A_ij)``."""
    for slot in slots:
        slot.links = {
            target: slot.links[target] for target, share in shares(slot) if share >= config.prune
        }
        scale = min(1.0, config.link_total / max(sum(slot.links.values()), 1e-9))
        slot.links = {target: scale * weight for target, weight in slot.links.items()}
