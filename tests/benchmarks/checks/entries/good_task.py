"""The target is the first token; it fulfils the contract of tasks."""

from dataclasses import dataclass

import torch

from baselines.interface import Signature, check_positive
from strategies.sequence.task import Batch, Queries, QueryTask

KIND = "task"
PRIMARY = "accuracy_at_16"
CHANCE = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task."""

    steps: int = 4
    batch_size: int = 4
    streams: int = 8
    furthest: int = 16

    def __post_init__(self):
        check_positive(steps=self.steps, batch_size=self.batch_size, streams=self.streams)


class Task(QueryTask):
    def __init__(self, config):
        self.furthest = config.furthest
        self.signature = Signature(vocabulary=4, outputs=4, length=8)

    def sample(self, batch, generator):
        inputs = torch.randint(4, (batch, 8), generator=generator)
        last = torch.full((batch, 1), 7)
        return Batch(inputs=inputs, positions=last, targets=inputs[:, :1])

    def query_stream(self, batch, generator):
        return Stream(self.furthest, batch, generator)


class Stream:
    def __init__(self, furthest, batch, generator):
        self.distances = tuple(2**n for n in range(2, furthest.bit_length()))
        self.tokens = torch.randint(4, (furthest, batch), generator=generator).T

    def stream(self, start, stop):
        return self.tokens[:, start:stop]

    def read_until(self, distance):
        return distance

    def queries(self):
        inputs = torch.zeros(len(self.tokens), 1, 1, dtype=torch.int64)
        return Queries(inputs=inputs, targets=self.tokens[:, :1])


def build(config):
    return Task(config)
