"""MemNet's persistent memory: rehearses dreams of what it keeps, reads answers from slots linked to their labels."""

from dataclasses import replace

import torch

from baselines.interface import SequenceModel
from memnet.persistent_config import PersistentConfig as Config
from strategies.continual.classifier import Classifier
from strategies.continual.memory import remember
from strategies.continual.plugin import MemNetPlugin
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

__all__ = ["NEEDS_MEMORY", "VERSION", "Config", "build"]

VERSION = 2
NEEDS_MEMORY = False
CLOCK = 500
"""New samples between two sleeps where no boundaries are told, unless ``dream_every`` says otherwise."""


def build(
    config: Config, *, model: SequenceModel, stream: Stream, learning_rate: float, seed: int, device: torch.device
) -> ContinualStrategy:
    """Build the strategy.

    Raises:
        UsageError: If the budget does not hold a slot per class, or the model has no features to remember.
    """
    signature = stream.signature
    every = config.dream_every or (CLOCK if stream.pace.online else 0)
    memory = remember(
        model if hasattr(model, "features") else Classifier(model),
        replace(config, dream_every=every),
        shape=(signature.length, signature.features or 1),
        classes=signature.outputs,
        seed=seed,
        sample_bytes=stream.sample_bytes,
    )
    return ContinualStrategy(
        model=memory, stream=stream, learning_rate=learning_rate, seed=seed, device=device, plugins=[MemNetPlugin(memory, seed)]
    )
