"""What a long-dependency task is.

A generator of training sequences, and one of two ways to be asked.

A `QueryTask` is asked on forks of long streams, at many distances in one pass. An `WholeSequenceTask` is
asked by whole sequences that hold their questions, where questions belong to the sequence (several
in a row, or at its end).

Shapes: ``B`` batch, ``T`` time, ``F`` features, ``P`` places where an answer is wanted, ``V``
outputs, ``Q`` questions, ``L`` length of a question.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from baselines.interface import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Sequences with the places where an answer is wanted, and the answers.

    Attributes:
        inputs: Tokens or features.
        positions: Where an answer is wanted.
        targets: The answers: classes, or numbers in a regression.
        mask: Which of the places count, where rows have different numbers of them; all if None. A
            place that does not count still names a valid position.
    """

    inputs: Int[Tensor, "B T"] | Float[Tensor, "B T F"]
    positions: Int[Tensor, "B P"]
    targets: Int[Tensor, "B P"] | Float[Tensor, "B P"]
    mask: Bool[Tensor, "B P"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """Questions asked on forks of one stream's state.

    Each is a few tokens, and its answer is wanted at the last of them.

    Attributes:
        inputs: The questions, all equally long.
        targets: Their answers.
        groups: Questions that are scored apart, by the name of their group: indices along ``Q``.
            The task's accuracy is that of the questions which are in no group.
    """

    inputs: Int[Tensor, "B Q L"]
    targets: Int[Tensor, "B Q"]
    groups: Mapping[str, Int[Tensor, " G"]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationBatch:
    """Sequences of one length that hold their questions.

    Attributes:
        distance: The label under which the sheet is scored: for these tasks the length that the
            task's docstring names.
        batch: The sequences.
    """

    distance: int
    batch: Batch


class QueryStream(Protocol):
    """One long stream per row, read once; the same questions are asked at each distance."""

    @property
    def distances(self) -> Sequence[int]:
        """Where the questions are asked."""

    def stream(self, start: int, stop: int) -> Int[Tensor, "B T"]:
        """Return the tokens from ``start`` to ``stop``.

        Pieces are asked for in order, each once.
        """

    def read_until(self, distance: int) -> int:
        """Return how many tokens have been read when the questions are asked at this distance."""

    def queries(self) -> Queries:
        """Return the questions and their answers."""


class SequenceTask(ABC):
    """A generator of sequences, and how an answer is judged.

    Attributes:
        signature: What models are built for.
    """

    signature: Signature

    @abstractmethod
    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw training sequences, none longer than ``signature.length``."""

    def loss(self, logits: Float[Tensor, "*places V"], targets: Tensor) -> Float[Tensor, ""]:
        """Return the mean loss over the places: cross-entropy, unless a task has its own."""
        return functional.cross_entropy(logits.flatten(0, -2), targets.flatten())

    def correct(
        self, logits: Float[Tensor, "*places V"], targets: Tensor
    ) -> Bool[Tensor, "*places"]:
        """Say which answers are right: the largest logit is the target's, unless a task judges otherwise."""
        return largest_is_target(logits, targets)


class QueryTask(SequenceTask):
    """A task asked on forks of long streams.

    Attributes:
        far_streams: How many of the streams are read on beyond distance
            `strategies.sequence.evaluate.FAR`; all of them if None.
    """

    far_streams: int | None = None

    @abstractmethod
    def query_stream(self, batch: int, generator: torch.Generator) -> QueryStream:
        """Draw evaluation streams."""


class WholeSequenceTask(SequenceTask):
    """A task asked by whole sequences.

    Attributes:
        distances: The labels of its sheets, in rising order.
    """

    distances: Sequence[int]

    @abstractmethod
    def evaluation_batches(
        self, batch: int, generator: torch.Generator
    ) -> Iterator[EvaluationBatch]:
        """Draw evaluation sequences one sheet after the other, by rising distance.

        A distance may have several sheets, which are scored together: where logits are large, a
        sheet holds few sequences.

        Args:
            batch: Sequences per distance.
            generator: Source of all that is drawn.
        """


def largest_is_target(
    logits: Float[Tensor, "*places V"], targets: Int[Tensor, "*places"]
) -> Bool[Tensor, "*places"]:
    """Say which answers are right, an answer being the class of the largest logit."""
    return logits.argmax(-1) == targets
