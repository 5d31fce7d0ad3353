"""Trains on all samples seen so far in each experience, and stores all of them."""

from dataclasses import dataclass
from typing import Any

import torch
from avalanche.core import SupervisedPlugin

from baselines.interface import SequenceModel
from strategies.continual.classifier import classifier
from strategies.continual.method_requirements import require_boundaries
from strategies.continual.methods.joint import joined
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 1
TITLE = "Cumulative training (upper bound)"
ROLE = "bound"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """No options."""


class StoreEverything(SupervisedPlugin[Any]):
    """Adds the data of all earlier experiences to those of the new one.

    Args:
        stream: The stream.
    """

    supports_distributed = False

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream = stream
        self._past = 0

    def after_train_dataset_adaptation(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Use the data of all experiences up to this one."""
        past = self._stream.benchmark.train_stream[: self._past]
        strategy.adapted_dataset = joined(
            [strategy.adapted_dataset, *(experience.dataset for experience in past)]
        )

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Count this experience as an earlier one."""
        self._past += 1

    def stored_bytes(self) -> int:
        """Return the bytes of all samples seen."""
        return self._stream.sample_bytes * sum(
            len(experience.dataset)
            for experience in self._stream.benchmark.train_stream[: self._past]
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the number of earlier experiences."""
        return {"past": self._past}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self._past = state["past"]


def build(
    config: Config,
    *,
    model: SequenceModel,
    stream: Stream,
    learning_rate: float,
    seed: int,
    device: torch.device,
) -> ContinualStrategy:
    """Build the strategy.

    Raises:
        UsageError: If the stream has no task boundaries.
    """
    require_boundaries(stream, "cumulative")
    return ContinualStrategy(
        model=classifier(model, stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[StoreEverything(stream)],
    )
