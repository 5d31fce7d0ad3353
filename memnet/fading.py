"""Soft replacement: a new key weakens the older entries whose keys it resembles.

A write whose key is within ``reuse`` of an entry replaces it (see ``chunk``). This decision has no
gradient: keys of different tokens that drift together would overwrite each other, and nothing would
separate them. So the loss of the older entry begins earlier and is gradual. At the write of token t
with key k_t and gate g_t, each visible entry i that it does not replace loses strength:

    ρ(c) = clamp((c − fade) / (reuse − fade), 0, 1)²
    s_i ← s_i · max(1 − g_t·ρ(k_t·k_i), KEPT)

The share lost grows from 0 at a cosine of ``fade`` to all but ``KEPT`` at ``reuse``, where the
replacement would follow. If the older entry is still needed, its loss costs the task something, and
the gradient moves the keys apart; if it is outdated, the gradient moves them together. It is the
erasure of Graves et al. 2014 (Neural Turing Machines, equation 3), with the overlap of keys in
place of write weights.

Few pairs of keys are that similar, so pairs and fading entries are lists instead of tables.

Legend: ``B`` memories, ``H`` heads, ``N`` slots, ``C`` tokens, ``A`` candidates for writing among
them, ``E = N + A`` entries, ``K`` key width, ``P`` pairs of a write and an older entry, ``F``
entries that lose strength.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from memnet.placement import Placement

KEPT = 0.01
"""Least share of its strength that an entry keeps at one write."""


@dataclass(frozen=True, slots=True)
class Fading:
    """The entries that lose strength in a chunk.

    Attributes:
        entry: Their places among the entries of all memories and heads.
        kept: Logarithm of the share of its strength that each has kept at each token.
    """

    entry: Int[Tensor, " F"]
    kept: Float[Tensor, "F C"]

    def lowered(self, scores: Float[Tensor, "B H C E"]) -> Float[Tensor, "B H C E"]:
        """Return the scores plus the logarithms of the shares."""
        places = self._places(scores).flatten()
        total = scores.flatten().index_add(0, places, self.kept.flatten())
        return total.view(scores.shape)

    def columns(self, table: Float[Tensor, "B H C E"]) -> Float[Tensor, "F C"]:
        """Return the part of a table over tokens and entries that belongs to these entries."""
        return table.flatten()[self._places(table)]

    def remaining(self, strength: Float[Tensor, "B H E"]) -> Float[Tensor, "B H E"]:
        """Return the strengths after the last token."""
        share = torch.ones_like(strength).flatten()
        share = share.index_copy(0, self.entry, self.kept[:, -1].exp())
        return strength * share.view(strength.shape)

    def _places(self, table: Float[Tensor, "B H C E"]) -> Int[Tensor, "F C"]:
        tokens, entries = table.shape[2:]
        first = self.entry // entries * (tokens * entries) + self.entry % entries
        token = torch.arange(tokens, device=first.device)
        return first.unsqueeze(-1) + entries * token


def faded(
    keys: Float[Tensor, "B H E K"],
    gate: Float[Tensor, "B H A"],
    cosine: Float[Tensor, "B H A X"],
    placement: Placement,
    occupied: Bool[Tensor, "B H N"],
    *,
    fade: float,
    reuse: float,
) -> Fading | None:
    """Return the entries that lose strength; None if none does, the rule if keys are distinct.

    Args:
        keys: Unit-norm keys of all entries.
        gate: Write gate g of each candidate; 0 if it does not write.
        cosine: Products of each candidate's key with those of all entries; the last slots, which
            are empty, may be missing.
        placement: Placement of the writes.
        occupied: Slots that are not empty.
        fade: Cosine from which an entry loses strength; at ``reuse`` or above, none does.
        reuse: Cosine from which an entry is replaced.
    """
    if fade >= reuse:
        return None
    row, write, entry = _pairs(cosine > fade, placement, occupied)
    if not len(row):
        return None
    entries, count = keys.shape[2], gate.shape[-1]
    older, newer = row * entries + entry, row * entries + (entries - count) + write
    vectors = keys.flatten(0, 2)
    overlap = (vectors.index_select(0, older) * vectors.index_select(0, newer)).sum(-1)
    overlap = ((overlap - fade) / (reuse - fade)).clamp(0.0, 1.0)
    opened = gate.flatten().index_select(0, row * count + write)
    lost = (1.0 - opened * overlap.square()).clamp_min(KEPT).log()
    which, place = older.unique(return_inverse=True)
    token = placement.candidates.times(gate).flatten(0, 1)[row, write]
    steps = lost.new_zeros(len(which), placement.candidates.tokens)
    steps = steps.index_put((place, token), lost, accumulate=True)
    return Fading(entry=which, kept=steps.cumsum(-1))


@torch.no_grad()
def _pairs(
    near: Bool[Tensor, "B H A X"], placement: Placement, occupied: Bool[Tensor, "B H N"]
) -> tuple[Int[Tensor, " P"], Int[Tensor, " P"], Int[Tensor, " P"]]:
    """Return the memory and head, the write, and the older entry of each near pair.

    The older entry can be read before the write and after it.
    """
    count, slots = near.shape[2], occupied.shape[-1]
    row, write, entry = near.flatten(0, 1).nonzero(as_tuple=True)
    known = near.shape[3] - count
    entry = torch.where(entry < known, entry, entry + (slots - known))
    active, until = placement.active.flatten(0, 1), placement.superseded.flatten(0, 1)
    exists = functional.pad(occupied.flatten(0, 1), (0, count), value=True)[row, entry]
    earlier = (entry < slots) | active[row, (entry - slots).clamp_min(0)] & (entry - slots < write)
    present = active[row, write] & exists & earlier & (write < until[row, entry])
    return row[present], write[present], entry[present]
