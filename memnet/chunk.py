"""Placement of the writes of a chunk in slots, resolved for all tokens at once and exactly.

Within a chunk every write is a provisional slot. An *entry* is an occupied slot or a provisional
one. A write whose key is within the reuse threshold of an entry replaces that entry. The replaced
entry depends on the earlier writes, so the placement is a fixed point: a parallel step is repeated
until nothing changes. That takes two steps if keys repeat and at most ``C`` steps. The chunk size
is therefore a speed setting.

With gradients, every token is a candidate for writing, since a closed gate is trained too. Without
gradients, only the tokens that write are candidates, so a sparse writer has few entries.

Legend: ``B`` memories, ``H`` heads, ``N`` slots, ``C`` tokens in the chunk, ``A`` candidates among
them, ``E = N + A`` entries (slots first, then candidates in order).
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Candidates:
    """The tokens of a chunk that may write.

    Attributes:
        tokens: Tokens C of the chunk.
        moment: Token of each candidate, in increasing order; rows with fewer candidates are padded
            with the last token. None if every token is a candidate.
    """

    tokens: int
    moment: Int[Tensor, "B H A"] | None = None

    @classmethod
    def among(cls, active: Bool[Tensor, "B H C"]) -> "Candidates":
        """Return the tokens that write as candidates.

        There is at least one candidate, so that no tensor is empty.
        """
        count = active.shape[-1]
        width = max(1, int(active.sum(-1).max()))
        token = torch.arange(count, device=active.device)
        first = torch.where(active, token, count).sort(dim=-1).values[..., :width]
        return cls(tokens=count, moment=first.clamp_max(count - 1))

    def heads(self, first: int) -> "Candidates":
        """Return the candidates of the heads from ``first`` on."""
        return self if self.moment is None else Candidates(self.tokens, self.moment[:, first:])

    def of(self, values: Shaped[Tensor, "B H C *X"]) -> Shaped[Tensor, "B H A *X"]:
        """Select the candidates' part of a tensor over tokens."""
        if self.moment is None:
            return values
        if values.dim() == 3:
            return values.gather(2, self.moment)
        return values.gather(2, self.moment.unsqueeze(-1).expand(-1, -1, -1, values.shape[-1]))

    def those(self, active: Bool[Tensor, "B H C"]) -> Bool[Tensor, "B H A"]:
        """Return which candidates write; a token that pads a row counts once."""
        if self.moment is None:
            return active
        rank = torch.arange(self.moment.shape[-1], device=active.device)
        return self.of(active) & (rank < active.sum(-1, keepdim=True))

    def over_tokens(self, values: Float[Tensor, "B H A"]) -> Float[Tensor, "B H C"]:
        """Scatter values of candidates to the places of their tokens; zeros elsewhere."""
        if self.moment is None:
            return values
        return values.new_zeros(*values.shape[:2], self.tokens).scatter_add(-1, self.moment, values)

    def by(self, token: Int[Tensor, " C"]) -> Bool[Tensor, "... C A"]:
        """Return which candidates are at or before each token."""
        if self.moment is None:
            return token.unsqueeze(0) <= token.unsqueeze(1)
        return self.moment.unsqueeze(2) <= token.unsqueeze(1)

    def times(self, like: Tensor) -> Int[Tensor, "B H A"]:
        """Return the token of each candidate, in the shape of ``like``."""
        if self.moment is None:
            return torch.arange(self.tokens, device=like.device).expand(like.shape)
        return self.moment


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


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes of the graph: slots, and places for new writes that find no empty slot.

    A new write takes the first empty slot that is left. So node j is slot j, if nothing is evicted.

    Attributes:
        count: Number M of nodes.
        entry: Node of each entry; any node for a candidate that does not write.
        start: First token that sees each node; C if none does.
    """

    count: int
    entry: Int[Tensor, "B H E"]
    start: Int[Tensor, "B H M"]

    @classmethod
    def number(cls, placement: Placement, occupied: Bool[Tensor, "B H N"]) -> "Nodes":
        """Number the nodes.

        Args:
            placement: Placement of the writes.
            occupied: Slots that are not empty.
        """
        slots, fresh, tokens = occupied.shape[-1], placement.fresh, placement.candidates.tokens
        count = max(1, slots, int((occupied.sum(-1) + fresh.sum(-1)).max()))
        taken = functional.pad(occupied, (0, count - slots))
        # Empty slots in order, then the places after the slots.
        empty = taken.to(torch.int8).argsort(dim=-1, stable=True)
        own = empty.gather(-1, (fresh.cumsum(-1) - 1).clamp(0, count - 1))
        here = torch.arange(slots, device=own.device).expand(*own.shape[:2], -1)
        start = functional.pad(torch.where(taken, 0, tokens), (0, 1)).scatter(
            -1, torch.where(fresh, own, count), placement.candidates.times(own)
        )
        return cls(
            count=count,
            entry=torch.cat([here, own], dim=-1).gather(-1, placement.root),
            start=start[..., :count],
        )

    def used(self, placement: Placement, occupied: Bool[Tensor, "B H N"], first: int) -> int:
        """Return the number of nodes up to the last one in use in the heads from ``first`` on."""
        held, fresh = occupied[:, first:], placement.fresh[:, first:]
        count = int((held.sum(-1) + fresh.sum(-1)).max())
        return max(1, count, occupied_until(held))

    def first_entry(self, placement: Placement) -> Int[Tensor, "B H M"]:
        """Return the entry at the start of each node's chain."""
        entry = torch.arange(self.entry.shape[-1], device=self.entry.device)
        first = torch.arange(self.count + 1, device=entry.device).expand(*self.entry.shape[:2], -1)
        slots = self.entry.shape[-1] - placement.fresh.shape[-1]
        own = torch.where(placement.fresh, self.entry[..., slots:], self.count)
        return first.scatter(-1, own, entry[slots:].expand_as(own))[..., : self.count]

    def seen(self, tokens: int, like: Tensor) -> Float[Tensor, "B H M C"]:
        """Return 1 for the nodes with an entry that a read at token t sees, 0 for all others."""
        start = self.start.to(like.dtype).unsqueeze(-1)
        return between(start, torch.full_like(start, tokens), tokens)


def occupied_until(occupied: Bool[Tensor, "B H N"]) -> int:
    """Return the number of slots up to the last occupied one of all heads."""
    if not occupied.shape[-1]:
        return 0
    place = torch.arange(1, occupied.shape[-1] + 1, device=occupied.device)
    return int((place * occupied).max())


def between(
    start: Float[Tensor, "..."], stop: Float[Tensor, "..."], tokens: int, *, last: bool = True
) -> Float[Tensor, "..."]:
    """Return 1 at the tokens from ``start`` to before ``stop``, and 0 at all others.

    Tokens are the last dimension, or the last but one. Masks are numbers: products with them take a
    fifth of the time of a selection by truth values.
    """
    token = torch.arange(tokens, device=start.device, dtype=start.dtype)
    token = token if last else token.unsqueeze(-1)
    return torch.minimum(token - start + 1.0, stop - token).clamp_(0.0, 1.0)


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
    count, slots = active.shape[-1], occupied.shape[-1]
    token = torch.arange(count, device=active.device)
    before = (token.unsqueeze(0) < token.unsqueeze(1)) & active.unsqueeze(2)
    exists = torch.cat([occupied.unsqueeze(2).expand(-1, -1, count, -1), before], dim=-1)
    candidate = (cosine >= reuse) & exists & active.unsqueeze(-1)
    order = torch.cat([-age, token.expand_as(active)], dim=-1).to(cosine.dtype)
    latest = torch.where(candidate, order.unsqueeze(2), -math.inf)

    parent, found = _latest(latest)
    superseded = _superseded(parent, found, slots)
    if not _each_is_first(parent, found, superseded):
        while True:
            seen = superseded.unsqueeze(2) >= token.unsqueeze(1)
            again, found = _latest(latest.masked_fill(~seen, -math.inf))
            superseded = _superseded(again, found, slots)
            if torch.equal(again, parent):
                break
            parent = again
    return Placement(
        active=active,
        fresh=active & ~found,
        superseded=superseded,
        root=_roots(parent, found, slots),
        candidates=candidates or Candidates(tokens=count),
    )


def _latest(order: Float[Tensor, "B H A E"]) -> tuple[Int[Tensor, "B H A"], Bool[Tensor, "B H A"]]:
    best, parent = order.max(dim=-1)
    found = best > -math.inf
    return torch.where(found, parent, -1), found


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


@dataclass(frozen=True, slots=True)
class Commit:
    """Position of every entry after the chunk is folded into the slots.

    Attributes:
        source: For each slot, the entry whose content it holds after the chunk.
        node: For each slot, the root entry that it holds after the chunk: the slot itself, or the
            provisional slot that replaced it.
        slot: For each candidate's write, the slot that holds it, or ``N`` if there is none.
        evicted: Occupied slots whose content was evicted.
    """

    source: Int[Tensor, "B H N"]
    node: Int[Tensor, "B H N"]
    slot: Int[Tensor, "B H A"]
    evicted: Bool[Tensor, "B H N"]


@torch.no_grad()
def commit(
    placement: Placement,
    occupied: Bool[Tensor, "B H N"],
    retention: Float[Tensor, "B H N"],
    entering: Bool[Tensor, "B H A"],
) -> Commit:
    """Give every new write a slot: empty ones first, in order, then those of lowest retention.

    If a chunk writes more new keys than there are slots, its earliest writes are evicted.

    Args:
        placement: Placement of the writes.
        occupied: Slots that are not empty.
        retention: Retention of each slot.
        entering: New writes that get a slot.
    """
    slots, count = occupied.shape[-1], placement.active.shape[-1]
    here = torch.arange(slots, device=occupied.device).expand_as(occupied)
    emptiness = torch.where(occupied, math.inf, here.to(retention.dtype))
    # Two stable sorts give one order: by retention, with empty slots (by index) in front.
    by_retention = retention.argsort(dim=-1, stable=True)
    queue = by_retention.gather(-1, emptiness.gather(-1, by_retention).argsort(dim=-1, stable=True))

    rank = entering.cumsum(-1) - 1 - (entering.sum(-1, keepdim=True) - slots).clamp_min(0)
    stored = entering & (rank >= 0)
    # One place more than there are slots, so that a lookup in a memory without slots is valid.
    target = torch.where(
        stored, functional.pad(queue, (0, 1), value=slots).gather(-1, rank.clamp(0, slots)), slots
    )
    tokens = torch.arange(count, device=occupied.device).expand_as(target) + slots
    node = _scatter(here, target, tokens)
    evicted = occupied & (node != here)

    nowhere = torch.full_like(here, slots)
    slot_of_root = torch.cat([torch.where(evicted, nowhere, here), target], dim=-1)
    slot_of_entry = slot_of_root.gather(-1, placement.root)
    slot = torch.where(placement.active, slot_of_entry[..., slots:], slots)
    final = torch.where(placement.last[..., slots:], slot, slots)
    return Commit(source=_scatter(here, final, tokens), node=node, slot=slot, evicted=evicted)


def _scatter(
    base: Int[Tensor, "B H N"], index: Int[Tensor, "B H A"], value: Int[Tensor, "B H A"]
) -> Int[Tensor, "B H N"]:
    """Return ``base`` with ``value`` at ``index``; an index of ``N`` is ignored."""
    return functional.pad(base, (0, 1)).scatter(-1, index, value)[..., :-1]
