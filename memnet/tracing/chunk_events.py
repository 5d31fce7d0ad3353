"""The events of one chunk, held as small tensors until the table is requested.

Legend: ``B`` memories, ``H`` heads, ``N`` slots, ``C`` tokens of the chunk, ``A`` candidates for
writing among them, ``E = N + A`` entries, ``k`` strongest entries.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from memnet.tracing.table import NONE, Event, chosen_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Strongest:
    """The strongest of some weights over entries.

    Attributes:
        index: Entries.
        weights: Their weights.
    """

    index: Int[Tensor, "B H C k"]
    weights: Float[Tensor, "B H C k"]

    @classmethod
    def of(cls, weights: Float[Tensor, "B H C E"], count: int) -> "Strongest":
        """Return the ``count`` largest weights."""
        best = weights.detach().topk(min(count, weights.shape[-1]), dim=-1)
        return cls(index=best.indices, weights=best.values)

    def behind(self, heads: int) -> "Strongest":
        """Return the same of the last heads, with weights of zero for ``heads`` before them."""
        place = (0, 0) * (self.index.dim() - 2) + (heads, 0)
        return Strongest(
            index=functional.pad(self.index, place), weights=functional.pad(self.weights, place)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkEvents:
    """What a chunk wrote, linked, read and evicted; all memories and heads.

    Attributes:
        time: Tokens read before the chunk.
        gates: Columns of the event ``gate``.
        reads: Reads by the name of their event.
        links: Links that each candidate's write made, from entries; None without a graph.
        active: Candidates that wrote.
        gate: Their gates.
        times: Token of each entry's last write.
        superseded: Candidate that replaced each entry; ``A`` if none did.
        root: Entry at the start of each entry's chain.
        occupied: Slots that held a content before the chunk.
        slot: Slot of each candidate's write after the chunk; ``N`` if there is none.
        evicted: Slots whose content was evicted at the end of the chunk.
    """

    time: int
    gates: Mapping[str, Float[Tensor, "B H C"]]
    reads: Mapping[str, Strongest]
    links: Strongest | None
    active: Bool[Tensor, "B H A"]
    gate: Float[Tensor, "B H A"]
    times: Int[Tensor, "B H E"]
    superseded: Int[Tensor, "B H E"]
    root: Int[Tensor, "B H E"]
    occupied: Bool[Tensor, "B H N"]
    slot: Int[Tensor, "B H A"]
    evicted: Bool[Tensor, "B H N"]

    def events(self) -> Iterator[Event]:
        """Yield the chunk's events."""
        size, gate = self.occupied.shape[-1], self.gates["weight"]
        token = torch.arange(gate.shape[-1], device=gate.device) + self.time
        yield chosen_rows(
            "gate", torch.ones_like(gate) > 0, {"time": token.expand_as(gate), **self.gates}
        )
        slot = self._slots_of_entries()
        at_once = self._at_once(slot[..., size:])
        yield self._writes(slot[..., size:], at_once)
        yield from self._changes_at_end(slot[..., size:], at_once)
        if self.links is not None:
            yield self._links(self.links, slot)
        for event, read in self.reads.items():
            given = {
                "time": token.unsqueeze(-1).expand_as(read.index),
                "slot": _among(slot, read.index),
                "content": _among(self.times, read.index),
                "weight": read.weights,
            }
            yield chosen_rows(event, read.weights > 0, given)

    def _slots_of_entries(self) -> Int[Tensor, "B H E"]:
        """Return the slot of each entry; none if the chunk's end leaves it without one.

        An entry that rewrites a slot is in that slot, even if the slot is evicted at the end.
        """
        size = self.occupied.shape[-1]
        own = self.root[..., size:]
        new = torch.where(self.slot < size, self.slot, NONE)
        return torch.cat([self.root[..., :size], torch.where(own < size, own, new)], dim=-1)

    def _at_once(self, slot: Int[Tensor, "B H A"]) -> Bool[Tensor, "B H A"]:
        """Return which writes are in their slot at once; the others wait for the chunk's end."""
        size = self.occupied.shape[-1]
        if size == 0:
            return torch.zeros_like(self.active)
        taken = self.occupied.gather(-1, slot.clamp_min(0))
        return ((self.root[..., size:] < size) | ~taken) & (slot >= 0)

    def _writes(self, slot: Int[Tensor, "B H A"], at_once: Bool[Tensor, "B H A"]) -> Event:
        moment = self.times[..., self.occupied.shape[-1] :]
        count = self.active.shape[-1]
        replaced = self.times.new_full((*self.active.shape[:2], count + 1), NONE)
        given = {
            "time": moment,
            "slot": torch.where(at_once, slot, NONE),
            "content": moment,
            "other_content": replaced.scatter(-1, self.superseded, self.times)[..., :-1],
            "weight": self.gate,
        }
        return chosen_rows("write", self.active, given)

    def _changes_at_end(
        self, slot: Int[Tensor, "B H A"], at_once: Bool[Tensor, "B H A"]
    ) -> Iterator[Event]:
        """Yield evictions and the placement of provisional contents."""
        size, count = self.occupied.shape[-1], self.active.shape[-1]
        latest = self.times.scatter_reduce(-1, self.root, self.times, reduce="amax")[..., :size]
        here = torch.arange(size, device=latest.device).expand_as(latest)
        end = torch.full_like(self.times, self._end)
        yield chosen_rows(
            "evict", self.evicted, {"time": end[..., :size], "slot": here, "content": latest}
        )
        final = self.active & ~at_once & (self.superseded[..., size:] == count)
        given = {"time": end[..., size:], "slot": slot, "content": self.times[..., size:]}
        yield chosen_rows("evict", final & (slot < 0), given)
        yield chosen_rows("place", final & (slot >= 0), given)

    def _links(self, links: Strongest, slot: Int[Tensor, "B H E"]) -> Event:
        size = self.occupied.shape[-1]
        moment = self.times[..., size:].unsqueeze(-1).expand_as(links.index)
        given = {
            "time": moment,
            "slot": _among(slot, links.index),
            "other_slot": slot[..., size:].unsqueeze(-1).expand_as(links.index),
            "other_content": moment,
            "weight": links.weights,
        }
        return chosen_rows("link", (links.weights > 0) & self.active.unsqueeze(-1), given)

    @property
    def _end(self) -> int:
        return self.time + self.gates["weight"].shape[-1]


def _among(of_entries: Int[Tensor, "B H E"], index: Int[Tensor, "B H C k"]) -> Tensor:
    """Return a property of the entries at ``index``."""
    return of_entries.unsqueeze(2).expand(-1, -1, index.shape[2], -1).gather(-1, index)
