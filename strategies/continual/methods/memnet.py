"""MemNet's persistent memory: rehearses dreams of what it keeps, reads answers from slots linked to their labels."""

import torch

from baselines.interface import SequenceModel
from memnet.persistent.config import PersistentConfig as Config
from strategies.continual.classifier import trunk
from strategies.continual.memnet.plugin import MemNetPlugin
from strategies.continual.memnet.wrap import remember
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

__all__ = ["VERSION", "Config", "build"]

VERSION = 3
SHORTEST, PER_SLOT = 100, 8
"""Where no boundaries are told, and ``dream_every`` does not say otherwise, new samples between two sleeps: an eighth of the slots, which
bounds what encoding them anew costs per sample, and 100 at least.
"""


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
        UsageError: If the budget does not hold a slot per class, or the model has no features to
            remember.
    """
    signature = stream.signature
    memory = remember(
        trunk(model),
        config,
        shape=(signature.length, signature.features or 1),
        classes=signature.outputs,
        seed=seed,
        sample_bytes=stream.sample_bytes,
    )
    clock = max(SHORTEST, len(memory.bank.links) // PER_SLOT) if stream.schedule.online else 0
    plugin = MemNetPlugin(memory, seed, dream_every=config.dream_every or clock)
    return ContinualStrategy(
        model=memory,
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[plugin],
    )
