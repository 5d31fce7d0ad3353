"""A short causal depthwise convolution over time, whose last inputs are carried between pieces.

Recurrences with a matrix state use it before them (Gu & Dao 2023; Yang et al. 2024, "Parallelizing
Linear Transformers with the Delta Rule over Sequence Length"), since it lets a step see the
previous one.

Legend: ``B`` batch, ``T`` time, ``C`` channels, ``K`` taps.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

TAPS = 4
"""Taps of the published models, including the present step."""


class ShortConvolution(nn.Module):
    """``y_t = silu(b + Σ_τ w_τ ⊙ x_{t−τ})``, τ from 0 to K − 1, with zeros before the first step.

    Args:
        channels: C.
        taps: K.
        bias: Whether there is a b.
    """

    def __init__(self, channels: int, taps: int = TAPS, *, bias: bool = False) -> None:
        super().__init__()
        self.taps = taps
        self.convolution = nn.Conv2d(channels, channels, (1, taps), groups=channels, bias=bias)

    def initial_context(self, batch: int) -> Float[Tensor, "B K-1 C"]:
        """Return zeros: the inputs before the first step."""
        weight = self.convolution.weight
        return weight.new_zeros(batch, self.taps - 1, weight.shape[0])

    def forward(
        self, inputs: Float[Tensor, "B T C"], context: Float[Tensor, "B K-1 C"]
    ) -> tuple[Float[Tensor, "B T C"], Float[Tensor, "B K-1 C"]]:
        """Convolve a piece.

        Args:
            inputs: The piece.
            context: The K − 1 steps before it.

        Returns:
            The result, and the last K − 1 steps.
        """
        reached = torch.cat([context, inputs], dim=1)
        # As an image of height 1 with its channels last, PyTorch convolves in half the time of a
        # one-dimensional convolution.
        image = reached.transpose(1, 2).unsqueeze(2)
        convolved = functional.silu(self.convolution(image)).squeeze(2).transpose(1, 2)
        return convolved, reached[:, inputs.shape[1] :]
