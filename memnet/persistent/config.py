"""Options of the persistent memory, and the number of slots for a budget."""

import math
from dataclasses import dataclass, replace
from typing import Self

from memnet.persistent.bank import bank_bytes, empty_bank, slot_bytes

NARROW, WIDE = 32, 64
"""Widths of a code: the narrow one, and the wide one for a large budget."""

MIN_WIDE_SLOTS = 10_000
"""Smallest number of slots at which a budget is spent on wide codes.

Above this number of samples, wider codes are better than more samples (chosen on a validation split
of Split Fashion-MNIST).
"""


MINIMA = {
    "budget": 0,
    "code": 0,
    "hidden": 1,
    "top_k": 1,
    "dreams": 0,
    "reconstruction_weight": 0,
    "neighbour_weight": 0,
    "anchor_weight": 0,
    "trust": 0,
    "dream_every": 0,
}
"""Smallest allowed values of options."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PersistentConfig:
    """Options of the persistent memory.

    Attributes:
        budget: Largest size of the bank in bytes, 0 for that of ``mem_size`` samples; it gets as
            many slots as fit.
        mem_size: Largest size of the bank in raw samples.
        slots: Number of slots ``N``; if given, neither budget nor mem_size is used.
        code: Width of a code ``E``; 0 for 64 if at least 10,000 slots fit then, and otherwise 32.
        bits: Bits of a stored entry of a code: 2, 4 or 8.
        hidden: Hidden width of the hallucination head and of the classifying head.
        top_k: Slots read for an answer.
        temperature: Initial temperature of a read; it is learned.
        dreams: Dreams rehearsed per new sample; 0 for slots without imaginative replay.
        reconstruction_weight: Weight of the reconstruction error.
        neighbour_weight: Weight of the loss that reads each sample from the others of its batch.
        anchor_weight: Weight of the distance between a dream's code and its original code.
        trust: Share of the memory in the fused answer; the rest is that of the head.
        dream_every: New samples between two sleeps; 0 for a sleep at the end of each experience, if
            task boundaries are given.
    """

    budget: int = 0
    mem_size: int = 200
    slots: int | None = None
    code: int = 0
    bits: int = 4
    hidden: int = 400
    top_k: int = 16
    temperature: float = 5.0
    dreams: int = 1
    reconstruction_weight: float = 125.0
    neighbour_weight: float = 0.5
    anchor_weight: float = 5.0
    trust: float = 0.8
    dream_every: int = 0

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            ValueError: If one is out of its range.
        """
        for name, least in MINIMA.items():
            if not getattr(self, name) >= least:
                raise ValueError(f"{name} = {getattr(self, name)} must be at least {least}")
        if not self.temperature > 0:
            raise ValueError(f"temperature = {self.temperature} must be greater than 0")
        if self.trust > 1:
            raise ValueError(f"trust = {self.trust} must be at most 1")

    def fitted(self, sample_bytes: int, classes: int) -> Self:
        """Return these options with the number of slots that fit, and their code width.

        Args:
            sample_bytes: Bytes of one raw sample with its label.
            classes: Number of classes ``K``.

        Raises:
            ValueError: If there are fewer slots than classes, or such a bank is not possible.
        """
        capacity = self.budget or self.mem_size * sample_bytes
        code = self.code or (
            WIDE
            if (self.slots or self._fitting(capacity, WIDE, classes)) >= MIN_WIDE_SLOTS
            else NARROW
        )
        slots = self.slots if self.slots is not None else self._fitting(capacity, code, classes)
        if slots < classes:
            least = bank_bytes(empty_bank(classes, code, classes, self.bits))
            raise ValueError(
                f"{max(slots, 0)} slots are fewer than {classes} classes: give at least "
                f"budget={least}, mem_size={math.ceil(least / sample_bytes)} or slots={classes}"
            )
        return replace(self, code=code, slots=slots)

    def _fitting(self, capacity: int, code: int, classes: int) -> int:
        """Return how many slots of a code width fit in a number of bytes."""
        return (capacity - bank_bytes(empty_bank(0, code, classes, self.bits))) // slot_bytes(
            code, self.bits
        )
