"""The target is the first token of a whole sequence; it fulfils the contract of tasks."""

from dataclasses import dataclass

import torch

from baselines.interface import Signature, check_positive
from strategies.sequence.task import Batch, EvaluationBatch, WholeSequenceTask

KIND = "task"
PRIMARY = "accuracy_at_16"
CHANCE = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task."""

    steps: int = 4
    batch_size: int = 4
    streams: int = 8

    def __post_init__(self):
        check_positive(steps=self.steps, batch_size=self.batch_size, streams=self.streams)


class Task(WholeSequenceTask):
    distances = (8, 16)
    signature = Signature(vocabulary=4, outputs=4, length=8)

    def sample(self, batch, generator):
        return drawn(batch, 8, generator)

    def evaluation_batches(self, batch, generator):
        for distance in self.distances:
            yield EvaluationBatch(distance=distance, batch=drawn(batch, distance, generator))


def drawn(batch, length, generator):
    inputs = torch.randint(4, (batch, length), generator=generator)
    return Batch(inputs=inputs, positions=torch.full((batch, 1), length - 1), targets=inputs[:, :1])


def build(config):
    return Task()
