"""The training log: measurements of each training step, on which no result depends."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

TrainingLog: TypeAlias = Callable[[int, Mapping[str, float]], None]
"""Receives the number of a training step, from 1, and its measurements by name."""


def diverged(what: str, learning_rate: float) -> FloatingPointError:
    """Return the error to raise when training has diverged.

    Args:
        what: What is no longer finite, and at which step.
        learning_rate: The learning rate; the message advises a third of it, the next lower one of
            the usual table of rates.
    """
    return FloatingPointError(
        f"training diverged: {what}, at a learning rate of {learning_rate:g}; "
        f"a lower one may help (--set training.learning_rate={learning_rate / 3:.1g})"
    )
