"""Training until convergence: stop rule and learning-rate schedule.

The learning rate rises linearly to its peak and stays there until the rule fires: the task is
solved, the training is at a plateau, or the cap is reached. It then falls linearly over a tenth of
the steps taken, and training ends.

No training is shorter than in the protocol *fixed*: the validations are at the training length, and
a model that is stopped as soon as it solves the task there can have a shorter reach. (MemNet 11 was
stopped at step 75 of `delayed-recall-hard` and had 0.914 at distance 8,192; after the 400 steps of
*fixed* it had 1.000, development seed 3101.)

At a plateau neither the validation loss nor the validation accuracy has improved for half the cap,
which is at least twice the task's own number of steps. Some models learn a task suddenly, after
many steps at the chance level, and a short patience would stop them before. On `induction` with a
cap of 1,000 steps, the validation loss of the delta rule is flat until step 275; with a cap of
2,400, that of Mamba is flat until step 500 (development seed 3100). Both then solve the task. A
patience of a tenth of the cap stops both. The rest of the patience is a margin: at a quarter of the
cap no training of those measured was stopped too early.
"""

import math
from typing import Any, Literal

from results.records.record_parts import Learning
from results.statistics.learning import learning
from strategies.sequence.task import SequenceTask
from strategies.sequence.validation import Validation, Validations

VERSION = 3
"""Version of the rule, part of the identity of cells that are trained to convergence.

1: a plateau was a quarter of the cap without an improvement of the loss. 2: a solved task ended a
training at any step.
"""

INTERVAL = 25
"""Training steps between two validations."""

SOLVED_ACCURACY = 0.99
"""Validation accuracy of a solved task."""

SOLVED_TIMES = 3
"""Validations in a row with this accuracy after which a task is solved."""

MIN_IMPROVEMENT = 0.01
"""Smallest relative decrease of the best validation loss that counts as an improvement."""

MIN_GAIN = 0.05
"""Smallest increase of the best validation accuracy that counts as an improvement.

The standard error of 128 answers is at most 0.044, so noise seldom prolongs a plateau.
"""

PATIENCE = 0.5
"""Share of the cap without an improvement that makes a plateau."""

DECAY = 0.1
"""Share of the steps taken over which the learning rate falls after the rule has fired."""

MIN_CAP = 1000
"""Smallest cap in steps."""


Reason = Literal["solved", "plateau", "cap"]


class StopRule:
    """Decides when a training has converged.

    Args:
        cap: Largest number of steps before the learning rate falls.
        least: Smallest number of steps after which a solved task ends the training.
        interval: Steps between two validations.

    Attributes:
        patience: Validations in a row without an improvement that make a plateau.
        fired: The step at which the rule fired; None before.
        reason: Why it fired.
    """

    def __init__(self, cap: int, least: int = 0, interval: int = INTERVAL) -> None:
        self.cap = cap
        self.least = least
        self.patience = max(1, math.ceil(PATIENCE * cap / interval))
        self.fired: int | None = None
        self.reason: Reason | None = None
        self._solved_in_row = 0
        self._since_improvement = 0
        self._best_loss = math.inf
        self._best_accuracy = 0.0

    def observe(self, step: int, validation: Validation) -> None:
        """Take a validation after ``step`` steps into account; it has no effect once fired."""
        if self.fired is not None:
            return
        solved = validation.accuracy >= SOLVED_ACCURACY
        self._solved_in_row = self._solved_in_row + 1 if solved else 0
        lower = validation.loss < (1 - MIN_IMPROVEMENT) * self._best_loss
        higher = validation.accuracy >= self._best_accuracy + MIN_GAIN
        if lower:
            self._best_loss = validation.loss
        if higher:
            self._best_accuracy = validation.accuracy
        self._since_improvement = 0 if lower or higher else self._since_improvement + 1
        if self._solved_in_row >= SOLVED_TIMES and step >= self.least:
            self.fired, self.reason = step, "solved"
        elif self._since_improvement >= self.patience:
            self.fired, self.reason = step, "plateau"
        elif step >= self.cap:
            self.fired, self.reason = step, "cap"

    @property
    def last_step(self) -> int:
        """Number of steps of the whole training; before the rule has fired, the largest one."""
        end = self.cap if self.fired is None else self.fired
        return end + decay_steps(end)

    def state_dict(self) -> dict[str, Any]:
        """Return the state."""
        return dict(vars(self))

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        vars(self).update(state_dict)


def cap_of(steps: int, factor: int) -> int:
    """Return the cap of a task: ``factor`` times its own number of steps, at least `MIN_CAP`."""
    return max(MIN_CAP, factor * steps)


def decay_steps(fired: int) -> int:
    """Return the number of steps over which the learning rate falls."""
    return max(1, round(DECAY * fired))


def rate_at(step: int, warm_up: int, fired: int | None) -> float:
    """Return the share of the peak rate: linear warm-up, constant, linear decay after ``fired``.

    Args:
        step: Steps done, from 0.
        warm_up: Steps of the warm-up.
        fired: The step at which the rule fired; None before.
    """
    if fired is None or step < fired:
        return min(1.0, (step + 1) / warm_up)
    decay = decay_steps(fired)
    return min(1.0, fired / warm_up) * max(0, fired + decay - step) / (decay + 1)


class Convergence(Validations):
    """The progress of one training towards convergence.

    Args:
        task: The task.
        steps: The task's own number of steps.
        factor: Cap in units of these steps.
        warm_up: Steps of the warm-up.
        batch_size: Sequences per forward pass of a validation.
        seed: The cell's seed.

    Attributes:
        rule: The stop rule.
    """

    def __init__(
        self,
        task: SequenceTask,
        *,
        steps: int,
        factor: int,
        warm_up: int,
        batch_size: int,
        seed: int,
    ) -> None:
        super().__init__(task, steps=steps, batch_size=batch_size, seed=seed)
        self.rule = StopRule(cap_of(steps, factor), steps)
        self._warm_up = warm_up

    @property
    def last_step(self) -> int:
        """Number of steps of the whole training, as far as it is known."""
        return self.rule.last_step

    def due(self, step: int) -> bool:
        """Return whether a validation follows after ``step`` steps."""
        return step % INTERVAL == 0 or step in (self.rule.cap, self.rule.last_step)

    def observe(self, step: int, found: Validation) -> None:
        """Let the rule take a validation into account; not that before training."""
        if step:
            self.rule.observe(step, found)

    def rate_at(self, step: int) -> float:
        """Return the share of the peak rate at a step."""
        return rate_at(step, self._warm_up, self.rule.fired)

    def learning(self) -> Learning:
        """Return the summary of the validations."""
        return learning(
            self.points,
            initial_accuracy=self.points[0].accuracy,
            solved=self.rule.reason == "solved",
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the state, the generator's included."""
        return {**super().state_dict(), "rule": self.rule.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        super().load_state_dict(state_dict)
        self.rule.load_state_dict(state_dict["rule"])
