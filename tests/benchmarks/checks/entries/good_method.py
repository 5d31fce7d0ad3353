"""Stores the first samples and does not use them; it fulfils the contract of methods."""

import random
from dataclasses import dataclass

import torch
from avalanche.core import SupervisedPlugin

from results.errors import UsageError
from strategies.continual.classifier import classifier
from strategies.continual.dataloader import columns_of
from strategies.continual.strategy import ContinualStrategy

KIND = "method"
RNG = random.Random()


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method."""

    budget: int = 500


class FirstSamples(SupervisedPlugin):
    def __init__(self, stream, count):
        super().__init__()
        self.stream, self.count = stream, count
        self.samples = torch.zeros(0)

    def before_training_exp(self, strategy, *args, **kwargs):
        if not len(self.samples):
            inputs, *_ = columns_of(strategy.experience.dataset)
            self.samples = inputs[: self.count].clone()

    def stored_bytes(self):
        return len(self.samples) * self.stream.sample_bytes

    def state_dict(self):
        return {"samples": self.samples}

    def load_state_dict(self, state):
        self.samples = state["samples"]


def build(config, *, model, stream, learning_rate, seed, device):
    count = config.budget // stream.sample_bytes
    if not count:
        raise UsageError(f"budget={config.budget} has no room for a sample")
    return ContinualStrategy(
        model=classifier(model, stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[FirstSamples(stream, count)],
    )
