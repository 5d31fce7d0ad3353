"""Options of the persistent memory, and the slots that a budget holds."""

from dataclasses import dataclass, replace
from typing import Self

from memnet.persistent.bank import bank_bytes, empty_bank, slot_bytes

NARROW, WIDE = 32, 64
"""Widths of a code: the narrow one, and the one that a large budget affords."""

MANY = 10_000
"""Slots that must be left for a budget to be spent on wide codes: beyond so many samples, seeing them more sharply serves better than
keeping more (chosen on a validation split of Split Fashion-MNIST).
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PersistentConfig:
    """Options of the persistent memory.

    Attributes:
        budget: Bytes that the bank may take, 0 for those of ``mem_size`` samples; it gets as many
            slots as fit.
        mem_size: The bank may take as many bytes as this many raw samples.
        slots: Number of slots ``N``; where given, neither budget nor mem_size is used.
        code: Width of a code ``E``; 0 for 64 where at least 10,000 slots fit then, and else 32.
        bits: Bits in which an entry of a code is kept: 2, 4 or 8.
        hidden: Hidden width of the hallucination head and of the classifying head.
        top_k: Slots read for an answer.
        temperature: Temperature of a read at the start; it is learned.
        dreams: Dreams rehearsed per new sample; 0 for none: slots alone, without imaginative
            replay.
        reconstruction_weight: Weight of the reconstruction error.
        neighbour_weight: Weight of the read of each sample among the others of its batch.
        anchor_weight: Weight of the distance between a dream's code and the code it was decoded
            from.
        trust: Share of the memory in the fused answer; the rest is the head's.
        dream_every: New samples between two sleeps; 0 to sleep at the end of each experience, where
            boundaries are told.
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

    def fitted(self, sample_bytes: int, classes: int) -> Self:
        """Return these options with the slots that fit, and the width of their codes.

        Args:
            sample_bytes: Bytes of one raw sample with its label.
            classes: Number of classes ``K``.

        Raises:
            ValueError: If there is not one slot per class, or no bank for so many classes and such
                codes.
        """
        room = self.budget or self.mem_size * sample_bytes
        code = self.code or (
            WIDE if (self.slots or self._fitting(room, WIDE, classes)) >= MANY else NARROW
        )
        slots = self.slots if self.slots is not None else self._fitting(room, code, classes)
        if slots < classes:
            raise ValueError(
                f"{slots} slots are fewer than {classes} classes; give more by budget, mem_size or slots"
            )
        return replace(self, code=code, slots=slots)

    def _fitting(self, room: int, code: int, classes: int) -> int:
        """Return how many slots for codes of a width fit in so many bytes."""
        return (room - bank_bytes(empty_bank(0, code, classes, self.bits))) // slot_bytes(
            code, self.bits
        )
