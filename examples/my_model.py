"""A leaky average of the inputs: the state is one vector."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel, Signature, check_positive
from memnet.encoder import Encoder, Head, at_positions

KIND = "model"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the model.

    Attributes:
        width: Width of the state.
    """

    width: int = 64

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(width=self.width)


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """The average, ``[B, D]``."""

    mean: Tensor


class LeakyAverage(SequenceModel):
    """Encoder, leaky average, a hidden layer, head."""

    def __init__(self, config: Config, signature: Signature) -> None:
        super().__init__()
        self.encoder = Encoder(signature.vocabulary, signature.features, config.width)
        self.rate = nn.Parameter(torch.linspace(-3.0, 3.0, config.width))
        self.hidden = nn.Linear(2 * config.width, config.width)
        self.head = Head(self.encoder, signature.outputs)

    def initial_state(self, batch: int) -> State:
        """Return zeros, on the device and in the type of the parameters."""
        return State(mean=self.rate.new_zeros(batch, len(self.rate)))

    def forward(
        self,
        inputs: Tensor,
        state: State | None = None,
        *,
        targets: Tensor | None = None,
        positions: Tensor | None = None,
        record: Any = None,
        generator: torch.Generator | None = None,
    ) -> ModelOutput:
        """Read a piece of a sequence, ``[B, T]`` tokens or ``[B, T, F]`` features."""
        mean = (state or self.initial_state(len(inputs))).mean
        leak, means = torch.sigmoid(self.rate), []
        encoded = self.encoder(inputs)
        for step in encoded.unbind(1):
            mean = leak * mean + (1 - leak) * step
            means.append(mean)
        hidden = self.hidden(torch.cat([encoded, torch.stack(means, dim=1)], dim=2)).relu()
        logits = self.head(at_positions(hidden, positions))
        return ModelOutput(logits=logits, state=State(mean=mean))


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    return LeakyAverage(config, signature)
