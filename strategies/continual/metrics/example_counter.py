"""Number of samples that training processes, rehearsed and repeated ones included."""

from collections.abc import Mapping
from typing import Any

from avalanche.core import SupervisedPlugin


class ExampleCounter(SupervisedPlugin[Any]):
    """Counts the samples trained on, each once per pass through the model.

    For every training step it counts the whole mini-batch at the backward pass: new, rehearsed and
    dreamt samples alike. A method adds samples that it trains on in another way: A-GEM those of its
    reference gradients, SLDA those of its statistics. Other forward passes (a teacher's answers,
    EWC's Fisher information, new codes) are not counted.

    Attributes:
        count: Samples so far.
    """

    supports_distributed = False

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def add(self, samples: int) -> None:
        """Count samples outside the strategy's mini-batches."""
        self.count += samples

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Count a mini-batch by its labels, since a rehearsed code has no input."""
        self.count += len(strategy.mb_y)

    def state_dict(self) -> dict[str, Any]:
        """Return the count."""
        return {"count": self.count}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.count = state["count"]
