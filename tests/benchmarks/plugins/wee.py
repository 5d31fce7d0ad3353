"""A tiny task: the target is the first token."""

from dataclasses import dataclass

import torch

from baselines.interface import Signature
from strategies.sequence.task import Batch, Queries, QueryTask

KIND = "task"
VERSION = 1
PRIMARY = "accuracy"
CHANCE = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    steps: int = 4
    batch_size: int = 4
    streams: int = 8
    length: int = 6

    def __post_init__(self):
        if self.length < 2:
            raise ValueError(f"length = {self.length} must be at least 2")


class Wee(QueryTask):
    def __init__(self, config):
        self.config = config
        self.signature = Signature(vocabulary=4, outputs=4, length=config.length)

    def sample(self, batch, generator):
        inputs = torch.randint(4, (batch, self.config.length), generator=generator)
        return Batch(
            inputs=inputs,
            positions=torch.full((batch, 1), self.config.length - 1),
            targets=inputs[:, :1],
        )

    def query_stream(self, batch, generator):
        return Probe(batch, generator)


class Probe:
    distances = (2, 4)

    def __init__(self, batch, generator):
        self.tokens = torch.randint(4, (batch, 5), generator=generator)

    def stream(self, start, stop):
        return self.tokens[:, start:stop]

    def read_until(self, distance):
        return distance

    def queries(self):
        return Queries(
            inputs=torch.zeros(len(self.tokens), 1, 1, dtype=torch.int64),
            targets=self.tokens[:, :1],
        )


def build(config):
    return Wee(config)
