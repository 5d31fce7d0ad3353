"""Selective copying of a varying number of items among several types of noise.

A harder form of `benchmarks.tasks.selective_copy`. There are 8 to 16 data tokens instead of always
16, so that a model can't rely on a fixed count, and as many markers as items. There are 8 types of
noise instead of one blank, so that a model must recognise each as noise. Positions after the last
marker hold noise and have no target. A distance is the length before the markers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from baselines.interface import Signature, check_positive
from benchmarks.tasks._pairs import choose
from benchmarks.tasks.selective_copy import lengths
from strategies.sequence.task import Batch, EvaluationBatch, WholeSequenceTask

VERSION = 1
TITLE = "Selective copying (hard)"
PRIMARY = "accuracy_at_4096"
CHANCE = 0.07142857142857142
CHANCE_GIVEN = {"types": (14,)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task.

    Attributes:
        types: Types of data token.
        noise: Types of noise token.
        fewest: Minimum data tokens per sequence.
        items: Maximum data tokens per sequence.
        train_length: Length of a training sequence before its markers.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation sequences per distance.
        furthest: Maximum evaluation length.
    """

    types: int = 14
    noise: int = 8
    fewest: int = 8
    items: int = 16
    train_length: int = 256
    steps: int = 400
    batch_size: int = 32
    streams: int = 64
    furthest: int = 4096

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(
            steps=self.steps,
            batch_size=self.batch_size,
            streams=self.streams,
            types=self.types,
            noise=self.noise,
        )
        if not 1 <= self.fewest <= self.items <= self.train_length <= self.furthest:
            raise ValueError(
                f"fewest = {self.fewest} must be at least 1, items = {self.items} at least fewest, "
                f"train_length = {self.train_length} at least items, "
                f"and furthest = {self.furthest} at least train_length"
            )


class SelectiveCopyHard(WholeSequenceTask):
    """The hard selective-copy task.

    Tokens: data, then noise, then the marker. Chance among data tokens is ``1 / types``.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.marker = config.types + config.noise
        self.distances = lengths(config.train_length, config.furthest)
        self.signature = Signature(
            vocabulary=self.marker + 1,
            outputs=self.marker + 1,
            length=config.train_length + config.items,
        )

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences."""
        return self._draw(self.config.train_length, batch, generator)

    def evaluation_batches(
        self, batch: int, generator: torch.Generator
    ) -> Iterator[EvaluationBatch]:
        """Draw sequences of every length."""
        for length in self.distances:
            yield EvaluationBatch(distance=length, batch=self._draw(length, batch, generator))

    def _draw(self, length: int, batch: int, generator: torch.Generator) -> Batch:
        config = self.config
        inputs = config.types + torch.randint(
            config.noise, (batch, length + config.items), generator=generator
        )
        number = torch.randint(config.fewest, config.items + 1, (batch, 1), generator=generator)
        given = torch.arange(config.items) < number
        data = torch.randint(config.types, (batch, config.items), generator=generator)
        places = choose(length, config.items, batch, generator)
        # Items beyond the number share the position after all others, so that the sort orders the
        # given ones.
        places = torch.where(given, places, length).sort(dim=1).values
        inputs.scatter_(1, places, torch.where(given, data, inputs.gather(1, places)))
        inputs[:, length:] = torch.where(given, self.marker, inputs[:, length:])
        return Batch(
            inputs=inputs,
            positions=torch.arange(length, length + config.items).expand(batch, -1),
            targets=data,
            mask=given,
        )


def build(config: Config) -> SelectiveCopyHard:
    """Build the task."""
    return SelectiveCopyHard(config)
