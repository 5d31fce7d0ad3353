"""A small model for tests, independent of the registered ones."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel, Signature


@dataclass(frozen=True)
class GruState:
    hidden: Tensor


class Gru(SequenceModel):
    """A GRU whose last hidden state is also its features."""

    def __init__(self, signature: Signature, width: int = 32) -> None:
        super().__init__()
        assert signature.features is not None
        self.width = width
        self.gru = nn.GRU(signature.features, width, batch_first=True)
        self.out = nn.Linear(width, signature.outputs)

    def initial_state(self, batch: int) -> GruState:
        return GruState(torch.zeros(batch, self.width))

    def forward(
        self,
        inputs: Tensor,
        state: GruState | None = None,
        *,
        positions: Tensor | None = None,
        **_: Any,
    ) -> ModelOutput:
        hidden, last = self.gru(inputs, None if state is None else state.hidden.unsqueeze(0))
        if positions is not None:
            hidden = hidden.gather(1, positions.unsqueeze(-1).expand(-1, -1, self.width))
        return ModelOutput(logits=self.out(hidden), state=GruState(last[0]))

    def features(self, inputs: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        return self.gru(inputs)[1][0]
