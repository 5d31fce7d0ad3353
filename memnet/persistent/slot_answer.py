"""What a persistent memory without weights answers from: the errors of its slots, and their weight.

A slot's error is what the slow memory gets wrong on the slot's dream. The weight γ of the errors is
that by which reading the *other* slots best predicts the error on a slot, by least squares, shrunk
by the share of the samples that have slots::

    γ = (N / n) · Σ_j ⟨p_j, r_j⟩ / Σ_j |p_j|²,      p_j = Σ_{i≠j} a_i(c_j) · r_i

Legend: ``B`` batch, ``D`` features, ``E`` width of a code, ``K`` classes, ``N`` full slots, ``n``
samples seen.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from memnet.persistent.bank import PersistentBank, SlotRead, read
from memnet.persistent.config import PersistentConfig
from memnet.persistent.quantization import unpack

SLOT_QUERIES = 2000
"""Slots from which the weight of the correction is estimated."""

SLOTS_AT_A_TIME = 500
"""Slots whose dreams are answered at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotAnswer:
    """What answers are computed from.

    Attributes:
        solution: The slow memory's W.
        errors: Its errors ``r`` on the dreams of the slots; 0 for empty ones.
        trust: γ.
    """

    solution: Float[Tensor, "D K"]
    errors: Float[Tensor, "slots K"]
    trust: float


def slot_answer(
    bank: PersistentBank,
    config: PersistentConfig,
    solution: Float[Tensor, "D K"],
    features: Callable[[Int[Tensor, "m"]], Float[Tensor, "m D"]],
) -> SlotAnswer:
    """Compute the errors of the slots and their weight.

    Args:
        bank: The slots.
        config: Options of the memory.
        solution: The slow memory's W.
        features: Returns the features of the dreams of slots.
    """
    classes = solution.shape[1]
    errors = solution.new_zeros(len(bank.links), classes)
    for slots in torch.nonzero(bank.occupied).flatten().split(SLOTS_AT_A_TIME):
        scores = features(slots) @ solution
        errors[slots] = functional.one_hot(bank.target[slots].long(), classes) - scores
    return SlotAnswer(solution=solution, errors=errors, trust=_trust(bank, config, errors))


def read_codes(
    bank: PersistentBank,
    codes: Float[Tensor, "B E"],
    config: PersistentConfig,
    excluded: Int[Tensor, "B"] | None = None,
) -> SlotRead:
    """Read the slots that match codes best, each except a given slot."""
    sharpness = codes.new_tensor(config.sharpness)
    return read(bank, codes, sharpness, config.top_k, config.bits, excluded)


def spread_errors(found: SlotRead, errors: Float[Tensor, "slots K"]) -> Float[Tensor, "B K"]:
    """Spread the activation of the slots read along their edges: ``Σ_i a_i · r_i``."""
    spread: Tensor = (found.weights.unsqueeze(-1) * errors[found.slots]).sum(1)
    return spread


def _trust(
    bank: PersistentBank, config: PersistentConfig, errors: Float[Tensor, "slots K"]
) -> float:
    """Return γ, at least 0 and at most 1; 0 if no slot has another."""
    if config.correction >= 0:
        return config.correction
    full = torch.nonzero(bank.occupied).flatten()
    if len(full) < 2:
        return 0.0
    chosen = full[:: math.ceil(len(full) / SLOT_QUERIES)]
    codes = unpack(bank.codes[chosen], config.bits)
    predicted = spread_errors(read_codes(bank, codes, config, excluded=chosen), errors)
    shared = float((predicted * errors[chosen]).sum())
    squares = float((predicted**2).sum()) * int(bank.clock) / len(full)
    return min(1.0, max(0.0, shared / squares)) if squares > 0 else 0.0
