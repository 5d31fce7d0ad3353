"""Selective copying: 16 data tokens among blanks; the targets are these tokens in order.

From Gu & Dao 2023 (Mamba, section 4.1.1 and Table 1), who trained and tested at length 4,096.
Here the training length is 256 and evaluation lengths grow from it. A distance is the length before
the markers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from baselines.interface import Signature, check_positive
from benchmarks.tasks._pairs import choose
from strategies.sequence.task import Batch, EvaluationBatch, WholeSequenceTask

VERSION = 1
TITLE = "Selective copying"
PRIMARY = "accuracy_at_4096"
CHANCE = 0.07142857142857142
CHANCE_GIVEN = {"vocabulary": (16,)}

GROWTH = 4
"""Ratio of consecutive evaluation lengths; the first is the training length."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task.

    Attributes:
        vocabulary: Token types: the blank, the data tokens, the marker.
        items: Data tokens per sequence.
        train_length: Length of a training sequence before its markers.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation sequences per distance.
        furthest: Maximum evaluation length.
    """

    vocabulary: int = 16
    items: int = 16
    train_length: int = 256
    steps: int = 1000
    batch_size: int = 32
    streams: int = 64
    furthest: int = 4096

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(steps=self.steps, batch_size=self.batch_size, streams=self.streams)
        if self.vocabulary < 4:
            raise ValueError(f"vocabulary = {self.vocabulary} must be at least 4")
        if not 1 <= self.items <= self.train_length <= self.furthest:
            raise ValueError(
                f"items = {self.items} must be at least 1, "
                f"train_length = {self.train_length} at least items, "
                f"and furthest = {self.furthest} at least train_length"
            )


class SelectiveCopy(WholeSequenceTask):
    """The selective-copy task.

    Tokens: blank, data, marker. Chance among data tokens is ``1 / (vocabulary − 2)``.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.distances = lengths(config.train_length, config.furthest)
        self.signature = Signature(
            vocabulary=config.vocabulary,
            outputs=config.vocabulary,
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
        items, marker = self.config.items, self.config.vocabulary - 1
        data = torch.randint(1, marker, (batch, items), generator=generator)
        places = choose(length, items, batch, generator).sort(dim=1).values
        inputs = torch.zeros(batch, length + items, dtype=torch.int64).scatter_(1, places, data)
        inputs[:, length:] = marker
        return Batch(
            inputs=inputs,
            positions=torch.arange(length, length + items).expand(batch, -1),
            targets=data,
        )


def lengths(first: int, furthest: int) -> list[int]:
    """Return the evaluation lengths."""
    found = [first]
    while found[-1] * GROWTH <= furthest:
        found.append(found[-1] * GROWTH)
    return found


def build(config: Config) -> SelectiveCopy:
    """Build the task."""
    return SelectiveCopy(config)
