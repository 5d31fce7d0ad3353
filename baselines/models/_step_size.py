"""Initial step lengths: Δ = softplus(b), log-uniform in a range.

As in the code of Mamba (Gu & Dao 2023, section 3.6).
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

SHORTEST, LONGEST = 1e-3, 1e-1
"""Initial range of Δ."""


def step_biases(count: int) -> Float[Tensor, " count"]:
    """Draw b from the global generator, as initialisers do."""
    lengths = torch.empty(count).uniform_(math.log(SHORTEST), math.log(LONGEST)).exp()
    return inverse_softplus(lengths)


def inverse_softplus(positive: Float[Tensor, " count"]) -> Float[Tensor, " count"]:
    """Return x with ``softplus(x) = positive``."""
    return positive + (-torch.expm1(-positive)).log()
