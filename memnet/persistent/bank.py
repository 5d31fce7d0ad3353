"""The bank of the persistent memory, which survives tasks, checkpoints and processes.

A sample leaves a code in a slot; each class has a label slot. Sample and label are two successive
events, and the STDP rule links the first to the second::

    ΔA[i, k] = η · pre_i · post_k        (the trace is reset between samples)

Each sample slot thus has at most one edge. The adjacency is stored as that edge: its label slot,
and the number of link events, from which its weight is ``η · links``. Activation that spreads along
the edges ends at label slots: a distribution over classes that gradient steps on later tasks do not
overwrite. Since an edge is the only one of its slot, its weight has no effect on a read: after row
normalisation it is 1. The count shows whether a slot is full, and whether it has been rehearsed in
a dream.

Memory bytes are spent on what is read: a code has few bits per entry
(:mod:`memnet.persistent.quantization`), and its edge has two bytes.

All updates are pure: they take a bank and return a new one.

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
"""Number of label slots that an edge's byte can address."""

MAX_LINK_COUNT = 255
"""Largest number of link events that an edge's byte can count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersistentBank:
    """The slots. A slot is full if it has an edge, and empty otherwise.

    Attributes:
        codes: Code of each sample: norm ``√E``, quantised and packed.
        target: Label slot of the slot's edge; without meaning if there is no edge.
        links: Strength of the edge, at most 255; 0 is no edge. With a learned encoder the number of
            link events: a slot linked once has not been rehearsed yet. With a fixed one the
            surprise (:mod:`memnet.persistent.surprise`).
        seen: Samples seen of each class: the use of the label slots.
        clock: Samples seen so far: the memory's clock.
    """

    codes: UInt8[Tensor, "N P"]
    target: UInt8[Tensor, "N"]
    links: UInt8[Tensor, "N"]
    seen: Int32[Tensor, "K"]
    clock: Int64[Tensor, ""]

    @property
    def occupied(self) -> Bool[Tensor, "N"]:
        """Slots that hold a sample."""
        return self.links > 0

    @property
    def settled(self) -> Bool[Tensor, "N"]:
        """Slots that have been rehearsed since they were written."""
        return self.links > 1

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors by name, as safetensors saves them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "PersistentBank":
        """Build a bank from tensors by name.

        Raises:
            KeyError: If one is missing.
        """
        return cls(**{field.name: tensors[field.name] for field in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRead:
    """A read: the slots and their weights.

    Attributes:
        slots: The ``k`` best slots.
        weights: A distribution over them.
    """

    slots: Int[Tensor, "B k"]
    weights: Float[Tensor, "B k"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Changes of the bank by new samples.

    Attributes:
        given_up: Slots that lost their samples.
        taken: Slots that hold new samples; some of them held other samples before.
    """

    given_up: Int[Tensor, "g"]
    taken: Int[Tensor, "c"]


def empty_bank(slots: int, width: int, classes: int, bits: int) -> PersistentBank:
    """Return a bank of ``slots`` empty slots, and a label slot per class.

    A slot holds a code of ``width`` entries of ``bits`` bits.

    Raises:
        ValueError: If there are more classes than an edge can address, or a code does not fill
            whole bytes.
    """
    if classes > LABEL_SLOTS:
        raise ValueError(
            f"{classes} classes are more than the {LABEL_SLOTS} that an edge can address"
        )
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
    excluded: Int[Tensor, "B"] | None = None,
    bias: Float[Tensor, "N"] | None = None,
) -> SlotRead:
    """Read the slots that match best.

    ``W = softmax over the k best of temperature · cos(query, code) + bias``

    Every query is read alone: its weights do not depend on the other rows.

    Args:
        bank: The bank.
        queries: The queries.
        temperature: Inverse temperature of the softmax.
        top_k: k.
        bits: Bits of an entry.
        excluded: A slot for each query that is not read, such as its own.
        bias: Added to the score of each slot; by default 0.

    Raises:
        ValueError: If the bank is empty.
    """
    places = torch.nonzero(bank.occupied).flatten()
    if len(places) == 0:
        raise ValueError("the bank is empty: write a sample before reading")
    score = temperature * cosine(queries, unpack(bank.codes[places], bits))
    if bias is not None:
        score = score + bias[places]
    if excluded is not None:
        score = score.masked_fill(places == excluded[:, None], -torch.inf)
    best = score.topk(min(top_k, len(places)), dim=-1)
    return SlotRead(slots=places[best.indices], weights=best.values.softmax(dim=-1))


def spread(bank: PersistentBank, read: SlotRead, classes: int) -> Float[Tensor, "B K"]:
    """Spread the activation of the read slots along their edges to the label slots.

    ``p_k = Σ_i W_i · Â[i, k]``, with Â the row-normalised edges: a slot passes on its whole
    activation.
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
    """Write samples to slots, each linked to the slot of its label.

    A slot that held another sample loses it completely, with its edge: overwriting is not gradual.

    Args:
        bank: The bank.
        slots: Slot of each sample; each slot at most once.
        codes: Codes of the samples.
        labels: Their classes.
        bits: Bits of an entry.
    """
    return link(recode(erase(bank, slots), slots, codes, bits), slots, labels)


def recode(
    bank: PersistentBank, slots: Int[Tensor, "M"], codes: Float[Tensor, "M E"], bits: int
) -> PersistentBank:
    """Replace the codes in slots; their edges do not change."""
    return replace(bank, codes=bank.codes.index_copy(0, slots, pack(codes, bits)))


def link(bank: PersistentBank, slots: Int[Tensor, "M"], labels: Int[Tensor, "M"]) -> PersistentBank:
    """Link each sample's slot to the slot of its label, by the STDP rule.

    ``A[i, k] ← A[i, k] + η · pre_i · post_k``. The trace is reset between samples, so at the label
    event the trace ``pre`` is 1 at the sample's slot and 0 elsewhere, and ``post`` is 1 at the
    label's slot and 0 elsewhere: one more link event. A slot has one edge: a link to another label
    replaces it. The weight does not grow after 255 events.
    """
    before = torch.where(bank.target[slots].long() == labels, bank.links[slots], 0).long()
    return replace(
        bank,
        target=bank.target.index_copy(0, slots, labels.to(bank.target.dtype)),
        links=bank.links.index_copy(
            0, slots, (before + 1).clamp_max(MAX_LINK_COUNT).to(bank.links.dtype)
        ),
    )


def erase(bank: PersistentBank, slots: Int[Tensor, "M"]) -> PersistentBank:
    """Empty slots: their codes and edges are erased."""
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
