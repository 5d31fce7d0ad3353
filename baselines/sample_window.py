"""Base class of models that read whole samples.

A window over the last steps makes them sequence models.

Samples have a fixed length, as in streams; tasks, whose sequences are much longer than in training,
are an error. On pieces of a sequence, the models store the last ``length`` steps and read them as
the sample; the steps before the first one are zeros.

Shapes: ``B`` batch, ``T`` time, ``F`` features, ``L`` length of a sample, ``P`` query positions,
``D`` width.
"""

from abc import abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel
from memnet.encoder import at_positions


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleState:
    """The previous steps of the same sample."""

    window: Float[Tensor, "B L-1 F"]


class SampleModel(SequenceModel):
    """A model of whole samples.

    A subclass implements :meth:`features`, and has a linear ``head`` on its result.

    Args:
        length: L.
        inputs: F.

    Attributes:
        width: D, the width of :meth:`features`.
        head: Features in, logits out.
    """

    width: int
    head: nn.Linear

    def __init__(self, length: int, inputs: int) -> None:
        super().__init__()
        self.length, self.inputs = length, inputs

    @abstractmethod
    def features(
        self, inputs: Float[Tensor, "B L F"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "B D"]:
        """Return the last hidden layer for whole samples."""

    def initial_state(self, batch: int) -> SampleState:
        """Return zeros."""
        return SampleState(window=self.head.weight.new_zeros(batch, self.length - 1, self.inputs))

    def forward(
        self,
        inputs: Float[Tensor, "B T F"],
        state: SampleState | None = None,
        *,
        targets: Int[Tensor, "B P"] | None = None,
        positions: Int[Tensor, "B P"] | None = None,
        record: object = None,
        generator: torch.Generator | None = None,
    ) -> ModelOutput:
        """See :class:`baselines.interface.SequenceModel`."""
        if self.length == 1:  # each step is a sample: nothing has to be cut out
            hidden = self.features(at_positions(inputs, positions).flatten(0, 1).unsqueeze(1))
            return ModelOutput(
                logits=self.head(hidden).unflatten(0, (len(inputs), -1)),
                state=self.initial_state(len(inputs)),
            )
        before = self.initial_state(len(inputs)).window if state is None else state.window
        steps = torch.cat((before, inputs), dim=1)
        if positions is None:
            positions = torch.arange(inputs.shape[1], device=inputs.device).expand(len(inputs), -1)
        rows = torch.arange(len(inputs), device=inputs.device)[:, None, None]
        samples = steps[
            rows, positions[:, :, None] + torch.arange(self.length, device=inputs.device)
        ]
        logits = self.head(self.features(samples.flatten(0, 1)))
        return ModelOutput(
            logits=logits.unflatten(0, positions.shape),
            state=SampleState(window=steps[:, inputs.shape[1] :]),
        )
