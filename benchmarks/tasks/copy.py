"""Copy: random symbols and a delimiter; the targets are the symbols in order.

From Graves et al. 2014 (Neural Turing Machines, section 4.1), with symbols instead of vectors of
bits: trained on 1 to 20 of them, evaluated on 10, 20 and 40. A distance is the number of symbols,
which is the number of tokens between a symbol and its prediction.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from baselines.interface import Signature, check_positive
from strategies.sequence.task import Batch, EvaluationBatch, WholeSequenceTask

VERSION = 1
TITLE = "Copy"
PRIMARY = "accuracy_at_40"
CHANCE = 0.125
CHANCE_GIVEN = {"symbols": (8,)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task.

    Attributes:
        symbols: Types of symbol.
        train_length: Maximum symbols of a training sequence; the number is drawn from 1 to this.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation sequences per distance.
        furthest: Maximum symbols of an evaluation sequence.
    """

    symbols: int = 8
    train_length: int = 20
    steps: int = 800
    batch_size: int = 32
    streams: int = 64
    furthest: int = 40

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(steps=self.steps, batch_size=self.batch_size, streams=self.streams)
        if self.symbols < 2:
            raise ValueError(f"symbols = {self.symbols} must be at least 2")
        if not 2 <= self.train_length <= self.furthest:
            raise ValueError(
                f"train_length = {self.train_length} must be between 2 "
                f"and furthest = {self.furthest}"
            )


class Copy(WholeSequenceTask):
    """The copy task.

    Tokens: symbols, delimiter, marker. Chance is ``1 / symbols``.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.distances = [config.train_length // 2]
        while self.distances[-1] * 2 <= config.furthest:
            self.distances.append(self.distances[-1] * 2)
        types = config.symbols + 2
        self.signature = Signature(
            vocabulary=types, outputs=types, length=2 * config.train_length + 1
        )

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences with different numbers of symbols; idle markers pad short ones."""
        most = self.config.train_length
        return self._draw(
            torch.randint(1, most + 1, (batch,), generator=generator), most, generator
        )

    def evaluation_batches(
        self, batch: int, generator: torch.Generator
    ) -> Iterator[EvaluationBatch]:
        """Draw sequences of every number of symbols."""
        for number in self.distances:
            yield EvaluationBatch(
                distance=number, batch=self._draw(torch.full((batch,), number), number, generator)
            )

    def _draw(self, number: torch.Tensor, most: int, generator: torch.Generator) -> Batch:
        """Draw sequences with ``number`` symbols ``[B]``, at most ``most``."""
        delimiter, marker = self.config.symbols, self.config.symbols + 1
        symbols = torch.randint(self.config.symbols, (len(number), most), generator=generator)
        given = torch.arange(most) < number.unsqueeze(1)
        inputs = torch.full((len(number), 2 * most + 1), marker)
        inputs[:, :most] = torch.where(given, symbols, marker)
        inputs.scatter_(1, number.unsqueeze(1), delimiter)
        # Idle positions point to the last token and are masked.
        positions = (number.unsqueeze(1) + 1 + torch.arange(most)).clamp(max=2 * most)
        return Batch(inputs=inputs, positions=positions, targets=symbols, mask=given)


def build(config: Config) -> Copy:
    """Build the task."""
    return Copy(config)
