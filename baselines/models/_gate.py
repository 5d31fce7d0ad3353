"""The output gate of recurrences with a large state: ``silu(W x + b)``, initially open.

Published gates have no bias (Gu & Dao 2023; Yang et al. 2024, "Gated Delta Networks"): their
initial values are near zero and have either sign, so the signs of the read vector are mixed. With a
bias the initial values are around one, and associative recall is learned in fewer steps.

Legend: ``B`` batch, ``T`` time, ``D`` width, ``E`` channels.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

OPEN = 1.2784645
"""silu(OPEN) = 1."""


class OpenGate(nn.Module):
    """A factor for each channel.

    Args:
        width: D.
        channels: E.
    """

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, channels)
        nn.init.constant_(self.linear.bias, OPEN)

    def forward(self, hidden: Float[Tensor, "B T D"]) -> Float[Tensor, "B T E"]:
        """Return the factors."""
        return functional.silu(self.linear(hidden))
