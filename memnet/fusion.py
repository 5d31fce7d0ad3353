"""Fusion of the controller's state and the read vector."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Fusion(nn.Module):
    """A gated sum.

    ``y = (1 − f) ⊙ h + f ⊙ R·r,  f = σ(F·[h, R·r])``

    Graves et al. 2016 add; the gate is that of Cho et al. 2014.

    Args:
        width: D, of the state and of the read vector.
        readout: Initial value of R, ``[D, D]``: the transpose of the path into memory, so that a
            read returns the content as it was before writing. None for a random one.
    """

    def __init__(self, width: int, readout: Float[Tensor, "D D"] | None = None) -> None:
        super().__init__()
        self.read = nn.Linear(width, width, bias=False)
        self.gate = nn.Linear(2 * width, width)
        nn.init.zeros_(self.gate.weight)
        nn.init.zeros_(self.gate.bias)
        if readout is not None:
            with torch.no_grad():
                self.read.weight.copy_(readout)

    def forward(
        self, hidden: Float[Tensor, "B C D"], read: Float[Tensor, "B C D"]
    ) -> Float[Tensor, "B C D"]:
        """Return the fused state."""
        brought = self.read(read)
        gate = torch.sigmoid(self.gate(torch.cat([hidden, brought], dim=-1)))
        fused: Tensor = hidden + gate * (brought - hidden)
        return fused
