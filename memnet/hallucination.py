"""The hallucination head: the input rebuilt from memory alone."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class HallucinationHead(nn.Module):
    """Decode what was read back into what was seen: ``x̂ = MLP(read)``, trained by ``MSE(x̂, x)`` with x detached.

    Nothing but the read vector enters, so the memory must hold what is needed to rebuild the input (Hinton & Salakhutdinov 2006, with the
    slots as the code).

    Args:
        width: Width of a read vector.
        outputs: Width of what is rebuilt.
    """

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.decode = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, outputs))

    def forward(self, read: Float[Tensor, "*lead D"]) -> Float[Tensor, "*lead X"]:
        """Return the rebuilt input."""
        rebuilt: Tensor = self.decode(read)
        return rebuilt

    def loss(self, read: Float[Tensor, "*lead D"], inputs: Float[Tensor, "*lead X"]) -> Float[Tensor, ""]:
        """Mean squared error between what is rebuilt and the input, which gets no gradient."""
        return functional.mse_loss(self(read), inputs.detach())
