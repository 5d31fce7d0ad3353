"""Validation during training: accuracy and loss on fresh sequences of the training length."""

import math
from dataclasses import dataclass
from typing import Any

import torch

from baselines.interface import SequenceModel
from results.records.record_parts import Learning, LearningPoint
from results.statistics.learning import learning
from strategies.common.rng import generator
from strategies.sequence.task import SequenceTask

VALIDATION_SEQUENCES = 128
"""Fresh sequences per validation."""

PARTS = 10
"""Validations of a training of a fixed number of steps, in addition to the one before training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """A validation: accuracy and mean loss over the positions that count."""

    accuracy: float
    loss: float


class Validations:
    """The validations of a training: before it, and after each tenth of its steps.

    They use a generator of their own and restore the global one, so the training does not depend on
    them.

    Args:
        task: The task.
        steps: The task's own number of steps.
        batch_size: Sequences per forward pass of a validation.
        seed: The cell's seed.

    Attributes:
        points: The validations so far, with increasing steps.
    """

    def __init__(self, task: SequenceTask, *, steps: int, batch_size: int, seed: int) -> None:
        self.points: list[LearningPoint] = []
        self._task = task
        self._steps = steps
        self._batch_size = batch_size
        self._draws = generator("validation", seed)

    @property
    def last_step(self) -> int:
        """Number of steps of the whole training."""
        return self._steps

    def due(self, step: int) -> bool:
        """Return whether a validation follows after ``step`` steps."""
        return step * PARTS // self._steps > (step - 1) * PARTS // self._steps

    def observe(self, step: int, found: Validation) -> None:
        """Take a validation after ``step`` steps into account: it has no effect here."""

    def validate(self, model: SequenceModel, step: int, cpu_seconds: float) -> None:
        """Validate after ``step`` steps; step 0 is before training.

        Args:
            model: The model.
            step: Steps done.
            cpu_seconds: CPU seconds of training.
        """
        with torch.random.fork_rng():
            found = validation(
                model, self._task, VALIDATION_SEQUENCES, self._batch_size, self._draws
            )
        self.points.append(
            LearningPoint(
                step=step,
                examples=step * self._batch_size,
                cpu_seconds=cpu_seconds,
                accuracy=found.accuracy,
                loss=found.loss if math.isfinite(found.loss) else None,
            )
        )
        self.observe(step, found)

    def learning(self) -> Learning:
        """Return the summary of the validations; a fixed number of steps has no criterion."""
        return learning(self.points, initial_accuracy=self.points[0].accuracy)

    def state_dict(self) -> dict[str, Any]:
        """Return the state, the generator's included."""
        return {
            "points": [tuple(point) for point in self.points],
            "draws": self._draws.get_state(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.points = [LearningPoint(*point) for point in state_dict["points"]]
        self._draws.set_state(state_dict["draws"])


@torch.no_grad()
def validation(
    model: SequenceModel,
    task: SequenceTask,
    sequences: int,
    batch_size: int,
    draws: torch.Generator,
) -> Validation:
    """Validate a model on fresh sequences of the training length.

    Args:
        model: The model; it returns to its mode.
        task: The task.
        sequences: Number of sequences, rounded up to whole batches.
        batch_size: Sequences per forward pass.
        draws: Source of the sequences.
    """
    device, mode = next(model.parameters()).device, model.training
    model.eval()
    correct, counted, loss = 0, 0, 0.0
    for _ in range(math.ceil(sequences / batch_size)):
        batch = task.sample(batch_size, draws)
        positions, targets = batch.positions.to(device), batch.targets.to(device)
        logits = model(batch.inputs.to(device), positions=positions).logits
        mask = torch.ones_like(positions, dtype=torch.bool)
        if batch.mask is not None:
            mask = batch.mask.to(device)
        count = int(mask.sum())
        correct += int(task.correct(logits[mask], targets[mask]).sum())
        loss += count * float(task.loss(logits[mask], targets[mask]))
        counted += count
    model.train(mode)
    return Validation(accuracy=correct / counted, loss=loss / counted)
