"""MemNet's persistent memory: rehearses dreams of what it keeps, reads answers from slots linked to their labels."""

import torch
from torch import nn

from baselines.interface import SequenceModel
from memnet.persistent import PersistentMemory
from memnet.persistent_config import PersistentConfig as Config
from memnet.trunk import trunk_of
from results.errors import UsageError
from strategies.continual.classifier import Classifier
from strategies.continual.plugin import MemNetPlugin
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream
from strategies.randomness import generator

__all__ = ["NEEDS_MEMORY", "VERSION", "Config", "build"]

VERSION = 2
NEEDS_MEMORY = False


def build(
    config: Config, *, model: SequenceModel, stream: Stream, learning_rate: float, seed: int, device: torch.device
) -> ContinualStrategy:
    """Build the strategy.

    Raises:
        UsageError: If the budget does not hold a slot per class, or the model has no features to remember.
    """
    signature = stream.signature
    try:
        slots = config.capacity(stream.sample_bytes, signature.outputs)
        memory = PersistentMemory(
            _trunk(model),
            config,
            shape=(signature.length, signature.features or 1),
            classes=signature.outputs,
            slots=slots,
            generator=generator("memory", seed),
        )
    except ValueError as error:
        raise UsageError(f"method memnet: {error}") from error
    return ContinualStrategy(
        model=memory, stream=stream, learning_rate=learning_rate, seed=seed, device=device, plugins=[MemNetPlugin(memory, seed)]
    )


def _trunk(model: SequenceModel) -> nn.Module:
    """Take the features that a model offers, and of any other what goes into its last linear layer at the last step."""
    return model if hasattr(model, "features") else trunk_of(Classifier(model))
