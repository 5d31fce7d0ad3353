"""The output type of every sequence model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOutput:
    """Output of one forward pass over a piece of a sequence.

    Attributes:
        logits: ``[B, T, V]``, or ``[B, P, V]`` if query ``positions`` were given.
        state: State that the model carries to the next piece: a frozen dataclass whose tensors are
            all batch-first (or None).
        losses: Named auxiliary terms, unweighted scalars; the objective weighs and adds them.
    """

    logits: Float[Tensor, "B P V"]
    state: Any
    losses: Mapping[str, Float[Tensor, ""]] = field(default_factory=dict)
