"""MemoryTrace: a recording of what MemNet's memory does while it reads sequences.

A trace is an argument of the forward pass. Without one, nothing is computed for it. With one, the
pass hands over tensors that it has, and the trace holds small parts of them; the table is built
when it is requested.

Legend: ``B`` memories, ``H`` heads, ``N`` slots, ``C`` tokens of a chunk, ``E`` entries, ``k``
strongest entries.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor
from torch.nn import functional

from memnet.chunk_access import Prepared, Written
from memnet.commit import Commit
from memnet.heads import open_gate
from memnet.reading_policies import TopK
from memnet.state import Slots
from memnet.synthesizer import first_neighbours, near_pairs
from memnet.tracing.chunk_events import ChunkEvents, Strongest
from memnet.tracing.table import NONE, Event, chosen_rows, columns


@dataclass(slots=True)
class MemoryTrace:
    """The events of one or more passes; see :mod:`memnet.tracing.table`.

    Attributes:
        top: Strongest entries recorded of each read, and strongest links of each write.
        links: Strongest links recorded of a head's graph.
    """

    top: int = 4
    links: int = 32
    _passes: list[Event] = field(default_factory=list)
    _between: list[tuple[str, Tensor, dict[str, Tensor]]] = field(default_factory=list)
    _chunks: list[ChunkEvents] = field(default_factory=list)
    _reads: dict[str, Strongest] = field(default_factory=dict)
    _gates: dict[str, Tensor] = field(default_factory=dict)

    def columns(self) -> dict[str, Shaped[Tensor, " R"]]:
        """Return the table as columns; see :func:`memnet.tracing.table.columns`."""
        return columns([*self._passes, *self._rows()])

    def _rows(self) -> Iterator[Event]:
        for chunk in self._chunks:
            yield from chunk.events()
        for event, chosen, given in self._between:
            yield chosen_rows(event, chosen, given)

    @torch.no_grad()
    def begin(self, inputs: Tensor, positions: Int[Tensor, "B P"] | None, time: int) -> None:
        """Record the tokens of a pass, and where it answers.

        Args:
            inputs: Tokens ``[B, T]`` or features ``[B, T, F]``.
            positions: Positions of the answers; none are recorded if None.
            time: Tokens read before.
        """
        tokens = inputs if inputs.dim() == 2 else torch.full(inputs.shape[:2], NONE)
        given = {"token": tokens, "time": (torch.arange(tokens.shape[1]) + time).expand_as(tokens)}
        self._passes.append(("token", _with_memory(given)))
        if positions is not None:
            self._passes.append(("query", _with_memory({"time": positions + time})))

    @torch.no_grad()
    def read(
        self,
        prepared: Prepared,
        written: Written,
        best: TopK,
        before: Float[Tensor, "B H C k"],
        after: Float[Tensor, "B H C E"],
        mix: Float[Tensor, "B H C 3"] | None,
    ) -> None:
        """Take the reads of a chunk, its gates and its mix of policies.

        They are recorded by :meth:`fold`, which knows the slots.

        Args:
            prepared: What the controller gave.
            written: The chunk's writes.
            best: The TopK read.
            before: Weights of its entries before spreading.
            after: Final weights.
            mix: Shares of the reading policies, or None without the learned mix.
        """
        top = slice(self.top)
        read = (best.weights[..., top] > 0).to(before.dtype)
        self._reads = {
            "read_before": Strongest(index=best.index[..., top], weights=before[..., top] * read),
            "read": Strongest.of(after, self.top),
        }
        self._gates = {
            "weight": open_gate(written.logits).detach(),
            "hold": prepared.offer.hold.detach(),
        }
        if mix is not None:
            shares = mix.detach().unbind(-1)
            self._gates |= dict(zip(("top_k", "uniform", "random"), shares, strict=True))

    @torch.no_grad()
    def fold(self, written: Written, committed: Commit, rate: float, time: int) -> None:
        """Record a chunk.

        Args:
            written: Its writes.
            committed: Their slots.
            rate: Rate η of the links.
            time: Tokens read before the chunk.
        """
        placement, links = written.placement, None
        gate = written.gate.detach()
        if written.links is not None:
            found = Strongest.of(written.links.pre.transpose(-1, -2), self.top)
            found = found.behind(written.slots.unlinked)
            entry = written.nodes.first_entry(placement).unsqueeze(2)
            links = Strongest(
                index=entry.expand(-1, -1, found.index.shape[2], -1).gather(-1, found.index),
                weights=rate * gate.unsqueeze(-1) * found.weights,
            )
        self._chunks.append(
            ChunkEvents(
                time=time,
                gates=self._gates,
                reads=self._reads,
                links=links,
                active=placement.active,
                gate=gate,
                times=written.times,
                superseded=placement.superseded,
                root=placement.root,
                occupied=written.slots.occupied,
                slot=committed.slot,
                evicted=committed.evicted,
            )
        )

    @torch.no_grad()
    def dream(self, before: Slots, after: Slots, merge: float, time: int) -> None:
        """Record what a dream changed: the graph before and after it, and merged slots.

        Args:
            before: The slots before the dream.
            after: The slots after it.
            merge: Cosine above which slots merge.
            time: Tokens read before the dream.
        """
        if after is before:
            return
        dreamt = before.fresh.any(-1) & before.occupied.any(-1)
        self._add("dream", dreamt, time=torch.full_like(dreamt, time, dtype=torch.int64))
        self.snapshot(before, time)
        gone = before.occupied & ~after.occupied
        if bool(gone.any()):
            into = first_neighbours(near_pairs(before, merge))
            self._add(
                "merge",
                gone,
                time=torch.full_like(into, time),
                slot=torch.arange(into.shape[-1], device=into.device).expand_as(into),
                content=before.written,
                other_slot=into,
                other_content=before.written.gather(-1, into),
            )
        self.snapshot(after, time, event="graph_dreamt")

    @torch.no_grad()
    def snapshot(self, slots: Slots, time: int, *, event: str = "graph") -> None:
        """Record the strongest links of each head's graph."""
        links, degree = slots.links.detach().flatten(2), slots.links.shape[-1]
        if links.shape[-1] == 0:
            return
        best = links.topk(min(self.links, links.shape[-1]), dim=-1)
        found = Strongest(index=best.indices, weights=best.values).behind(slots.unlinked)
        targets = functional.pad(slots.targets, (0, 0, 0, 0, slots.unlinked, 0)).flatten(2)
        start = found.index // degree
        end = targets.gather(-1, found.index).long()
        self._add(
            event,
            found.weights > 0,
            time=torch.full_like(start, time),
            slot=start,
            content=slots.written.gather(-1, start),
            other_slot=end,
            other_content=slots.written.gather(-1, end),
            weight=found.weights,
        )

    def _add(self, event: str, chosen: Bool[Tensor, "B H *X"], **given: Tensor) -> None:
        self._between.append((event, chosen, given))


def _with_memory(given: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return columns ``[B, X]`` flattened, with the memory of each row."""
    like = next(iter(given.values()))
    memory = torch.arange(len(like), device=like.device).unsqueeze(1).expand_as(like)
    return {name: values.flatten() for name, values in {"memory": memory, **given}.items()}
