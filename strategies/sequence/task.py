"""Interface of a long-dependency task: a generator of training sequences and a way to evaluate.

A `QueryTask` has queries that are answered on copies of the state of long streams, at many
distances in one pass. A `WholeSequenceTask` has whole sequences that contain their queries, for
tasks whose queries belong to the sequence (several in a row, or at its end).

Shapes: ``B`` batch, ``T`` time, ``F`` features, ``P`` positions with a target, ``V`` outputs, ``Q``
queries, ``L`` length of a query.
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
    """Sequences with target positions and targets.

    Attributes:
        inputs: Tokens or features.
        positions: Where the model answers.
        targets: The correct answers: classes, or numbers in a regression.
        mask: Which of the positions count, if rows have different numbers of them; all if None. A
            position that does not count still is a valid position.
    """

    inputs: Int[Tensor, "B T"] | Float[Tensor, "B T F"]
    positions: Int[Tensor, "B P"]
    targets: Int[Tensor, "B P"] | Float[Tensor, "B P"]
    mask: Bool[Tensor, "B P"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """Queries that are answered on copies of a stream's state.

    Each has a few tokens; its target is at the last of them.

    Attributes:
        inputs: The queries, all of one length.
        targets: Their targets.
        groups: Queries that are scored separately, by the name of their group: indices along ``Q``.
            The task's accuracy is that of the queries in no group.
    """

    inputs: Int[Tensor, "B Q L"]
    targets: Int[Tensor, "B Q"]
    groups: Mapping[str, Int[Tensor, " G"]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationBatch:
    """Sequences of one length that contain their queries.

    Attributes:
        distance: The label under which the batch is scored: for these tasks the length that the
            task's docstring defines.
        batch: The sequences.
    """

    distance: int
    batch: Batch


class QueryStream(Protocol):
    """One long stream per row, read once; the same queries are answered at each distance."""

    @property
    def distances(self) -> Sequence[int]:
        """Distances at which the queries are answered."""

    def stream(self, start: int, stop: int) -> Int[Tensor, "B T"]:
        """Return the tokens from ``start`` to ``stop``.

        Pieces are drawn in order, each once.
        """

    def read_until(self, distance: int) -> int:
        """Return the number of tokens read before the queries at this distance."""

    def queries(self) -> Queries:
        """Return the queries and their targets."""


class SequenceTask(ABC):
    """A generator of sequences, and the criterion of a correct answer.

    Attributes:
        signature: Inputs and outputs that models are built for.
    """

    signature: Signature

    @abstractmethod
    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw training sequences, none longer than ``signature.length``."""

    def loss(self, logits: Float[Tensor, "*places V"], targets: Tensor) -> Float[Tensor, ""]:
        """Return the mean loss over the positions: cross-entropy, unless a task has its own."""
        return functional.cross_entropy(logits.flatten(0, -2), targets.flatten())

    def correct(
        self, logits: Float[Tensor, "*places V"], targets: Tensor
    ) -> Bool[Tensor, "*places"]:
        """Return which answers are correct.

        By default the largest logit must be the target's; a task may have its own criterion.
        """
        return largest_is_target(logits, targets)


class QueryTask(SequenceTask):
    """A task with queries on copies of the state of long streams.

    Attributes:
        far_streams: Number of the streams that are read beyond
            `strategies.sequence.evaluate.FAR_DISTANCE`; all of them if None.
    """

    far_streams: int | None = None

    @abstractmethod
    def query_stream(self, batch: int, generator: torch.Generator) -> QueryStream:
        """Draw evaluation streams."""


class WholeSequenceTask(SequenceTask):
    """A task with whole sequences that contain their queries.

    Attributes:
        distances: The labels of its evaluation batches, in rising order.
    """

    distances: Sequence[int]

    @abstractmethod
    def evaluation_batches(
        self, batch: int, generator: torch.Generator
    ) -> Iterator[EvaluationBatch]:
        """Draw evaluation batches one after the other, in rising order of distance.

        A distance may have several batches, which are scored together: where logits are large, a
        batch has few sequences.

        Args:
            batch: Sequences per distance.
            generator: Source of everything that is drawn.
        """


def largest_is_target(
    logits: Float[Tensor, "*places V"], targets: Int[Tensor, "*places"]
) -> Bool[Tensor, "*places"]:
    """Return which answers are correct, an answer being the class of the largest logit."""
    return logits.argmax(-1) == targets
