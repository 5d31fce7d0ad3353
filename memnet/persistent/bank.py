"""The bank of the persistent world: one memory that survives tasks, checkpoints and processes.

A sample leaves a code in a slot; its label is a slot of its own, one per class. Sample, then label,
are two events, and the STDP rule links the first to the second::

    ΔA[i, k] = η · pre_i · post_k        (the trace is reset between samples, so nothing else is linked)

Each sample slot thus has one edge at most, and the adjacency is kept as that edge: the label slot
it ends at, and how many events have linked them, from which its weight is ``η · links``. Activation
that is spread along the edges comes to rest on label slots: a distribution over classes that
gradient steps on later tasks do not overwrite. As an edge is its slot's only one, its weight does
not change what is read: once rows are normalised it is 1. What the count tells is whether a slot is
full, and whether it was dreamt of.

A byte of memory is spent on what is read: a code has few bits an entry
(:mod:`memnet.persistent.quantization`), its edge has two bytes.

All updates are pure: they take a bank and return another.

Legend: ``N`` slots, ``E`` width of a code, ``P`` bytes of a code, ``K`` label slots (classes),
``B`` batch, ``M`` samples, ``k`` slots read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import torch
from jaxtyping import Bool, Float, Int, Int32, Int64, UInt8
from torch import Tensor
from torch.nn import functional

from memnet.persistent.quantization import pack, packed_width, unpack

LABEL_SLOTS = 256
"""Label slots that an edge's byte can name."""

MOST_LINKS = 255
"""Link events that an edge's byte can count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersistentBank:
    """The slots. A slot is full where it has an edge, and empty where it has none.

    Attributes:
        codes: What a sample left: a code of norm ``√E``, quantised and packed.
        target: Label slot at which the slot's edge ends; without meaning where there is no edge.
        links: Events that have linked the two, at most 255; 0 is no edge. A slot linked once has
            not been dreamt of yet.
        seen: Samples met of each class: the use of the label slots.
        clock: Samples met so far: the memory's clock.
    """

    codes: UInt8[Tensor, "N P"]
    target: UInt8[Tensor, "N"]
    links: UInt8[Tensor, "N"]
    seen: Int32[Tensor, "K"]
    clock: Int64[Tensor, ""]

    @property
    def occupied(self) -> Bool[Tensor, "N"]:
        """Which slots hold a sample."""
        return self.links > 0

    @property
    def settled(self) -> Bool[Tensor, "N"]:
        """Which slots have been dreamt of since they were taken."""
        return self.links > 1

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


def empty_bank(slots: int, width: int, classes: int, bits: int) -> PersistentBank:
    """Return a bank of ``slots`` empty slots for codes of ``width`` entries of some bits, and a label slot per class.

    Raises:
        ValueError: If there are more classes than an edge can name, or a code does not fill whole
            bytes.
    """
    if classes > LABEL_SLOTS:
        raise ValueError(f"{classes} classes are more than the {LABEL_SLOTS} that an edge can name")
    return PersistentBank(
        codes=torch.zeros(slots, packed_width(width, bits), dtype=torch.uint8),
        target=torch.zeros(slots, dtype=torch.uint8),
        links=torch.zeros(slots, dtype=torch.uint8),
        seen=torch.zeros(classes, dtype=torch.int32),
        clock=torch.zeros((), dtype=torch.int64),
    )


def slot_bytes(width: int, bits: int) -> int:
    """Return the bytes of one slot with its edge."""
    return packed_width(width, bits) + 2


def bank_bytes(bank: PersistentBank) -> int:
    """Return the bytes of a whole bank."""
    return sum(tensor.nbytes for tensor in bank.tensors().values())


def read(
    bank: PersistentBank,
    queries: Float[Tensor, "B E"],
    temperature: Float[Tensor, ""],
    top_k: int,
    bits: int,
) -> SlotRead:
    """Read the slots that match best.

    ``W = softmax over the k best of temperature · cos(query, code)``

    Every query is read alone: its weights do not depend on the other rows.

    Raises:
        ValueError: If the bank is empty.
    """
    places = torch.nonzero(bank.occupied).flatten()
    if len(places) == 0:
        raise ValueError("the bank is empty: nothing can be read before something is written")
    score = temperature * cosine(queries, unpack(bank.codes[places], bits))
    best = score.topk(min(top_k, len(places)), dim=-1)
    return SlotRead(slots=places[best.indices], weights=best.values.softmax(dim=-1))


def spread(bank: PersistentBank, read: SlotRead, classes: int) -> Float[Tensor, "B K"]:
    """Let the activation of the read slots flow along their edges, and return what rests on the label slots.

    ``p_k = Σ_i W_i · Â[i, k]``, with Â the row-normalised edges: a slot passes on all it has.
    """
    labels = bank.target[read.slots].long()
    return read.weights.new_zeros(len(labels), classes).scatter_add(1, labels, read.weights)


def write(
    bank: PersistentBank,
    slots: Int[Tensor, "M"],
    codes: Float[Tensor, "M E"],
    labels: Int[Tensor, "M"],
    bits: int,
) -> PersistentBank:
    """Let samples take slots, each then linked to the slot of its label.

    A slot that held another sample loses it whole, edge included: nothing fades by being
    overwritten softly.

    Args:
        bank: The bank.
        slots: Which slot each sample takes; no slot twice.
        codes: What the samples leave.
        labels: Their classes.
        bits: Bits of an entry.
    """
    return link(recode(erase(bank, slots), slots, codes, bits), slots, labels)


def recode(
    bank: PersistentBank, slots: Int[Tensor, "M"], codes: Float[Tensor, "M E"], bits: int
) -> PersistentBank:
    """Put other codes into slots; their edges stay."""
    return replace(bank, codes=bank.codes.index_copy(0, slots, pack(codes, bits)))


def link(bank: PersistentBank, slots: Int[Tensor, "M"], labels: Int[Tensor, "M"]) -> PersistentBank:
    """Link each sample's slot to the slot of its label, by the STDP rule with the trace reset between samples.

    ``A[i, k] ← A[i, k] + η · pre_i · post_k``, where at the label event the trace ``pre`` is 1 at
    the sample's slot and 0 elsewhere, and ``post`` is 1 at the label's slot and 0 elsewhere: one
    more link event. A slot has one edge: a link to another label than before replaces it. The
    weight stays where it is after 255 events.
    """
    before = torch.where(bank.target[slots].long() == labels, bank.links[slots], 0).long()
    return replace(
        bank,
        target=bank.target.index_copy(0, slots, labels.to(bank.target.dtype)),
        links=bank.links.index_copy(
            0, slots, (before + 1).clamp_max(MOST_LINKS).to(bank.links.dtype)
        ),
    )


def erase(bank: PersistentBank, slots: Int[Tensor, "M"]) -> PersistentBank:
    """Empty slots: their codes and edges are gone."""
    return replace(
        bank,
        codes=bank.codes.index_fill(0, slots, 0),
        target=bank.target.index_fill(0, slots, 0),
        links=bank.links.index_fill(0, slots, 0),
    )


def cosine(queries: Float[Tensor, "B E"], codes: Float[Tensor, "M E"]) -> Float[Tensor, "B M"]:
    """Return the cosine of every query with every code."""
    return functional.normalize(queries, dim=-1) @ functional.normalize(codes, dim=-1).transpose(
        0, 1
    )
