"""The accuracy matrix, measured while Avalanche evaluates."""

from collections.abc import Mapping
from typing import Any

import torch
from avalanche.core import SupervisedPlugin
from torch import Tensor

from strategies.common.training_log import diverged


class AccuracyMatrix(SupervisedPlugin[Any]):
    """Stores one row of accuracies per evaluation, with one column per experience.

    It replaces Avalanche's ``EvaluationPlugin``, which copies the experience at every callback;
    pass it as ``evaluator``, or as a plugin in addition to another evaluator.

    Attributes:
        rows: Accuracy on each experience per evaluation, in the order of the evaluated stream.
    """

    supports_distributed = False

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[float]] = []
        self._row: list[float] = []
        self._correct: Tensor = torch.zeros((), dtype=torch.long)
        self._finite: Tensor = torch.ones((), dtype=torch.bool)
        self._seen = 0

    def before_eval(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Begin a row."""
        self._row = []

    def before_eval_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Begin an experience."""
        self._correct = torch.zeros((), dtype=torch.long, device=strategy.device)
        self._finite = torch.ones((), dtype=torch.bool, device=strategy.device)
        self._seen = 0

    def after_eval_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Count the correct answers of a mini-batch, and check that the largest logit is finite."""
        self._correct += (strategy.mb_output.argmax(dim=-1) == strategy.mb_y).sum()
        self._finite &= strategy.mb_output.amax(dim=-1).isfinite().all()
        self._seen += len(strategy.mb_y)

    def after_eval_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """End an experience.

        Raises:
            FloatingPointError: If the largest logit of a sample was not finite.
        """
        if not bool(self._finite):
            raise not_finite(strategy)
        self._row.append(int(self._correct) / self._seen)

    def after_eval(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """End the row."""
        self.rows.append(self._row)

    def get_last_metrics(self) -> dict[str, float]:
        """Return the last row by experience; Avalanche's ``eval`` returns it to its caller."""
        return (
            {f"accuracy/{place}": accuracy for place, accuracy in enumerate(self.rows[-1])}
            if self.rows
            else {}
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the rows."""
        return {"rows": [list(row) for row in self.rows]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.rows = [list(row) for row in state["rows"]]


def not_finite(strategy: Any) -> FloatingPointError:
    """Return the error to raise if answers are not finite; its advice depends on the steps made."""
    what = f"answers to experience {strategy.experience.current_experience} were not finite"
    if strategy.clock.train_iterations:
        return diverged(
            f"{what} after {strategy.clock.train_iterations} steps",
            strategy.optimizer.param_groups[0]["lr"],
        )
    return FloatingPointError(
        f"{what}, and no step was made yet that could have caused it: "
        "check the model, the method and the data"
    )
