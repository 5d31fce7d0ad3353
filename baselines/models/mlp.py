"""MLP: two hidden layers of 400 ReLU over a whole sample, as in van de Ven et al., Nature Machine Intelligence 2022.

It reads samples of a fixed length, which is what streams are made of; tasks, whose sequences go far beyond their training length, are
refused. Fed piece by piece it keeps the last ``length`` steps and answers for them, zeros standing for what came before the first.

Shapes: ``B`` batch, ``T`` time, ``F`` features, ``L`` length of a sample, ``P`` places where an answer is wanted, ``V`` classes,
``D`` width.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel, Signature
from memnet.encoder import at_positions
from results.errors import UsageError

VERSION = 1
INPUTS = ("samples",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options: ``width`` of the hidden layers and how many ``layers`` of them there are."""

    width: int = 400
    layers: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class MLPState:
    """The steps before this one that belong to the same sample."""

    window: Float[Tensor, "B L-1 F"]


class MLP(SequenceModel):
    """Fully connected layers over the last ``L`` steps.

    Attributes:
        width: D, of what :meth:`features` returns.
    """

    def __init__(self, config: Config, signature: Signature) -> None:
        super().__init__()
        if signature.features is None:
            raise UsageError("model 'mlp' reads samples of features and not tokens: use it on streams (memnet list streams)")
        self.width = config.width
        self.length, self.inputs = signature.length, signature.features
        sizes = [self.length * self.inputs, *[config.width] * config.layers]
        layers = [part for wide, narrow in pairwise(sizes) for part in (nn.Linear(wide, narrow), nn.ReLU())]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(sizes[-1], signature.outputs)

    def initial_state(self, batch: int) -> MLPState:
        """Return zeros."""
        return MLPState(window=self.head.weight.new_zeros(batch, self.length - 1, self.inputs))

    def features(self, inputs: Float[Tensor, "B L F"], *, generator: torch.Generator | None = None) -> Float[Tensor, "B D"]:
        """Return the last hidden layer for whole samples."""
        hidden: Tensor = self.body(inputs.flatten(1))
        return hidden

    def forward(
        self,
        inputs: Float[Tensor, "B T F"],
        state: MLPState | None = None,
        *,
        targets: Int[Tensor, "B P"] | None = None,
        positions: Int[Tensor, "B P"] | None = None,
        record: object = None,
        generator: torch.Generator | None = None,
    ) -> ModelOutput:
        """See :class:`baselines.interface.SequenceModel`."""
        if self.length == 1:  # a step is a sample, and nothing has to be cut out
            return ModelOutput(logits=self.head(at_positions(self.body(inputs), positions)), state=self.initial_state(len(inputs)))
        before = self.initial_state(len(inputs)).window if state is None else state.window
        steps = torch.cat((before, inputs), dim=1)
        if positions is None:
            positions = torch.arange(inputs.shape[1], device=inputs.device).expand(len(inputs), -1)
        rows = torch.arange(len(inputs), device=inputs.device)[:, None, None]
        samples = steps[rows, positions[:, :, None] + torch.arange(self.length, device=inputs.device)]
        logits = self.head(self.body(samples.flatten(2)))
        return ModelOutput(logits=logits, state=MLPState(window=steps[:, inputs.shape[1] :]))


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model.

    Raises:
        UsageError: If the inputs are tokens.
    """
    return MLP(config, signature)
