"""The cross-entropy of each experience in bits, measured while Avalanche evaluates."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from avalanche.core import SupervisedPlugin
from torch import Tensor
from torch.nn import functional


class BitsMatrix(SupervisedPlugin[Any]):
    """Stores one row of cross-entropies per evaluation, with one column per experience.

    ``−1/n · Σ log₂ softmax(outputs)[label]``. For next-byte prediction these are bits per byte.

    Attributes:
        rows: Bits per sample of each experience, per evaluation.
    """

    supports_distributed = False

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[float]] = []
        self._row: list[float] = []
        self._nats: Tensor = torch.zeros(())
        self._seen = 0

    def before_eval(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Begin a row."""
        self._row = []

    def before_eval_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Begin an experience."""
        self._nats = torch.zeros((), dtype=torch.float64, device=strategy.device)
        self._seen = 0

    def after_eval_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Add the cross-entropies of a mini-batch."""
        self._nats += functional.cross_entropy(
            strategy.mb_output, strategy.mb_y, reduction="sum"
        ).double()
        self._seen += len(strategy.mb_y)

    def after_eval_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """End an experience."""
        self._row.append(float(self._nats) / (self._seen * math.log(2)))

    def after_eval(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """End the row."""
        self.rows.append(self._row)

    def state_dict(self) -> dict[str, Any]:
        """Return the rows."""
        return {"rows": [list(row) for row in self.rows]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.rows = [list(row) for row in state["rows"]]
