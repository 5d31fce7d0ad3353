"""Induction with a cue of two tokens that each also occur elsewhere; the target follows the pair.

A harder form of `benchmarks.tasks.induction`, which a table of bigrams solves. The ordered pair
(14, 15) occurs once, followed by the target, and again at the end as the query. The noise is drawn
from the same 16 tokens, so 14 often precedes other tokens and 15 often follows others, but the pair
occurs nowhere else in this order. A distance is the number of tokens from the target to the second
token of the query.

Shapes: ``B`` batch, ``T`` time.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from baselines.interface import Signature, check_positive
from benchmarks.tasks._streams import powers_of_two, uniform
from benchmarks.tasks.induction import CUE_WITHIN, MIN_DISTANCE
from strategies.sequence.task import Batch, Queries, QueryStream, QueryTask

VERSION = 1
TITLE = "Induction heads (hard)"
PRIMARY = "accuracy_at_8192"
CHANCE = 0.07142857142857142
CHANCE_GIVEN = {"vocabulary": (16,)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task.

    Attributes:
        vocabulary: Token types, the two of the cue included.
        train_length: Length of a training sequence.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation streams, each with one query per distance.
        far_streams: Streams that are read beyond distance 8,192.
        furthest: Largest distance, a power of two.
    """

    vocabulary: int = 16
    train_length: int = 256
    steps: int = 600
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
        if self.vocabulary < 4:
            raise ValueError(
                f"vocabulary = {self.vocabulary} must be at least 4: "
                "the cue's two tokens and two others"
            )
        if self.train_length < 5 or self.furthest < MIN_DISTANCE:
            raise ValueError(
                f"train_length = {self.train_length} must be at least 5, "
                f"and furthest = {self.furthest} at least {MIN_DISTANCE}"
            )


class InductionHard(QueryTask):
    """The hard induction task.

    Targets are any tokens except the cue's two, so chance is ``1 / (vocabulary − 2)``.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.far_streams = config.far_streams
        self.cue = torch.tensor([config.vocabulary - 2, config.vocabulary - 1])
        self.signature = Signature(
            vocabulary=config.vocabulary, outputs=config.vocabulary, length=config.train_length
        )

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences with the cue at a random position and at the end."""
        length = self.config.train_length
        inputs, _ = noise(
            self.config.vocabulary, length, generator, torch.zeros(batch, 1, dtype=torch.int64)
        )
        start = torch.randint(length - 4, (batch, 1), generator=generator)
        answers = torch.randint(self.config.vocabulary - 2, (batch, 1), generator=generator)
        inputs.scatter_(
            1, start + torch.arange(3), torch.cat([self.cue.expand(batch, 2), answers], dim=1)
        )
        inputs[:, -2:] = self.cue
        return Batch(inputs=inputs, positions=torch.full((batch, 1), length - 1), targets=answers)

    def query_stream(self, batch: int, generator: torch.Generator) -> QueryStream:
        """Draw evaluation streams."""
        return InductionHardQueryStream(self.config, self.cue, batch, generator)


class InductionHardQueryStream:
    """Streams with the cue at one of the first positions.

    The position is the same in all streams, so that distances are exact.
    """

    def __init__(
        self, config: Config, cue: Int[Tensor, " 2"], batch: int, generator: torch.Generator
    ) -> None:
        self.distances = powers_of_two(MIN_DISTANCE, config.furthest)
        self._vocabulary = config.vocabulary
        self._generator = generator
        self._start = int(torch.randint(CUE_WITHIN, (1,), generator=generator))
        self._answers = torch.randint(config.vocabulary - 2, (batch, 1), generator=generator)
        self._evidence = torch.cat([cue.expand(batch, 2), self._answers], dim=1)
        self._last = torch.zeros(batch, 1, dtype=torch.int64)

    def stream(self, start: int, stop: int) -> Int[Tensor, "B T"]:
        """Return the next tokens: noise, the cue, and the target after it."""
        tokens, self._last = noise(self._vocabulary, stop - start, self._generator, self._last)
        for place, token in enumerate(self._evidence.unbind(1), start=self._start):
            if start <= place < stop:
                tokens[:, place - start] = token
        return tokens

    def read_until(self, distance: int) -> int:
        """Return the position at which the query ends ``distance`` tokens after the target."""
        return self._start + 2 + distance - 1

    def queries(self) -> Queries:
        """Return the cue as the query, with the token after it as the target."""
        return Queries(inputs=self._evidence[:, None, :2], targets=self._answers)


def noise(
    vocabulary: int, count: int, generator: torch.Generator, before: Int[Tensor, "B 1"]
) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B 1"]]:
    """Draw tokens in which the cue's first token is never followed by its second.

    Where it would be, an ordinary token replaces the second; it can't begin another cue.

    Args:
        vocabulary: Token types.
        count: Tokens of each sequence.
        generator: Source of the tokens.
        before: The last token drawn, before any replacement; any ordinary token at the start.

    Returns:
        The tokens, and the last token drawn.
    """
    ordinary = vocabulary - 2
    drawn = uniform(
        vocabulary * ordinary, len(before), count, generator
    )  # a token, and an ordinary one that may replace it
    tokens, instead = drawn // ordinary, drawn % ordinary
    line = torch.cat([before, tokens], dim=1)
    forms_cue = (line[:, :-1] == vocabulary - 2) & (tokens == vocabulary - 1)
    return torch.where(forms_cue, instead, tokens), line[:, -1:]


def build(config: Config) -> InductionHard:
    """Build the task."""
    return InductionHard(config)
