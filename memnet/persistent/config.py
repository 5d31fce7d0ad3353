"""Options of the persistent memory, and its sizes for a budget."""

import math
from dataclasses import dataclass, replace
from typing import Literal, Self

from memnet.persistent.bank import bank_bytes, empty_bank, slot_bytes
from memnet.persistent.fixed_code import code_bytes
from memnet.persistent.quantization import STEPS
from memnet.persistent.slow_memory import features_within, slow_bytes

NARROW_CODE, WIDE_CODE = 32, 64
"""Widths of a code: the narrow one, and the wide one for a large budget."""

MIN_WIDE_SLOTS = 10_000
"""Smallest number of slots at which a budget is spent on wide codes.

Above this number of samples, wider codes are better than more samples (chosen on a validation split
of Split Fashion-MNIST).
"""

MIN_FEATURES, MIN_FEATURES_OF_SLOTS = 2, 100
"""Least number of features of a slow memory whose number is not given: for a budget, and for a
number of slots.
"""

MAX_SHARED_SLOTS = 10_000
"""Largest number of slots that takes a constant share of a budget.

The rest of a larger budget goes to the slow memory: many slots that do not
surprise add nothing to its statistics (chosen on validation splits of Split MNIST and Split
Fashion-MNIST).
"""

MINIMA = {
    "budget": 0,
    "features": 0,
    "slow_share": 0,
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
        encoder: ``"fixed"``: a slow memory of statistics and slots with codes without weights
            (:mod:`memnet.persistent.complementary`), which does not use the model; ``"learned"``:
            slots with codes of the model's features, rehearsed in dreams
            (:mod:`memnet.persistent.memory`). The options up to ``top_k`` serve the first or both,
            those after it only the second.
        budget: Largest size of the bank in bytes, 0 for that of ``mem_size`` samples; it gets as
            many slots as fit.
        mem_size: Largest size of the bank in raw samples.
        slots: Number of slots ``N``; if given, mem_size is not used, and there is no budget.
        features: Number of features ``D`` of the slow memory; 0 for as many as fit in its share.
        slow_share: Share of the slow memory in the bytes, below 1; more in a budget whose rest
            would hold over 10,000 slots.
        surprise: Whether slots store the samples that surprise the slow memory, or random ones.
        correction: Weight γ of the slots' errors in the answer; below 0 to estimate it from how
            well the other slots predict the errors on a slot.
        sharpness: Inverse temperature of the read of fixed codes.
        code: Width of a code ``E``; 0 for 64 if at least 10,000 slots fit then, and otherwise 32;
            for a fixed code for 64, or the number of values of a sample if it is smaller.
        bits: Bits of a stored entry of a code: 2, 4 or 8.
        top_k: Slots read for an answer.
        hidden: Hidden width of the hallucination head and of the classifying head.
        temperature: Initial temperature of a read; it is learned.
        dreams: Dreams rehearsed per new sample; 0 for slots without imaginative replay. With a
            fixed encoder a sleep looks at each slot once, or with 0 at none.
        reconstruction_weight: Weight of the reconstruction error.
        neighbour_weight: Weight of the loss that reads each sample from the others of its batch.
        anchor_weight: Weight of the distance between a dream's code and its original code.
        trust: Share of the memory in the fused answer; the rest is that of the head.
        dream_every: New samples between two sleeps; 0 for a sleep at the end of each experience, if
            task boundaries are given.
    """

    encoder: Literal["fixed", "learned"] = "fixed"
    budget: int = 0
    mem_size: int = 200
    slots: int | None = None
    features: int = 0
    slow_share: float = 0.6
    surprise: bool = True
    correction: float = -1.0
    sharpness: float = 40.0
    code: int = 0
    bits: int = 4
    top_k: int = 16
    hidden: int = 400
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
        for name in ("temperature", "sharpness"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} = {getattr(self, name)} must be greater than 0")
        if self.trust > 1:
            raise ValueError(f"trust = {self.trust} must be at most 1")
        if self.slow_share >= 1:
            raise ValueError(f"slow_share = {self.slow_share} must be below 1")
        if self.bits not in STEPS:
            raise ValueError(f"bits = {self.bits} must be one of {', '.join(map(str, STEPS))}")
        if self.features and self.features < MIN_FEATURES:
            raise ValueError(f"features = {self.features} must be at least {MIN_FEATURES}, or 0")

    def fitted(self, sample_bytes: int, classes: int, shape: tuple[int, ...]) -> Self:
        """Return these options with the sizes that fit: slots, features, and code width.

        Args:
            sample_bytes: Bytes of one raw sample with its label.
            classes: Number of classes ``K``.
            shape: Shape of a sample.

        Raises:
            ValueError: If there are fewer slots than classes, both slots and a budget are given, or
                such a bank is not possible.
        """
        if self.slots is not None and self.slots < 1:
            raise ValueError(f"slots = {self.slots} must be at least 1")
        if self.slots is not None and self.budget:
            raise ValueError(
                f"slots = {self.slots} and budget = {self.budget} both give the size: leave one out"
            )
        capacity = self.budget or self.mem_size * sample_bytes
        if self.encoder == "fixed":
            return self._fitted_fixed(capacity, shape, sample_bytes, classes)
        code = self.code or (
            WIDE_CODE
            if (self.slots or self._fitting(capacity, WIDE_CODE, classes)) >= MIN_WIDE_SLOTS
            else NARROW_CODE
        )
        slots = self.slots if self.slots is not None else self._fitting(capacity, code, classes)
        return self._checked(replace(self, code=code, slots=slots), 0, sample_bytes, classes)

    def _fitted_fixed(
        self, capacity: int, shape: tuple[int, ...], sample_bytes: int, classes: int
    ) -> Self:
        """Return the options with sizes for a slow memory and slots with fixed codes."""
        values, entries = math.prod(shape), 8 // self.bits
        code = self.code or max(entries, min(WIDE_CODE, values) // entries * entries)
        fixed = code_bytes(shape)
        if self.slots is not None:
            bank = bank_bytes(empty_bank(self.slots, code, classes, self.bits))
            slow, least = int(bank * self.slow_share / (1 - self.slow_share)), MIN_FEATURES_OF_SLOTS
        else:
            most = bank_bytes(empty_bank(MAX_SHARED_SLOTS, code, classes, self.bits))
            slow = max(int((capacity - fixed) * self.slow_share), capacity - fixed - most)
            least = MIN_FEATURES
        features = self.features or max(least, features_within(slow, classes))
        taken = fixed + slow_bytes(features, classes)
        slots = self.slots
        if slots is None:
            slots = self._fitting(capacity - taken, code, classes)
        return self._checked(
            replace(self, code=code, slots=slots, features=features), taken, sample_bytes, classes
        )

    def _checked(self, fitted: Self, others: int, sample_bytes: int, classes: int) -> Self:
        """Return fitted options.

        Args:
            fitted: The options.
            others: Bytes of everything but the bank.
            sample_bytes: Bytes of one raw sample with its label.
            classes: Number of classes.

        Raises:
            ValueError: If there are fewer slots than classes.
        """
        assert fitted.slots is not None
        if fitted.slots < classes:
            least = others + bank_bytes(empty_bank(classes, fitted.code, classes, self.bits))
            raise ValueError(
                f"{max(fitted.slots, 0)} slots are fewer than {classes} classes: give at least "
                f"budget={least}, mem_size={math.ceil(least / sample_bytes)} or slots={classes}"
            )
        return fitted

    def _fitting(self, capacity: int, code: int, classes: int) -> int:
        """Return how many slots of a code width fit in a number of bytes."""
        return (capacity - bank_bytes(empty_bank(0, code, classes, self.bits))) // slot_bytes(
            code, self.bits
        )
