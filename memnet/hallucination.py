"""The hallucination heads: the input is reconstructed from memory only."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class HallucinationHead(nn.Module):
    """Reconstruct the input from the read vector.

    ``x̂ = MLP(read)``, trained by ``MSE(x̂, x)`` with x detached.

    Only the read vector enters, so the memory must hold the information that reconstructs the input
    (Hinton & Salakhutdinov 2006, with the slots as the code).

    Args:
        width: Width of a read vector.
        outputs: Width of the reconstruction.
    """

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.decode = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, outputs))

    def forward(self, read: Float[Tensor, "*lead D"]) -> Float[Tensor, "*lead X"]:
        """Return the reconstructed input."""
        rebuilt: Tensor = self.decode(read)
        return rebuilt

    def loss(
        self, read: Float[Tensor, "*lead D"], inputs: Float[Tensor, "*lead X"]
    ) -> Float[Tensor, ""]:
        """Mean squared error between the reconstruction and the input, which gets no gradient."""
        return functional.mse_loss(self(read), inputs.detach())


class SampleHallucination(nn.Module):
    """Decode a code into its sample.

    ``x̂ = V·c + MLP(c)``, in logits of values in [0, 1].

    The linear path is the counterpart of the one in :class:`memnet.bottleneck.UnitBottleneck`.

    Args:
        code: E.
        hidden: Hidden width.
        values: X, the values of a sample.
    """

    def __init__(self, code: int, hidden: int, values: int) -> None:
        super().__init__()
        self.decode = nn.Sequential(nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, values))
        self.pass_by = nn.Linear(code, values, bias=False)

    def forward(self, codes: Float[Tensor, "n E"]) -> Float[Tensor, "n X"]:
        """Return the logits of the values."""
        logits: Tensor = self.decode(codes) + self.pass_by(codes)
        return logits
