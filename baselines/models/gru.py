"""GRU: gated recurrence with one state (Cho et al. 2014)."""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel, Signature, check_positive
from baselines.models._chrono import chrono_biases
from memnet.encoder import Encoder, Head, at_positions

VERSION = 2
TITLE = "GRU"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options. At the default width it has as many parameters as the LSTM.

    Attributes:
        width: D, of the state.
        layers: Layers.
        init: Initial biases of the update gates: *chrono* spreads them over the training length
            (:mod:`baselines.models._chrono`), *plain* is PyTorch's, around 0.
    """

    width: int = 112
    layers: int = 1
    init: Literal["chrono", "plain"] = "chrono"

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(width=self.width, layers=self.layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class GRUState:
    """State of each layer."""

    hidden: Float[Tensor, "B layers D"]


class GRU(SequenceModel):
    """Encoder, stacked GRU, head."""

    def __init__(self, config: Config, signature: Signature) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(signature.vocabulary, signature.features, config.width)
        self.recurrence = nn.GRU(config.width, config.width, config.layers, batch_first=True)
        self.head = Head(self.encoder, signature.outputs)
        if config.init == "chrono":
            self._open_update_gates(signature.length)

    @torch.no_grad()
    def _open_update_gates(self, length: int) -> None:
        """Set the initial biases of the update gates.

        In PyTorch the gate z is the share that is kept, ``h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}``; the
        paper's gate is 1 − z, with the bias ``−log u``. PyTorch adds two bias vectors, in the order
        reset gate, update gate and candidate: in the update gate the second one is set to zero.
        """
        for layer in range(self.config.layers):
            first = getattr(self.recurrence, f"bias_ih_l{layer}").view(3, -1)
            second = getattr(self.recurrence, f"bias_hh_l{layer}").view(3, -1)
            first[1], second[1] = chrono_biases(self.config.width, length), 0.0

    def initial_state(self, batch: int) -> GRUState:
        """Return zeros."""
        return GRUState(
            hidden=next(self.parameters()).new_zeros(batch, self.config.layers, self.config.width)
        )

    def forward(
        self,
        inputs: Int[Tensor, "B T"] | Float[Tensor, "B T F"],
        state: GRUState | None = None,
        *,
        targets: Int[Tensor, "B P"] | None = None,
        positions: Int[Tensor, "B P"] | None = None,
        record: object = None,
        generator: torch.Generator | None = None,
    ) -> ModelOutput:
        """See :class:`baselines.interface.SequenceModel`."""
        if state is None:
            state = self.initial_state(inputs.shape[0])
        outputs, hidden = self.recurrence(
            self.encoder(inputs), state.hidden.transpose(0, 1).contiguous()
        )
        return ModelOutput(
            logits=self.head(at_positions(outputs, positions)),
            state=GRUState(hidden=hidden.transpose(0, 1)),
        )


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model."""
    return GRU(config, signature)
