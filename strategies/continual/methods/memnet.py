"""MemNet's persistent memory: rehearses dreams of what it keeps, reads answers from slots linked to their labels."""

from typing import cast

import torch

from baselines.interface import SequenceModel
from memnet.persistent import PersistentConfig as Config
from memnet.persistent import PersistentMemory, Trunk
from results.errors import UsageError
from strategies.continual.plugin import MemNetPlugin
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream
from strategies.randomness import generator

__all__ = ["NEEDS_MEMORY", "VERSION", "Config", "build"]

VERSION = 1
NEEDS_MEMORY = True


def build(
    config: Config, *, model: SequenceModel, stream: Stream, learning_rate: float, seed: int, device: torch.device
) -> ContinualStrategy:
    """Build the strategy.

    Raises:
        UsageError: If the budget does not hold a slot per class.
    """
    signature = stream.signature
    try:
        slots = config.capacity(stream.sample_bytes, signature.outputs)
    except ValueError as error:
        raise UsageError(f"method memnet: {error}") from error
    memory = PersistentMemory(
        cast(Trunk, model),
        config,
        shape=(signature.length, signature.features or 1),
        classes=signature.outputs,
        slots=slots,
        generator=generator("memory", seed),
    )
    return ContinualStrategy(
        model=memory, stream=stream, learning_rate=learning_rate, seed=seed, device=device, plugins=[MemNetPlugin(memory, seed)]
    )
