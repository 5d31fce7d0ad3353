"""How many samples training processes: what rehearses or repeats processes more than the stream has, and that is part of its cost."""

from collections.abc import Mapping
from typing import Any

from avalanche.core import SupervisedPlugin


class ExampleCounter(SupervisedPlugin[Any]):
    """Counts the samples that are trained on, each as often as it is processed.

    Of every training step it counts the whole mini-batch as it stands at the backward pass: new
    samples and rehearsed or dreamt ones alike. What a method learns from without such a step it
    adds itself: A-GEM the samples of its reference gradients, SLDA those that it meets. Passes that
    nothing is learnt from directly (a teacher's answers, EWC's Fisher information, codes made anew)
    are not counted.

    Attributes:
        count: Samples so far.
    """

    supports_distributed = False

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def add(self, samples: int) -> None:
        """Count samples that no mini-batch of the strategy holds."""
        self.count += samples

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Count a mini-batch; by its labels, as a rehearsed sample may have no input of its own."""
        self.count += len(strategy.mb_y)

    def state_dict(self) -> dict[str, Any]:
        """Return the count."""
        return {"count": self.count}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what :meth:`state_dict` returned."""
        self.count = state["count"]
