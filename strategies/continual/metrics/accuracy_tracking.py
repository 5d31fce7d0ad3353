"""Accuracy within experiences.

The accuracy on earlier experiences drops when a new one begins, and may recover before its end.

M. De Lange, G. van de Ven, T. Tuytelaars, *Continual evaluation for lifelong learning: identifying
the stability gap*, ICLR 2023.

Shapes: ``n`` samples, ``K`` classes.
"""

from collections.abc import Mapping
from typing import Any

import torch
from avalanche.core import SupervisedPlugin
from jaxtyping import Float
from torch import Tensor

from strategies.common.cost import Stopwatch
from strategies.common.rng import generator
from strategies.continual.dataloader import Columns, columns_of
from strategies.continual.stream import Stream

SUBSET = 200
"""Test samples per experience; the same ones at every time and for every model."""


class AccuracyTracking(SupervisedPlugin[Any]):
    """Measures the accuracy on every experience seen so far, at a fixed interval in steps.

    Args:
        stream: The stream; its test samples are used.
        every: Steps between two evaluations.
        watch: The stopwatch of the training, which is paused during evaluation.
        seed: Seed of the choice of samples.

    Attributes:
        rows: Per evaluation: the number of steps done, then the accuracy on each experience; None
            for those not yet seen.
    """

    supports_distributed = False

    def __init__(self, stream: Stream, every: int, watch: Stopwatch, seed: int) -> None:
        super().__init__()
        self.rows: list[list[float | None]] = []
        self._every = every
        self._watch = watch
        self._steps = 0
        draws = generator("tracked samples", seed)
        self._subsets = [
            draw_samples(experience, SUBSET, draws) for experience in stream.benchmark.test_stream
        ]

    def after_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Count a step; evaluate, if an evaluation is due."""
        self._steps += 1
        if self._steps % self._every == 0:
            self.take(strategy)

    def take(self, strategy: Any) -> None:
        """Evaluate now.

        The evaluator has one row before the first experience and one after each earlier experience,
        so the number of rows equals the number of experiences seen. A method that trains once sees
        all experiences.
        """
        seen = None if strategy.trains_once else len(strategy.evaluator.rows)
        with self._watch.stopped(), torch.no_grad():
            row: list[float | None] = [
                accuracy_on(strategy, subset) for subset in self._subsets[:seen]
            ]
        self.rows.append([float(self._steps), *row, *[None] * (len(self._subsets) - len(row))])

    def state_dict(self) -> dict[str, Any]:
        """Return the rows and the number of steps done."""
        return {"rows": [list(row) for row in self.rows], "steps": self._steps}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.rows, self._steps = [list(row) for row in state["rows"]], state["steps"]


def logits_of(strategy: Any, columns: Columns) -> Float[Tensor, "n K"]:
    """Return a strategy's logits for samples in evaluation mode; the strategy is unchanged."""
    before = (strategy.mbatch, strategy.is_training, strategy.model.training)
    strategy.mbatch, strategy.is_training = (
        [column.to(strategy.device) for column in columns],
        False,
    )
    strategy.model.eval()
    try:
        logits: Tensor = strategy.forward()
    finally:
        strategy.mbatch, strategy.is_training, training = before
        strategy.model.train(training)
    return logits


def accuracy_on(strategy: Any, columns: Columns) -> float:
    """Return a strategy's accuracy on samples."""
    return float((logits_of(strategy, columns).argmax(-1).cpu() == columns[1]).float().mean())


def draw_samples(experience: Any, count: int, draws: torch.Generator) -> Columns:
    """Draw ``count`` of an experience's samples, or all if it has fewer."""
    columns = columns_of(experience.dataset)
    assert columns is not None
    chosen = torch.randperm(len(columns[1]), generator=draws)[:count]
    return tuple(column[chosen] for column in columns)
