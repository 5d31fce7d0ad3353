"""Surprise: how badly an input was predicted from the input before it.

An input that was foreseen needs no recording. So surprise opens the gate that records
(`memnet.tape`), as in the history compressor of Schmidhuber 1992 ("Learning Complex, Extended
Sequences Using the Principle of History Compression"), where only inputs that were not predicted
reach the next level.

Legend: ``B`` batch, ``T`` time, ``D`` width.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

INITIAL_ALERTNESS = 4.0
"""Initial factor on the surprise.

A foreseen input is not recorded then, and one of the largest surprise is, before anything else is
learned. Without surprise, a gate learns what to record only from reads of the right place, and
these need a gate that has learned it: on some seeds both then closed.
"""
AVERAGE_DECAY = 0.99
"""Decay of the running average of the error, per step of training."""


class Surprise(nn.Module):
    """Predict each encoded input from the one before it, and compare.

        x̂_t = P·x_{t−1} + b          (trained by MSE(x̂, x); no gradient reaches x)
        e_t = |x̂_t − x_t|² / D
        s_t = min(e_t / ē, 2) − 1    (ē: the running average of e in training)
        alarm_t = c·s_t              (c: the alertness, learned)

    So the surprise s is -1 for an input that was foreseen, about 0 if no input is more predictable
    than another, and at most 1.

    Args:
        width: D.
    """

    average: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.predict = nn.utils.skip_init(nn.Linear, width, width)
        nn.init.zeros_(self.predict.weight)
        nn.init.zeros_(self.predict.bias)
        self.alertness = nn.Parameter(torch.tensor(INITIAL_ALERTNESS))
        self.register_buffer("average", torch.ones(()))

    def forward(
        self, encoded: Float[Tensor, "B T D"], before: Float[Tensor, "B D"]
    ) -> tuple[Float[Tensor, "B T"], Float[Tensor, ""]]:
        """Compare the inputs with their predictions.

        Args:
            encoded: Encoded inputs.
            before: The encoded input before the first of them; zeros if there is none.

        Returns:
            The alarm, with a gradient of the alertness alone, and the mean squared error of the
            predictions.
        """
        inputs = encoded.detach().to(self.predict.weight.dtype)
        earlier = torch.cat([before.detach().unsqueeze(1).to(inputs.dtype), inputs[:, :-1]], dim=1)
        errors = (self.predict(earlier) - inputs).square().mean(-1)
        surprise = (errors.detach() / self.average).clamp_max(2.0) - 1.0
        return self.alertness * surprise, errors.mean()

    def follow(self, error: Float[Tensor, ""]) -> None:
        """Update the running average by the mean squared error of a training step."""
        self.average.lerp_(error.detach().to(self.average.dtype), 1.0 - AVERAGE_DECAY)
