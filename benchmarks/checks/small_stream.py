"""A stream and a model that take a second to learn, for the rules of methods."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel, Signature
from strategies.continual.build_stream import split_classes
from strategies.continual.stream import Samples, Scenario, Schedule, Stream


def small_stream(
    seed: int = 0,
    count: int = 120,
    epochs: int = 3,
    scenario: Scenario = "class",
    schedule: Schedule | None = None,
    garbled_test: bool = False,
) -> Stream:
    """Return a stream of four classes of noisy bright rows in two experiences.

    Args:
        seed: Seed of the order of classes.
        count: Number of training samples, and of test samples.
        epochs: Passes over each experience, if there is no ``schedule``.
        scenario: The classes among which a model chooses.
        schedule: Training schedule.
        garbled_test: Whether the test samples are noise with wrong labels.
    """
    parts = []
    for part in range(2):
        generator = torch.Generator().manual_seed(part)
        labels = torch.arange(count) % 4
        inputs = 0.15 * torch.rand(count, 4, 4, generator=generator)
        inputs[torch.arange(count), labels] += 0.8
        parts.append(Samples(inputs=inputs, labels=labels))
    if garbled_test:
        parts[1] = Samples(inputs=torch.rand(count, 4, 4), labels=parts[1].labels.flip(0))
    schedule = schedule or Schedule(epochs=epochs, batch_size=10)
    return split_classes(
        *parts,
        classes=4,
        experiences=2,
        schedule=schedule,
        sample_bytes=17,
        seed=seed,
        scenario=scenario,
    )


@dataclass(frozen=True)
class SmallGruState:
    """The hidden state, ``[B, D]``."""

    hidden: Tensor


class SmallGru(SequenceModel):
    """A GRU whose last hidden state is also its features, independent of the registered models."""

    def __init__(self, signature: Signature, width: int = 32) -> None:
        super().__init__()
        assert signature.features is not None
        self.width = width
        self.gru = nn.GRU(signature.features, width, batch_first=True)
        self.out = nn.Linear(width, signature.outputs)

    def initial_state(self, batch: int) -> SmallGruState:
        """Return zeros."""
        return SmallGruState(torch.zeros(batch, self.width))

    def forward(
        self,
        inputs: Tensor,
        state: SmallGruState | None = None,
        *,
        positions: Tensor | None = None,
        **_: Any,
    ) -> ModelOutput:
        """Read features, ``[B, T, F]``."""
        hidden, last = self.gru(inputs, None if state is None else state.hidden.unsqueeze(0))
        if positions is not None:
            hidden = hidden.gather(1, positions.unsqueeze(-1).expand(-1, -1, self.width))
        return ModelOutput(logits=self.out(hidden), state=SmallGruState(last[0]))

    def features(self, inputs: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Return the last hidden state, ``[B, D]``."""
        last: Tensor = self.gru(inputs)[1][0]
        return last
