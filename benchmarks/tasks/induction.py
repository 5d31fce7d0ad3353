"""Induction heads: a special token appears once; the target is the token that followed it.

From Olsson et al. 2022, in the form of Gu & Dao 2023 (Mamba, Table 11): vocabulary of 16, trained
at length 256.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from baselines.interface import Signature, check_positive
from benchmarks.tasks._streams import powers_of_two, uniform
from strategies.sequence.task import Batch, Queries, QueryStream, QueryTask

VERSION = 2
TITLE = "Induction heads"
PRIMARY = "accuracy_at_8192"
CHANCE = 0.06666666666666667
CHANCE_GIVEN = {"vocabulary": (16,)}

MIN_DISTANCE = 64
"""Minimum evaluation distance."""

CUE_WITHIN = 32
"""The cue of an evaluation stream is among this many first positions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task.

    Attributes:
        vocabulary: Token types, the special one included.
        train_length: Length of a training sequence.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation streams, each with one query per distance.
        far_streams: Streams that are read beyond distance 8,192.
        furthest: Largest distance, a power of two.
    """

    vocabulary: int = 16
    train_length: int = 256
    steps: int = 150
    batch_size: int = 32
    streams: int = 128
    far_streams: int = 10
    furthest: int = 8192

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(
            steps=self.steps,
            batch_size=self.batch_size,
            streams=self.streams,
            far_streams=self.far_streams,
        )
        if self.vocabulary < 3:
            raise ValueError(
                f"vocabulary = {self.vocabulary} must be at least 3: "
                "the special token and two others"
            )
        if self.train_length < 4 or self.furthest < MIN_DISTANCE:
            raise ValueError(
                f"train_length = {self.train_length} must be at least 4, "
                f"and furthest = {self.furthest} at least {MIN_DISTANCE}"
            )


class Induction(QueryTask):
    """The induction task.

    Targets are ordinary tokens, so chance is ``1 / (vocabulary − 1)``.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.far_streams = config.far_streams
        self.special = config.vocabulary - 1
        self.signature = Signature(
            vocabulary=config.vocabulary, outputs=config.vocabulary, length=config.train_length
        )

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences with the special token at a random position and at the end."""
        length = self.config.train_length
        inputs = torch.randint(self.special, (batch, length), generator=generator)
        cue = torch.randint(length - 2, (batch, 1), generator=generator)
        inputs.scatter_(1, cue, self.special)
        answer = inputs.gather(1, cue + 1)
        inputs[:, -1] = self.special
        return Batch(inputs=inputs, positions=torch.full((batch, 1), length - 1), targets=answer)

    def query_stream(self, batch: int, generator: torch.Generator) -> QueryStream:
        """Draw evaluation streams."""
        return InductionQueryStream(self.config, batch, generator)


class InductionQueryStream:
    """Streams with the special token at one of the first positions.

    The position is the same in all streams, so that distances are exact.
    """

    def __init__(self, config: Config, batch: int, generator: torch.Generator) -> None:
        self.special = config.vocabulary - 1
        self.batch = batch
        self.generator = generator
        self.distances = powers_of_two(MIN_DISTANCE, config.furthest)
        self.cue = int(torch.randint(CUE_WITHIN, (1,), generator=generator))
        self.answer = torch.randint(self.special, (batch, 1), generator=generator)

    def stream(self, start: int, stop: int) -> Int[Tensor, "B T"]:
        """Return the next tokens: random ordinary ones, the special token, and its successor."""
        tokens = uniform(self.special, self.batch, stop - start, self.generator)
        if start <= self.cue < stop:
            tokens[:, self.cue - start] = self.special
        if start <= self.cue + 1 < stop:
            tokens[:, self.cue + 1 - start] = self.answer.squeeze(1)
        return tokens

    def read_until(self, distance: int) -> int:
        """Return the position of the query, ``distance`` tokens after the target."""
        return self.cue + 1 + distance

    def queries(self) -> Queries:
        """Return the special token as the query, with its successor as the target."""
        return Queries(inputs=torch.full((self.batch, 1, 1), self.special), targets=self.answer)


def build(config: Config) -> Induction:
    """Build the task."""
    return Induction(config)
