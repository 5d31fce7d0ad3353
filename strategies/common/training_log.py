"""Signals of training: what is measured at a step, for those who watch.

Nothing that is learnt depends on them.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

TrainingLog: TypeAlias = Callable[[int, Mapping[str, float]], None]
"""Told of a training step: its number, from 1, and what was measured there, by name."""


def diverged(what: str, learning_rate: float) -> FloatingPointError:
    """Return the error to raise.

    Args:
        what: What is no longer finite, and where.
        learning_rate: The rate trained at; a third of it, the next of a table of rates, is what is
            advised.
    """
    return FloatingPointError(
        f"training diverged: {what}, at a learning rate of {learning_rate:g}; "
        f"a lower one may help (--set training.learning_rate={learning_rate / 3:.1g})"
    )
