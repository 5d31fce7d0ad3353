"""What models of whole samples share.

A window over the last steps, which makes sequence models of them.

They read samples of a fixed length, which is what streams are made of; tasks, whose sequences go
far beyond their training length, are refused. Fed piece by piece they keep the last ``length``
steps and answer for them, zeros standing for what came before the first.

Shapes: ``B`` batch, ``T`` time, ``F`` features, ``L`` length of a sample, ``P`` places where an
answer is wanted, ``D`` width.
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
    """The steps before this one that belong to the same sample."""

    window: Float[Tensor, "B L-1 F"]


class SampleModel(SequenceModel):
    """A model of whole samples.

    It says how it reads one (:meth:`features`), and has a linear ``head`` on that.

    Args:
        length: L.
        inputs: F.

    Attributes:
        width: D, of what :meth:`features` returns.
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
        if self.length == 1:  # a step is a sample, and nothing has to be cut out
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
