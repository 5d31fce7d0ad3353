"""LSTM: gated recurrence (Hochreiter & Schmidhuber 1997)."""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel, Signature, check_positive
from baselines.models._chrono import chrono_biases
from memnet.encoder import Encoder, Head, at_positions

VERSION = 2
TITLE = "LSTM"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options.

    Attributes:
        width: D, of the cell.
        layers: Layers.
        init: Initial biases of the forget gates: *chrono* spreads them over the training length
            (:mod:`baselines.models._chrono`), *forget* is 1 for all cells (Jozefowicz et al. 2015),
            *plain* is PyTorch's, around 0.
    """

    width: int = 96
    layers: int = 1
    init: Literal["chrono", "forget", "plain"] = "chrono"

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
        if config.init != "plain":
            self._open_forget_gates(signature.length)

    @torch.no_grad()
    def _open_forget_gates(self, length: int) -> None:
        """Set the initial biases of the forget gates, and with *chrono* of the input gates.

        Chrono initialisation closes an input gate as far as its forget gate is open: its bias is
        ``−b_f``. PyTorch adds two bias vectors, in the order input, forget, cell and output gate:
        in these gates the second one is set to zero.
        """
        for layer in range(self.config.layers):
            first = getattr(self.recurrence, f"bias_ih_l{layer}").view(4, -1)
            second = getattr(self.recurrence, f"bias_hh_l{layer}").view(4, -1)
            first[1], second[1] = 1.0, 0.0
            if self.config.init == "chrono":
                first[1] = chrono_biases(self.config.width, length)
                first[0], second[0] = -first[1], 0.0

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
