"""Strategies of methods for tests, and measures of their steps."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from baselines.registry import Registry
from strategies.continual.replay.sample_storage import to_bytes
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream
from tests.strategies.continual.small_gru import Gru

CPU = torch.device("cpu")


def built(name: str, stream: Stream, **options: Any) -> tuple[ContinualStrategy, Any]:
    """Return a method's strategy and its plugin."""
    torch.manual_seed(0)
    method = Registry("method").get(name).load()
    strategy: ContinualStrategy = method.build(
        method.Config(**options),
        model=Gru(stream.signature),
        stream=stream,
        learning_rate=1e-2,
        seed=0,
        device=CPU,
    )
    return strategy, strategy.plugins[0]


def added(strategy: ContinualStrategy) -> float:
    """Return the difference of the loss and the cross-entropy of the mini-batch."""
    return float(
        (strategy.loss - functional.cross_entropy(strategy.mb_output, strategy.mb_y)).detach()
    )


def rows(inputs: Tensor) -> list[bytes]:
    """Return the stored bytes of each sample."""
    return [row.tobytes() for row in to_bytes(inputs).flatten(1).numpy()]
