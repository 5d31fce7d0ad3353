"""Placement of the writes of a chunk in slots, resolved for all tokens at once and exactly.

Within a chunk every write is a provisional slot. An *entry* is an occupied slot or a provisional
one. A write whose key is within the reuse threshold of an entry replaces that entry. The replaced
entry depends on the earlier writes, so the placement is a fixed point: a parallel step is repeated
until nothing changes. That takes two steps if keys repeat and at most ``C`` steps. The chunk size
is therefore a speed setting.

Legend: ``B`` memories, ``H`` heads, ``N`` slots, ``C`` tokens in the chunk, ``A`` candidates among
them, ``E = N + A`` entries (slots first, then candidates in order).
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from memnet.candidates import Candidates

NO_ENTRY = -(2**62)
"""Order in time of no entry: before all entries."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Which entry each write of a chunk replaces, and when each entry can be read.

    Attributes:
        active: Candidates that write (gate above zero).
        fresh: Writes that reuse no entry, and so need a slot.
        superseded: Candidate that replaces an entry; ``A`` if none does.
        root: For each entry, the entry at the start of its chain: a slot, or the provisional slot
            that began it. Links belong to roots, so they survive the rewriting of a slot.
        candidates: Tokens of the candidates.
    """

    active: Bool[Tensor, "B H A"]
    fresh: Bool[Tensor, "B H A"]
    superseded: Int[Tensor, "B H E"]
    root: Int[Tensor, "B H E"]
    candidates: Candidates

    def seen(
        self, occupied: Bool[Tensor, "B H N"], like: Tensor
    ) -> tuple[Float[Tensor, "B H E"], Float[Tensor, "B H E"]]:
        """Return the first token that sees each entry, and the first later one that does not.

        A read at token t sees what was written by then and is not yet replaced.

        Args:
            occupied: Slots that are not empty.
            like: A tensor of the type of the result.
        """
        never, moment = self.candidates.tokens, self.candidates.times(self.active)
        begin = torch.where(self.active, moment, never)
        born = torch.cat([torch.where(occupied, 0, never), begin], dim=-1)
        until = functional.pad(moment, (0, 1), value=never).gather(-1, self.superseded)
        return born.to(like.dtype), until.to(like.dtype)

    @property
    def own(self) -> Int[Tensor, "B H A"]:
        """Root of each candidate's entry: the node that it writes."""
        return self.root[..., self.root.shape[-1] - self.active.shape[-1] :]

    @property
    def passed_over(self) -> Bool[Tensor, "B H C A"]:
        """Return the tokens up to t that wrote nothing.

        They could have been read if their gates had been open. This needs every token as a
        candidate.
        """
        token = torch.arange(self.candidates.tokens, device=self.active.device)
        return ~self.active.unsqueeze(2) & (token.unsqueeze(0) <= token.unsqueeze(1))

    def widened(self, extra: int) -> "Placement":
        """Return the same placement with ``extra`` empty slots after the existing ones."""
        count = self.active.shape[-1]
        slots = self.root.shape[-1] - count
        moved = torch.where(self.root >= slots, self.root + extra, self.root)
        new = torch.arange(slots, slots + extra, device=moved.device).expand(*moved.shape[:2], -1)
        return Placement(
            active=self.active,
            fresh=self.fresh,
            superseded=torch.cat(
                [
                    self.superseded[..., :slots],
                    torch.full_like(new, count),
                    self.superseded[..., slots:],
                ],
                dim=-1,
            ),
            root=torch.cat([moved[..., :slots], new, moved[..., slots:]], dim=-1),
            candidates=self.candidates,
        )

    @property
    def last(self) -> Bool[Tensor, "B H E"]:
        """Entries that are not replaced by the end of the chunk."""
        return self.superseded == self.active.shape[-1]


@torch.no_grad()
def place(
    cosine: Float[Tensor, "B H A E"],
    active: Bool[Tensor, "B H A"],
    age: Int[Tensor, "B H N"],
    occupied: Bool[Tensor, "B H N"],
    reuse: float,
    candidates: Candidates | None = None,
) -> Placement:
    """Find the entry that each write replaces.

    It is the latest visible entry whose key is within ``reuse`` of the write's key.

    Args:
        cosine: Similarity of each candidate's key to every entry's key.
        active: Candidates that write.
        age: Tokens since each slot was written, counted at the chunk's first token (at least 1).
        occupied: Slots that are not empty.
        reuse: Cosine threshold τ.
        candidates: Tokens of the candidates; all tokens if None.
    """
    slots = occupied.shape[-1]
    older = _Older.found(cosine >= reuse, active, age, occupied)
    parent, found = older.latest()
    superseded = _superseded(parent, found, slots)
    if not _each_is_first(parent, found, superseded):
        while True:
            again, found = older.latest(superseded)
            superseded = _superseded(again, found, slots)
            if torch.equal(again, parent):
                break
            parent = again
    return Placement(
        active=active,
        fresh=active & ~found,
        superseded=superseded,
        root=_roots(parent, found, slots),
        candidates=candidates or Candidates(tokens=active.shape[-1]),
    )


@dataclass(frozen=True, slots=True)
class _Older:
    """The older entries near each write, as a list, since they are few.

    Attributes:
        shape: Shape of a tensor over writes.
        row: Memory and head of each pair of a write and an older entry.
        write: Its write.
        entry: Its older entry.
        order: Order in time of the entries, then the first of equals: ``time·E + E − 1 − entry``.
        entries: Number E of entries.
    """

    shape: torch.Size
    row: Int[Tensor, " P"]
    write: Int[Tensor, " P"]
    entry: Int[Tensor, " P"]
    order: Int[Tensor, " P"]
    entries: int

    @classmethod
    def found(
        cls,
        near: Bool[Tensor, "B H A E"],
        active: Bool[Tensor, "B H A"],
        age: Int[Tensor, "B H N"],
        occupied: Bool[Tensor, "B H N"],
    ) -> "_Older":
        """Keep the pairs of a write and an entry that exists before it."""
        entries, slots = near.shape[-1], occupied.shape[-1]
        row, write, entry = near.flatten(0, 1).nonzero(as_tuple=True)
        exists = torch.cat([occupied, active], dim=-1).flatten(0, 1)
        token = torch.arange(active.shape[-1], device=active.device).expand_as(active)
        time = torch.cat([-age, token], dim=-1).flatten(0, 1)
        earlier = entry - slots < write
        kept = active.flatten(0, 1)[row, write] & exists[row, entry] & earlier
        row, write, entry = row[kept], write[kept], entry[kept]
        order = time[row, entry] * entries + (entries - 1 - entry)
        return cls(active.shape, row, write, entry, order, entries)

    def latest(
        self, superseded: Int[Tensor, "B H E"] | None = None
    ) -> tuple[Int[Tensor, "B H A"], Bool[Tensor, "B H A"]]:
        """Return the latest entry near each write, or -1, and whether there is one.

        With ``superseded``, entries that an earlier write replaces are left out.
        """
        order = self.order
        if superseded is not None:
            hidden = superseded.flatten(0, 1)[self.row, self.entry] < self.write
            order = order.masked_fill(hidden, NO_ENTRY)
        place = self.row * self.shape[-1] + self.write
        best = torch.full((self.shape.numel(),), NO_ENTRY, device=order.device)
        best = best.scatter_reduce(0, place, order, reduce="amax").view(self.shape)
        found = best > NO_ENTRY
        return torch.where(found, self.entries - 1 - best % self.entries, -1), found


def _superseded(
    parent: Int[Tensor, "B H A"], found: Bool[Tensor, "B H A"], slots: int
) -> Int[Tensor, "B H E"]:
    """Earliest candidate that replaces each entry."""
    batch, heads, count = parent.shape
    never = torch.full(
        (batch, heads, slots + count + 1), count, dtype=torch.int64, device=parent.device
    )
    token = torch.arange(count, device=parent.device).expand_as(parent)
    target = torch.where(found, parent, slots + count)
    return never.scatter_reduce(-1, target, token, reduce="amin")[..., :-1]


def _each_is_first(
    parent: Int[Tensor, "B H A"], found: Bool[Tensor, "B H A"], superseded: Int[Tensor, "B H E"]
) -> bool:
    """Whether no two writes replaced the same entry.

    Then the latest candidate was visible to each write, and the result is final.
    """
    token = torch.arange(parent.shape[-1], device=parent.device)
    first = superseded.gather(-1, parent.clamp_min(0)) == token
    return bool((first | ~found).all())


def _roots(
    parent: Int[Tensor, "B H A"], found: Bool[Tensor, "B H A"], slots: int
) -> Int[Tensor, "B H E"]:
    """Follow every chain to its start, by pointer doubling."""
    count = parent.shape[-1]
    self_ = torch.arange(slots + count, device=parent.device).expand(*parent.shape[:2], -1)
    pointer = torch.cat(
        [self_[..., :slots], torch.where(found, parent, self_[..., slots:])], dim=-1
    )
    for _ in range(max(1, math.ceil(math.log2(count + 1)))):
        pointer = pointer.gather(-1, pointer)
    return pointer
