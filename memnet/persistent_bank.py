"""The bank of the persistent world: one memory that survives tasks, checkpoints and processes.

A sample leaves a code in a slot; its label is a slot of its own, one per class. Sample, then label, are two events, and the STDP rule
links the first to the second::

    ΔA[i, k] = η · pre_i · post_k        (the trace is reset between samples, so nothing else is linked)

Each sample slot thus has one edge at most, and the adjacency is kept as that edge: the label slot it ends at, and its weight.
Activation that is spread along the edges comes to rest on label slots: a distribution over classes that gradient steps on later tasks
do not overwrite.

All updates are pure: they take a bank and return another.

Legend: ``N`` slots, ``E`` width of a code, ``K`` label slots (classes), ``B`` batch, ``M`` samples offered, ``k`` slots read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import torch
from jaxtyping import Bool, Float, Float16, Int, Int16, Int32
from torch import Tensor
from torch.nn import functional

NO_EDGE = -1
"""Target of a slot without an edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersistentBank:
    """The slots, of which a slot is full (strength above 0) or empty.

    Attributes:
        codes: What a sample left: a code of norm ``√E``.
        target: Label slot at which the slot's edge ends, or -1.
        weight: Weight of that edge.
        strength: Strength of the slot, in [0, 1].
        born: Count of samples seen when the slot was taken.
        seen: Samples met of each class: the use of the label slots.
        clock: Samples met so far.
        writes: Samples written so far.
    """

    codes: Float16[Tensor, "N E"]
    target: Int16[Tensor, "N"]
    weight: Float16[Tensor, "N"]
    strength: Float16[Tensor, "N"]
    born: Int32[Tensor, "N"]
    seen: Int32[Tensor, "K"]
    clock: Int[Tensor, ""]
    writes: Int[Tensor, ""]

    @property
    def occupied(self) -> Bool[Tensor, "N"]:
        """Which slots hold a sample."""
        return self.strength > 0

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors by name, as safetensors saves them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "PersistentBank":
        """Make a bank of tensors by name.

        Raises:
            KeyError: If one is missing.
        """
        return cls(**{field.name: tensors[field.name] for field in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRead:
    """A read: which slots, and how much of each.

    Attributes:
        slots: The ``k`` best slots.
        weights: A distribution over them.
    """

    slots: Int[Tensor, "B k"]
    weights: Float[Tensor, "B k"]


def empty_bank(slots: int, width: int, classes: int) -> PersistentBank:
    """Return a bank of ``slots`` empty slots for codes of ``width``, and a label slot per class."""
    return PersistentBank(
        codes=torch.zeros(slots, width, dtype=torch.float16),
        target=torch.full((slots,), NO_EDGE, dtype=torch.int16),
        weight=torch.zeros(slots, dtype=torch.float16),
        strength=torch.zeros(slots, dtype=torch.float16),
        born=torch.zeros(slots, dtype=torch.int32),
        seen=torch.zeros(classes, dtype=torch.int32),
        clock=torch.zeros((), dtype=torch.int64),
        writes=torch.zeros((), dtype=torch.int64),
    )


def slot_bytes(width: int) -> int:
    """Return the bytes of one slot with its edge and all that is kept about it."""
    return bank_bytes(empty_bank(1, width, 0)) - bank_bytes(empty_bank(0, width, 0))


def bank_bytes(bank: PersistentBank) -> int:
    """Return the bytes of a whole bank."""
    return sum(tensor.nbytes for tensor in bank.tensors().values())


def read(bank: PersistentBank, queries: Float[Tensor, "B E"], temperature: Float[Tensor, ""], top_k: int) -> SlotRead:
    """Read the slots that match best.

    ``W = softmax over the k best of temperature · cos(query, code) + log strength``

    Every query is read alone: its weights do not depend on the other rows.

    Raises:
        ValueError: If the bank is empty.
    """
    places = torch.nonzero(bank.occupied).flatten()
    if len(places) == 0:
        raise ValueError("the bank is empty: nothing can be read before something is written")
    match = cosine(queries, bank.codes[places].float())
    score = temperature * match + bank.strength[places].float().log()
    best = score.topk(min(top_k, len(places)), dim=-1)
    return SlotRead(slots=places[best.indices], weights=best.values.softmax(dim=-1))


def spread(bank: PersistentBank, read: SlotRead, classes: int) -> Float[Tensor, "B K"]:
    """Let the activation of the read slots flow along their edges, and return what rests on the label slots.

    ``p_k ∝ Σ_i W_i · Â[i, k]``, with Â the row-normalised edges: a slot with an edge passes on all it has. A slot without one stays
    where it is, and names no class; a read of such slots alone is uniform over the classes.
    """
    linked = (bank.weight[read.slots] > 0) & (bank.target[read.slots] != NO_EDGE)
    flow = read.weights * linked
    labels = bank.target[read.slots].long().clamp_min(0)
    mass = flow.new_zeros(len(flow), classes).scatter_add(1, labels, flow)
    total = mass.sum(-1, keepdim=True)
    return torch.where(total > 0, mass / total.clamp_min(torch.finfo(mass.dtype).tiny), 1.0 / classes)


def write(
    bank: PersistentBank, slots: Int[Tensor, "M"], codes: Float[Tensor, "M E"], labels: Int[Tensor, "M"], rate: float
) -> PersistentBank:
    """Let samples take slots, each then linked to the slot of its label.

    A slot that held another sample loses it whole, edge included: nothing fades by being overwritten softly.

    Args:
        bank: The bank.
        slots: Which slot each sample takes; no slot twice.
        codes: What the samples leave.
        labels: Their classes.
        rate: η of the link.
    """
    taken = replace(
        bank,
        codes=bank.codes.index_copy(0, slots, codes.to(bank.codes.dtype)),
        target=bank.target.index_fill(0, slots, NO_EDGE),
        weight=bank.weight.index_fill(0, slots, 0),
        strength=bank.strength.index_fill(0, slots, 1),
        born=bank.born.index_copy(0, slots, bank.clock.to(torch.int32).expand(len(slots))),
        writes=bank.writes + len(slots),
    )
    return link(taken, slots, labels, rate)


def link(bank: PersistentBank, slots: Int[Tensor, "M"], labels: Int[Tensor, "M"], rate: float) -> PersistentBank:
    """Link each sample's slot to the slot of its label, by the STDP rule with the trace reset between samples.

    ``A[i, k] ← A[i, k] + η · pre_i · post_k``, where at the label event the trace ``pre`` is 1 at the sample's slot and 0 elsewhere, and
    ``post`` is 1 at the label's slot and 0 elsewhere. A slot has one edge: a link to another label than before replaces it.
    """
    same = bank.target[slots].long() == labels
    before = torch.where(same, bank.weight[slots], 0)
    return replace(
        bank,
        target=bank.target.index_copy(0, slots, labels.to(bank.target.dtype)),
        weight=bank.weight.index_copy(0, slots, (before + rate).to(bank.weight.dtype)),
    )


def erase(bank: PersistentBank, slots: Int[Tensor, "M"]) -> PersistentBank:
    """Empty slots: their codes, strengths and edges are gone."""
    return replace(
        bank,
        codes=bank.codes.index_fill(0, slots, 0),
        target=bank.target.index_fill(0, slots, NO_EDGE),
        weight=bank.weight.index_fill(0, slots, 0),
        strength=bank.strength.index_fill(0, slots, 0),
    )


def cosine(queries: Float[Tensor, "B E"], codes: Float[Tensor, "M E"]) -> Float[Tensor, "B M"]:
    """Return the cosine of every query with every code."""
    return functional.normalize(queries, dim=-1) @ functional.normalize(codes, dim=-1).transpose(0, 1)
