"""LSTM: gated recurrence (Hochreiter & Schmidhuber 1997)."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel, Signature, check_positive
from memnet.encoder import Encoder, Head, at_positions

VERSION = 1
TITLE = "LSTM"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options: ``width`` of the cell, number of ``layers``."""

    width: int = 96
    layers: int = 1

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(width=self.width, layers=self.layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class LSTMState:
    """Hidden and cell state of each layer."""

    hidden: Float[Tensor, "B layers D"]
    cell: Float[Tensor, "B layers D"]


class LSTM(SequenceModel):
    """Encoder, stacked LSTM, head."""

    def __init__(self, config: Config, signature: Signature) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(signature.vocabulary, signature.features, config.width)
        self.recurrence = nn.LSTM(config.width, config.width, config.layers, batch_first=True)
        self.head = Head(self.encoder, signature.outputs)

    def initial_state(self, batch: int) -> LSTMState:
        """Return zeros."""
        zeros = next(self.parameters()).new_zeros(batch, self.config.layers, self.config.width)
        return LSTMState(hidden=zeros, cell=zeros.clone())

    def forward(
        self,
        inputs: Int[Tensor, "B T"] | Float[Tensor, "B T F"],
        state: LSTMState | None = None,
        *,
        targets: Int[Tensor, "B P"] | None = None,
        positions: Int[Tensor, "B P"] | None = None,
        record: object = None,
        generator: torch.Generator | None = None,
    ) -> ModelOutput:
        """See :class:`baselines.interface.SequenceModel`."""
        if state is None:
            state = self.initial_state(inputs.shape[0])
        layered = (
            state.hidden.transpose(0, 1).contiguous(),
            state.cell.transpose(0, 1).contiguous(),
        )
        outputs, (hidden, cell) = self.recurrence(self.encoder(inputs), layered)
        after = LSTMState(hidden=hidden.transpose(0, 1), cell=cell.transpose(0, 1))
        return ModelOutput(logits=self.head(at_positions(outputs, positions)), state=after)


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    return LSTM(config, signature)
