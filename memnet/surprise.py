"""Surprise: how improbable an input was, given the input before it.

An input that was foreseen needs no recording. So surprise opens the gate that records
(`memnet.tape`), as in the history compressor of Schmidhuber 1992 ("Learning Complex, Extended
Sequences Using the Principle of History Compression"), where only inputs that were not predicted
reach the next level.

Legend: ``B`` batch, ``T`` time, ``D`` width, ``F`` features.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

INITIAL_ALERTNESS = 4.0
"""Initial factor on the surprise.

A foreseen input is not recorded then, and a surprising one is, before anything else is learned.
Without surprise, a gate learns what to record only from reads of the right place, and these need a
gate that has learned it: on some seeds both then closed.
"""
SHARPNESS = 2.0
"""Factor on the logarithm of a relative error."""
MIN_RELATIVE_ERROR = 1e-6
"""Smallest error relative to the average."""
AVERAGE_DECAY = 0.99
"""Decay of the running average of the error, per step of training."""
PREDICTED_CLASSES = 256
"""Most classes of tokens; token types of a larger vocabulary share classes."""


class Surprise(nn.Module):
    """Predict each input from the one before it, and compare.

        y_t = P·x_{t−1} + b          (x: encoded inputs, which get no gradient)
        e_t = −log softmax(y_t)[input_t]         (tokens)
        e_t = |y_t − input_t|² / F               (features)
        s_t = tanh(SHARPNESS·log(e_t / ē))       (ē: the running average of e in training)
        alarm_t = c·s_t              (c: the alertness, learned)

    So the surprise s is near -1 for an input that was foreseen, 0 if no input is more probable than
    another, and at most 1.

    Args:
        width: D.
        vocabulary: Token types, or None for features.
        features: Features per step, or None for tokens.
    """

    average: Tensor

    def __init__(self, width: int, *, vocabulary: int | None, features: int | None) -> None:
        super().__init__()
        if vocabulary is not None:
            outputs = min(vocabulary, PREDICTED_CLASSES)
        else:
            assert features is not None
            outputs = features
        self.predict = nn.utils.skip_init(nn.Linear, width, outputs)
        nn.init.zeros_(self.predict.weight)
        nn.init.zeros_(self.predict.bias)
        self.alertness = nn.Parameter(torch.tensor(INITIAL_ALERTNESS))
        start = 1.0 if vocabulary is None else math.log(max(outputs, 2))
        self.register_buffer("average", torch.tensor(start))

    def forward(
        self,
        inputs: Int[Tensor, "B T"] | Float[Tensor, "B T F"],
        encoded: Float[Tensor, "B T D"],
        before: Float[Tensor, "B D"],
    ) -> tuple[Float[Tensor, "B T"], Float[Tensor, ""]]:
        """Compare the inputs with their predictions.

        Args:
            inputs: Tokens or features.
            encoded: The same, encoded.
            before: The encoded input before the first of them; zeros if there is none.

        Returns:
            The alarm, with a gradient of the alertness alone, and the mean error of the
            predictions.
        """
        earlier = torch.cat([before.unsqueeze(1), encoded[:, :-1]], dim=1).detach()
        predicted = self.predict(earlier.to(self.predict.weight.dtype))
        if inputs.is_floating_point():
            errors = (predicted - inputs.detach()).square().mean(-1)
        else:
            classes = inputs % self.predict.out_features
            errors = functional.cross_entropy(predicted.mT, classes, reduction="none")
        relative = (errors.detach() / self.average).clamp_min(MIN_RELATIVE_ERROR)
        return self.alertness * (SHARPNESS * relative.log()).tanh(), errors.mean()

    def follow(self, error: Float[Tensor, ""]) -> None:
        """Update the running average by the mean error of a training step."""
        self.average.lerp_(error.detach().to(self.average.dtype), 1.0 - AVERAGE_DECAY)
