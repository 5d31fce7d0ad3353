"""What happens to slots within a chunk, resolved for all its tokens at once and exactly.

Within a chunk every write is a provisional slot. An *entry* is an occupied slot or a provisional
one; a write whose key is within the reuse threshold of an entry takes that entry's place from then
on. Which entry that is depends on the writes before it, so the answer is a fixed point: it is found
by repeating a parallel step until nothing changes, which takes two steps where keys repeat and at
most ``C`` ever. Chunk size is therefore a speed setting.

Where gradients are wanted, every token is a candidate for writing, since a closed gate learns too.
Where they are not, only the tokens that write are, and a sparse writer has few entries.

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
        moment: The token that each candidate is, in rising order; the last token fills up rows that
            have fewer. None where every token is a candidate.
    """

    tokens: int
    moment: Int[Tensor, "B H A"] | None = None

    @classmethod
    def among(cls, active: Bool[Tensor, "B H C"]) -> "Candidates":
        """Take the tokens that write, and no others.

        One at least, since no tensor is to be empty.
        """
        count = active.shape[-1]
        most = max(1, int(active.sum(-1).max()))
        token = torch.arange(count, device=active.device)
        first = torch.where(active, token, count).sort(dim=-1).values[..., :most]
        return cls(tokens=count, moment=first.clamp_max(count - 1))

    def of(self, values: Shaped[Tensor, "B H C *X"]) -> Shaped[Tensor, "B H A *X"]:
        """Return what belongs to the candidates of what belongs to the tokens."""
        if self.moment is None:
            return values
        if values.dim() == 3:
            return values.gather(2, self.moment)
        return values.gather(2, self.moment.unsqueeze(-1).expand(-1, -1, -1, values.shape[-1]))

    def those(self, active: Bool[Tensor, "B H C"]) -> Bool[Tensor, "B H A"]:
        """Return which candidates write; none twice, where rows are filled up."""
        if self.moment is None:
            return active
        rank = torch.arange(self.moment.shape[-1], device=active.device)
        return self.of(active) & (rank < active.sum(-1, keepdim=True))

    def over_tokens(self, values: Float[Tensor, "B H A"]) -> Float[Tensor, "B H C"]:
        """Put what belongs to the candidates in the places of their tokens; zeros elsewhere."""
        if self.moment is None:
            return values
        return values.new_zeros(*values.shape[:2], self.tokens).scatter_add(-1, self.moment, values)

    def by(self, token: Int[Tensor, " C"]) -> Bool[Tensor, "... C A"]:
        """Return which candidates come at or before each token."""
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
    """Which entry each write of a chunk takes over, and which entries can be read when.

    Attributes:
        active: Candidates that write (gate above zero).
        fresh: Writes that reuse nothing, and so need a slot.
        superseded: Candidate that takes an entry over; ``A`` if none does.
        root: For each entry, the entry at the start of its chain: a slot, or the provisional slot
            that began it. Links belong to roots, so they outlive the rewriting of a slot.
        candidates: Which tokens the candidates are.
    """

    active: Bool[Tensor, "B H A"]
    fresh: Bool[Tensor, "B H A"]
    superseded: Int[Tensor, "B H E"]
    root: Int[Tensor, "B H E"]
    candidates: Candidates

    def visible(self, occupied: Bool[Tensor, "B H N"]) -> Bool[Tensor, "B H C E"]:
        """Return what a read at token t sees: entries written by then and not yet taken over."""
        token = torch.arange(self.candidates.tokens, device=occupied.device)
        written = self.active.unsqueeze(2) & self.candidates.by(token)
        born = torch.cat([occupied.unsqueeze(2).expand(-1, -1, len(token), -1), written], dim=-1)
        until = self.superseded
        if self.candidates.moment is not None:
            until = functional.pad(
                self.candidates.moment, (0, 1), value=self.candidates.tokens
            ).gather(-1, until)
        return born & (until.unsqueeze(2) > token.unsqueeze(1))

    @property
    def passed_over(self) -> Bool[Tensor, "B H C E"]:
        """Return the tokens up to t that wrote nothing.

        What could have been read, had their gates been open.

        Only where every token is a candidate.
        """
        count = self.candidates.tokens
        slots = self.root.shape[-1] - count
        token = torch.arange(count, device=self.active.device)
        closed = ~self.active.unsqueeze(2) & (token.unsqueeze(0) <= token.unsqueeze(1))
        return functional.pad(closed, (slots, 0))

    def widened(self, extra: int) -> "Placement":
        """Return the same placement with ``extra`` empty slots behind those there are."""
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
        """Entries that nothing has taken over by the end of the chunk."""
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
    """Find the entry that each write takes over.

    The latest one it can see whose key is within ``reuse`` of its own.

    Args:
        cosine: Similarity of each candidate's key to every entry's key.
        active: Candidates that write.
        age: Tokens since each slot was written, counted at the chunk's first token (at least 1).
        occupied: Slots that hold something.
        reuse: Cosine threshold τ.
        candidates: Which tokens the candidates are; all of them if None.
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
    """Earliest candidate that takes each entry over."""
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
    """Whether no two writes took over the same entry.

    Then the latest candidate was visible to each, and the answer stands.
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
    """Where everything ends up when the chunk is folded into the slots.

    Attributes:
        source: For each slot, the entry whose content it holds from now on.
        node: For each slot, the root entry that lives there from now on: the slot itself, or the
            provisional slot that took it.
        slot: For each candidate's write, the slot that it ended in, or ``N`` where it ended in
            none.
        evicted: Occupied slots whose content was given up for another.
    """

    source: Int[Tensor, "B H N"]
    node: Int[Tensor, "B H N"]
    slot: Int[Tensor, "B H A"]
    evicted: Bool[Tensor, "B H N"]


@torch.no_grad()
def commit(
    placement: Placement, occupied: Bool[Tensor, "B H N"], retention: Float[Tensor, "B H N"]
) -> Commit:
    """Give every new write a slot: empty ones first, in order, then those of lowest retention.

    If a chunk writes more new keys than there are slots, its earliest are given up.
    """
    slots, count = occupied.shape[-1], placement.active.shape[-1]
    here = torch.arange(slots, device=occupied.device).expand_as(occupied)
    emptiness = torch.where(occupied, math.inf, here.to(retention.dtype))
    # Two stable sorts make one order: by retention, then empty slots (by index) in front.
    by_retention = retention.argsort(dim=-1, stable=True)
    queue = by_retention.gather(-1, emptiness.gather(-1, by_retention).argsort(dim=-1, stable=True))

    rank = (
        placement.fresh.cumsum(-1)
        - 1
        - (placement.fresh.sum(-1, keepdim=True) - slots).clamp_min(0)
    )
    kept = placement.fresh & (rank >= 0)
    # One place more than there are slots, so that a memory without slots has something to look up.
    target = torch.where(
        kept, functional.pad(queue, (0, 1), value=slots).gather(-1, rank.clamp(0, slots)), slots
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
    """Return ``base`` with ``value`` at ``index``; an index of ``N`` goes nowhere."""
    return functional.pad(base, (0, 1)).scatter(-1, index, value)[..., :-1]
