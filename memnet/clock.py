"""The memory clock: a count of writes, as a sinusoidal code.

It counts what was stored, not what went by, so it gives order that holds at any distance ("the
third thing I stored"). A soft sum of gates would drift; the count is exact, and passes its gradient
straight through to the gates.

Legend: ``B`` memories, ``H`` heads, ``C`` tokens.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

FREQUENCIES = 4
CODE_WIDTH = 2 * FREQUENCIES

FINE = 16
"""Sinusoids of a fine code."""

START = 0.02
"""Standard deviation of the initial weights from clocks to keys and queries."""


def code(count: Float[Tensor, "*lead"]) -> Float[Tensor, "*lead code"]:
    """Sinusoids of a count, periods from 2π to 128π (Vaswani et al. 2017)."""
    rates = torch.exp2(-2.0 * torch.arange(FREQUENCIES, device=count.device, dtype=count.dtype))
    angle = count.unsqueeze(-1) * rates
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


def codes(count: Float[Tensor, "B H C"]) -> Float[Tensor, "B 1 C H*code"]:
    """The codes of all heads' clocks side by side, for every head to see."""
    return code(count).transpose(1, 2).flatten(2).unsqueeze(1)


def projection(clocks: int, heads: int, width: int) -> Float[Tensor, "heads clocks*code width"]:
    """Initial weights from the clocks to keys: small, so that keys start as contents, and not zero, where no clock could be learnt."""
    return START * torch.randn(heads, clocks * CODE_WIDTH, width)


def straight_through_count(gate: Float[Tensor, "*lead C"]) -> Float[Tensor, "*lead C"]:
    """``1[g > 0]`` per token, with the gradient of g."""
    return (gate.detach() > 0).to(gate.dtype) + (gate - gate.detach())


def before(
    start: Float[Tensor, "*lead"], steps: Float[Tensor, "*lead C"]
) -> Float[Tensor, "*lead C"]:
    """Running total before each token: ``start + Σ_{s<t} steps_s``."""
    return start.unsqueeze(-1) + steps.cumsum(-1) - steps


def fine_code(count: Float[Tensor, "*lead"]) -> Float[Tensor, "*lead 2*FINE"]:
    """Sinusoids of a count at unit norm, periods from 2π to 1,138: neighbours are told apart, and far counts not taken for near ones."""
    rates = torch.exp2(-0.5 * torch.arange(FINE, device=count.device, dtype=count.dtype))
    angle = count.unsqueeze(-1) * rates
    return torch.cat([angle.sin(), angle.cos()], dim=-1).div(math.sqrt(FINE))
