"""Trains once on all experiences together, for as many steps as the stream has.

It is an upper bound: nothing has to be remembered. There is one evaluation, so the accuracy matrix
has one row, and neither forgetting nor transfer is defined.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from avalanche.core import SupervisedPlugin

from baselines.interface import SequenceModel
from strategies.continual.classifier import classifier
from strategies.continual.dataloader import TensorLoader
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 3
TITLE = "Joint training (upper bound)"
ROLE = "bound"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """No options."""


class AllAtOnce(SupervisedPlugin[Any]):
    """Replaces the first experience by all of them, and skips the others.

    Args:
        stream: The stream.
    """

    supports_distributed = False

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream = stream

    def after_train_dataset_adaptation(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Use the data of all experiences."""
        datasets = [experience.dataset for experience in self._stream.benchmark.train_stream]
        strategy.adapted_dataset = joined(datasets)

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Train for the steps of all experiences in the first one, and skip the others."""
        if strategy.clock.train_exp_counter > 0:
            strategy.dataloader = ()
        elif isinstance(strategy.dataloader, TensorLoader):
            # 0 stays 0: passes are over all samples anyway.
            strategy.dataloader.iterations *= len(self._stream.benchmark.train_stream)

    def stored_bytes(self) -> int:
        """Return the bytes of all samples of the stream: all of them are needed at once."""
        return self._stream.sample_bytes * sum(
            len(experience.dataset) for experience in self._stream.benchmark.train_stream
        )

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: the data belong to the stream."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore nothing."""


def joined(datasets: Sequence[Any]) -> Any:
    """Return the concatenation of several data sets."""
    first, *others = datasets
    for other in others:
        first = first.concat(other)
    return first


def build(
    config: Config,
    *,
    model: SequenceModel,
    stream: Stream,
    learning_rate: float,
    seed: int,
    device: torch.device,
) -> ContinualStrategy:
    """Build the strategy."""
    return ContinualStrategy(
        model=classifier(model, stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[AllAtOnce(stream)],
        trains_once=True,
    )
