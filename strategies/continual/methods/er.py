"""Experience replay: keeps a reservoir of raw samples and rehearses as many of them as there are new ones."""

from dataclasses import dataclass

import torch

from baselines.interface import SequenceModel
from strategies.continual.classifier import classifier
from strategies.continual.replay import ReservoirReplay
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 1
NEEDS_MEMORY = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        mem_size: Samples kept.
    """

    mem_size: int = 200


def build(
    config: Config, *, model: SequenceModel, stream: Stream, learning_rate: float, seed: int, device: torch.device
) -> ContinualStrategy:
    """Build the strategy."""
    replay = ReservoirReplay(config.mem_size, stream.sample_bytes, seed)
    return ContinualStrategy(
        model=classifier(model, stream), stream=stream, learning_rate=learning_rate, seed=seed, device=device, plugins=[replay]
    )
