"""The end of a chunk: its writes, links and reads become the slots of the next one.

Legend: ``B`` memories, ``H`` heads, ``N`` slots, ``A`` candidates for writing, ``E = N + A``
entries.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from memnet import clock
from memnet.chunk_access import Read, Written
from memnet.commit import Commit, commit
from memnet.config import MemNetConfig
from memnet.recorder import Recorder
from memnet.retention import LearnedRetention, admitted, of_nodes, retention
from memnet.rows import take_rows
from memnet.state import Slots, strongest
from memnet.tracing.memory_trace import MemoryTrace


def fold(
    written: Written,
    read: Read,
    time: int,
    config: MemNetConfig,
    learned: LearnedRetention | None,
    *,
    max_slots: int,
    record: Recorder | None,
    observer: MemoryTrace | None,
) -> Slots:
    """Fold the chunk's writes, links and reads into the slots.

    Args:
        written: The chunk's writes.
        read: Its reads.
        time: Tokens read before the chunk.
        config: Options.
        learned: The learned retention; None for the fixed rule.
        max_slots: Largest number of slots per head.
        record: Recorder that receives the chunk's statistics, or None.
        observer: Trace that receives the chunk's events, or None.
    """
    placement, slots = written.placement, written.slots
    count = placement.candidates.tokens
    received = torch.zeros_like(written.strength).scatter_add(
        -1, placement.root, read.weights.detach().sum(2)
    )
    usage = torch.cat([slots.usage, torch.zeros_like(written.gate)], dim=-1) + received
    strength = written.strength
    if written.faded is not None:
        strength = written.faded.remaining(strength)
    scores, entering = _retention(written, strength, usage, time, config, learned)
    committed = commit(placement, slots.occupied, scores, entering)
    births = torch.cat([slots.birth, placement.candidates.times(placement.active) + time], dim=-1)
    fresh = torch.cat([slots.fresh, placement.active], dim=-1)
    links, targets, trace = _links(written, committed, config.degree)
    after = Slots(
        keys=take_rows(written.keys, committed.source),
        values=take_rows(written.values, committed.source),
        strength=strength.gather(-1, committed.source),
        usage=usage.gather(-1, committed.node),
        birth=births.gather(-1, committed.node),
        written=written.times.gather(-1, committed.source),
        fresh=fresh.gather(-1, committed.source),
        links=links,
        targets=targets,
        trace=trace,
        count=slots.count + clock.straight_through_count(written.gate).sum(-1),
    )
    if record is not None:
        record.read(read.weights, read.visible > 0)
        record.write(placement.active, placement.fresh, after.occupied, count, max_slots=max_slots)
        record.lives(committed.evicted, slots.birth, time + count)
        record.evicts(committed.evicted, scores)
    if observer is not None:
        observer.fold(written, committed, config.link_rate, time)
    return after


def _links(written: Written, committed: Commit, degree: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the links of the slots after the chunk, their targets, and the traces."""
    slots = written.slots
    if written.links is None:
        return slots.links, slots.targets, slots.trace
    size = slots.occupied.shape[-1]
    adjacency, trace = written.links.after()
    rest = size - trace.shape[-1]
    if rest < 0:  # new writes found no empty slot
        first = slots.unlinked
        node = written.nodes.entry[:, first:].gather(-1, committed.node[:, first:])
        columns = node.unsqueeze(2).expand(-1, -1, size, -1)
        adjacency = take_rows(adjacency, node).gather(-1, columns)
        trace = trace.gather(-1, node)
    links, targets = strongest(adjacency, degree)
    if rest > 0:
        links = functional.pad(links, (0, 0, 0, rest))
        targets = functional.pad(targets, (0, 0, 0, rest))
        trace = functional.pad(trace, (0, rest))
    return links, targets, trace


@torch.no_grad()
def _retention(
    written: Written,
    strength: Float[Tensor, "B H E"],
    usage: Float[Tensor, "B H E"],
    time: int,
    config: MemNetConfig,
    learned: LearnedRetention | None,
) -> tuple[Float[Tensor, "B H N"], Bool[Tensor, "B H A"]]:
    """Return the retention of the slots, and which new writes enter; see `memnet.retention`."""
    slots, placement, size = written.slots, written.placement, written.slots.occupied.shape[-1]
    if learned is None:
        scores = retention(
            strength[..., :size],
            usage[..., :size],
            time - slots.written,
            config.usage_weight,
            config.age_weight,
        )
        return scores, placement.fresh
    exists = torch.cat([slots.occupied, placement.active], dim=-1)
    strength = of_nodes(placement, strength, exists)
    times = of_nodes(placement, written.times.to(usage.dtype), exists)
    now = time + placement.candidates.tokens
    scores = learned(strength, usage, now - times)
    return scores[..., :size], admitted(scores, slots.occupied, placement.fresh)
