"""Adding: numbers, two of them marked; the target at the end is their sum.

After Hochreiter & Schmidhuber 1997 (Long Short-Term Memory, section 5.4). Each step has two
features: a number drawn uniformly from [0, 1], and a marker, 1 at the two marked steps and 0
elsewhere. A prediction is correct if it is within 0.04 of the sum. A distance is the length
of the sequence.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from baselines.interface import Signature, check_positive
from strategies.sequence.task import Batch, EvaluationBatch, WholeSequenceTask

VERSION = 1
TITLE = "Adding"
PRIMARY = "accuracy_at_200"
CHANCE = 0.0784
INPUTS = ("features",)

ERROR_LIMIT = 0.04
"""Largest absolute error of a correct prediction, exclusive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task.

    Attributes:
        train_length: Length of a training sequence.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation sequences per distance.
        furthest: Maximum evaluation length.
    """

    train_length: int = 100
    steps: int = 1000
    batch_size: int = 32
    streams: int = 256
    furthest: int = 400

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(steps=self.steps, batch_size=self.batch_size, streams=self.streams)
        if not 2 <= self.train_length <= self.furthest:
            raise ValueError(
                f"train_length = {self.train_length} must be between 2 "
                f"and furthest = {self.furthest}"
            )


class Adding(WholeSequenceTask):
    """The adding task.

    The constant prediction 1, the mean, is correct with probability
    ``P(|x + y − 1| < t) = 2t − t²``, where t is the tolerance.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.distances = [config.train_length]
        while self.distances[-1] * 2 <= config.furthest:
            self.distances.append(self.distances[-1] * 2)
        self.signature = Signature(features=2, outputs=1, length=config.train_length)

    def loss(
        self, logits: Float[Tensor, "*places 1"], targets: Float[Tensor, "*places"]
    ) -> Float[Tensor, ""]:
        """Return the mean squared error."""
        return functional.mse_loss(logits.squeeze(-1), targets)

    def correct(
        self, logits: Float[Tensor, "*places 1"], targets: Float[Tensor, "*places"]
    ) -> Bool[Tensor, "*places"]:
        """Return which predictions are within the tolerance."""
        return (logits.squeeze(-1) - targets).abs() < ERROR_LIMIT

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences."""
        return draw(self.config.train_length, batch, generator)

    def evaluation_batches(
        self, batch: int, generator: torch.Generator
    ) -> Iterator[EvaluationBatch]:
        """Draw sequences of every length."""
        for length in self.distances:
            yield EvaluationBatch(distance=length, batch=draw(length, batch, generator))


def draw(length: int, batch: int, generator: torch.Generator) -> Batch:
    """Draw sequences of one length."""
    numbers = torch.rand(batch, length, generator=generator)
    half = length // 2
    first = torch.randint(half, (batch, 1), generator=generator)
    second = torch.randint(half, length, (batch, 1), generator=generator)
    marked = torch.cat([first, second], dim=1)
    markers = torch.zeros_like(numbers).scatter_(1, marked, 1.0)
    return Batch(
        inputs=torch.stack([numbers, markers], dim=-1),
        positions=torch.full((batch, 1), length - 1),
        targets=numbers.gather(1, marked).sum(1, keepdim=True),
    )


def build(config: Config) -> Adding:
    """Build the task."""
    return Adding(config)
