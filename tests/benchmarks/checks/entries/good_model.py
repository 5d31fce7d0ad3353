"""A GRU that fulfils the contract of models."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel, Signature, check_positive
from memnet.encoder import Encoder, Head, at_positions

KIND = "model"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the model."""

    width: int = 32

    def __post_init__(self) -> None:
        check_positive(width=self.width)


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    hidden: Tensor


class Model(SequenceModel):
    def __init__(self, config: Config, signature: Signature) -> None:
        super().__init__()
        self.steps = 0
        self.encoder = Encoder(signature.vocabulary, signature.features, config.width)
        self.gru = nn.GRU(config.width, config.width, batch_first=True)
        self.head = Head(self.encoder, signature.outputs)

    def initial_state(self, batch: int) -> State:
        return State(hidden=next(self.parameters()).new_zeros(batch, self.gru.hidden_size))

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
        state = state or self.initial_state(len(inputs))
        outputs, hidden = self.gru(self.encoder(inputs), state.hidden.unsqueeze(0).contiguous())
        logits = self.head(at_positions(outputs, positions))
        return ModelOutput(logits=logits, state=State(hidden=hidden.squeeze(0)))


def build(config: Config, signature: Signature) -> SequenceModel:
    return Model(config, signature)
