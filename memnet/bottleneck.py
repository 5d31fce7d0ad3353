"""SemanticBottleneck: the part of the controller's state that the memory may store.

Legend: ``B`` batch, ``C`` tokens, ``D`` width of the state, ``Z`` bottleneck, ``E`` width of a
persistent code, ``X`` values of a sample.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from memnet.persistent.quantization import dithered


class SemanticBottleneck(nn.Module):
    """Compress the controller's state before it can be written.

    ``z = RMSNorm(P·h)`` (Tishby et al. 2000, the information bottleneck).

    ``P`` starts with orthonormal rows, so that codes of different states differ from the first step
    on.

    Args:
        width: D.
        bottleneck: Z, at most D.
    """

    def __init__(self, width: int, bottleneck: int) -> None:
        super().__init__()
        self.project = nn.Linear(width, bottleneck, bias=False)
        self.norm = nn.RMSNorm(bottleneck)
        nn.init.orthogonal_(self.project.weight)

    def forward(self, hidden: Float[Tensor, "B C D"]) -> Float[Tensor, "B C Z"]:
        """Return the codes offered for writing."""
        codes: Tensor = self.norm(self.project(hidden))
        return codes


class UnitBottleneck(nn.Module):
    """Map a sample and its features to a code of norm ``√E``.

    ``c = √E · u / ‖u‖`` with ``u = P·h + Q·x + b``. During training, the quantisation noise is
    added.

    Features identify the class of a sample. Its appearance passes through the linear path ``Q``,
    which is learned about as fast as principal components are found. Without this path, dreams are
    so blurred after one pass over the data that rehearsing them retains less than rehearsing a few
    of the samples themselves.

    Args:
        width: D.
        values: X, the values of a sample.
        code: E.
        bits: Bits per stored entry.
        generator: Source of the noise.
    """

    def __init__(
        self, width: int, values: int, code: int, bits: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.project = nn.Linear(width, code)
        self.pass_by = nn.Linear(values, code, bias=False)
        self.bits = bits
        self.generator = generator

    def forward(
        self, features: Float[Tensor, "B D"], samples: Float[Tensor, "B X"]
    ) -> Float[Tensor, "B E"]:
        """Return the codes."""
        mixed = self.project(features) + self.pass_by(samples)
        codes = functional.normalize(mixed, dim=-1) * math.sqrt(self.project.out_features)
        return dithered(codes, self.bits, self.generator) if self.training else codes


class CausalTaps(nn.Module):
    """A short causal convolution that projects to each memory head.

    ``y_t = P_h·Σ_τ c_hτ ⊙ z_{t−τ}``.

    Initially one tap per head is 1 and the others are 0, or all taps are random if ``start`` is
    None; ``P`` has orthonormal rows.

    Args:
        width: Z.
        taps: Number of tokens it reaches, including the present one.
        heads: Number of heads H.
        outputs: Width K of each head's output.
        start: Tap that is initially 1; None for random taps of the same norm.
    """

    def __init__(
        self, width: int, taps: int, heads: int, outputs: int, start: int | None = None
    ) -> None:
        super().__init__()
        weight = torch.zeros(heads, taps, width)
        if start is None:
            nn.init.normal_(weight, std=taps**-0.5)
        else:
            weight[:, min(start, taps - 1)] = 1.0
        self.weight = nn.Parameter(weight)
        self.project = nn.Parameter(
            nn.init.orthogonal_(torch.empty(heads * outputs, width)).unflatten(0, (heads, outputs))
        )

    def forward(self, context: Float[Tensor, "B taps-1+C Z"]) -> Float[Tensor, "B H C K"]:
        """Convolve; ``context`` starts with the ``taps − 1`` codes before the first token."""
        heads, taps, width = self.weight.shape
        # One product for all taps and heads: [B, C, taps·Z] × [taps·Z, H·K].
        reached = reached_by_taps(context, taps)
        kernel = torch.einsum("hkz,htz->tzhk", self.project, self.weight).reshape(taps * width, -1)
        convolved: Tensor = (reached @ kernel).unflatten(-1, (heads, -1)).transpose(1, 2)
        return convolved.contiguous()


def reached_by_taps(
    context: Float[Tensor, "B taps-1+C Z"], taps: int
) -> Float[Tensor, "B C taps*Z"]:
    """Return the codes of each token and of the ``taps − 1`` tokens before it, the latest first."""
    count = context.shape[1] - taps + 1
    return torch.cat(
        [context[:, taps - 1 - tap : taps - 1 - tap + count] for tap in range(taps)], dim=-1
    )
