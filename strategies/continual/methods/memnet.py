"""MemNet's persistent memory: statistics of all samples, and slots of those that surprise it.

Complementary learning systems: see `memnet.persistent.complementary`. With ``encoder=learned`` the
memory is around the model instead: it rehearses decoded slots and reads answers from labelled ones
(`memnet.persistent.memory`). Its slots are divided equally among the classes, and its answers are
weighted by how often each class was seen (`memnet.persistent.class_frequency`).
"""

import torch

from baselines.interface import SequenceModel
from memnet.persistent.config import PersistentConfig as Config
from strategies.continual.classifier import trunk
from strategies.continual.memnet.plugin import MemNetPlugin
from strategies.continual.memnet.wrap import remember
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

__all__ = ["VERSION", "Config", "build"]

VERSION = 6
TITLE = "MemNet's persistent memory"
MIN_SLEEP_INTERVAL = 100
SLOTS_PER_SAMPLE = {"fixed": 1, "learned": 8}
"""New samples between two sleeps on online streams, unless ``dream_every`` is set: as many as there
are slots, or with a learned encoder an eighth, which bounds the cost of dreaming of the slots per
sample; and 100 at least.
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
            store.
    """
    signature = stream.signature
    memory = remember(
        trunk(model) if config.encoder == "learned" else None,
        config,
        shape=(signature.length, signature.features or 1),
        classes=signature.outputs,
        seed=seed,
        sample_bytes=stream.sample_bytes,
    )
    clock = (
        max(MIN_SLEEP_INTERVAL, len(memory.bank.links) // SLOTS_PER_SAMPLE[config.encoder])
        if stream.schedule.online
        else 0
    )
    plugin = MemNetPlugin(memory, seed, dream_every=config.dream_every or clock)
    return ContinualStrategy(
        model=memory,
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[plugin],
    )
