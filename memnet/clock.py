"""The memory clock: a count of writes, as a sinusoidal code.

It counts stored tokens, not seen tokens, so it encodes an order that is independent of distance
("the third thing I stored"). A soft sum of gates would drift; the count is exact, and its gradient
passes straight through to the gates.

Legend: ``B`` memories, ``H`` heads, ``C`` tokens.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

FREQUENCIES = 4
CODE_WIDTH = 2 * FREQUENCIES

FINE = 16
"""Number of sinusoids of a fine code."""

INITIAL_CLOCK_SCALE = 0.02
"""Standard deviation of the initial weights from clocks to keys and queries."""


def code(count: Float[Tensor, "*lead"]) -> Float[Tensor, "*lead code"]:
    """Sinusoids of a count, periods from 2π to 128π (Vaswani et al. 2017)."""
    rates = torch.exp2(-2.0 * torch.arange(FREQUENCIES, device=count.device, dtype=count.dtype))
    angle = count.unsqueeze(-1) * rates
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


def codes(count: Float[Tensor, "B H C"]) -> Float[Tensor, "B 1 C H*code"]:
    """Return the clock codes of all heads, concatenated, as input of every head."""
    return code(count).transpose(1, 2).flatten(2).unsqueeze(1)


def projection(clocks: int, heads: int, width: int) -> Float[Tensor, "heads clocks*code width"]:
    """Initial weights from the clocks to keys.

    They are small, so that keys initially depend on contents only. They are not zero, so that the
    use of the clock can be learned.
    """
    return INITIAL_CLOCK_SCALE * torch.randn(heads, clocks * CODE_WIDTH, width)


def straight_through_count(gate: Float[Tensor, "*lead C"]) -> Float[Tensor, "*lead C"]:
    """``1[g > 0]`` per token, with the gradient of g."""
    return (gate.detach() > 0).to(gate.dtype) + (gate - gate.detach())


def before(
    start: Float[Tensor, "*lead"], steps: Float[Tensor, "*lead C"]
) -> Float[Tensor, "*lead C"]:
    """Running total before each token: ``start + Σ_{s<t} steps_s``."""
    return start.unsqueeze(-1) + steps.cumsum(-1) - steps


def fine_code(count: Float[Tensor, "*lead"]) -> Float[Tensor, "*lead 2*FINE"]:
    """Return sinusoids of a count with unit norm and periods from 2π to 1,138.

    Neighbouring counts are distinguishable, and distant counts are not confused with near ones.
    """
    rates = torch.exp2(-0.5 * torch.arange(FINE, device=count.device, dtype=count.dtype))
    angle = count.unsqueeze(-1) * rates
    return torch.cat([angle.sin(), angle.cos()], dim=-1).div(math.sqrt(FINE))
