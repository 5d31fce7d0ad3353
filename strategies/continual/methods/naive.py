"""Trains on each experience in turn and stores nothing of the past."""

from dataclasses import dataclass

import torch

from baselines.interface import SequenceModel
from strategies.continual.classifier import classifier
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 1
TITLE = "Naive fine-tuning (lower bound)"
ROLE = "bound"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """No options."""


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
    )
