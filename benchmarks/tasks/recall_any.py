"""Recall any: tokens of one kind; the query is any earlier pair, the target what followed it.

No token is reserved for cues, evidence or noise: all tokens are drawn uniformly from one
vocabulary, and any two neighbours of the past may be queried. The target is the token that followed
the last earlier occurrence of the pair. Each of its two tokens also occurs elsewhere, so a table of
bigrams has no answer, and token types do not show which pairs to store. A store with a place for
every pair, of which there are ``vocabulary²``, answers all queries; a smaller one must forget.

In training each position is a query whose pair has occurred before. In evaluation the queried pairs
are from the evidence, the first tokens of a stream, and do not occur after it. A distance is the
number of tokens from the last position of the evidence to the query's last token.

Shapes: ``B`` batch, ``T`` time, ``E`` length of the evidence, ``Q`` queries, ``V`` vocabulary.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from baselines.interface import Signature, check_positive
from benchmarks.tasks._streams import EvidenceQueryStream, powers_of_two, uniform
from strategies.sequence.task import Batch, Queries, QueryStream, QueryTask

VERSION = 1
TITLE = "Recall any"
PRIMARY = "accuracy_at_8192"
CHANCE = 0.0625
CHANCE_GIVEN = {"vocabulary": (16,)}

DRAWS = 2**30
"""Number of values of a draw, which is taken modulo the number of allowed successors."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task.

    Attributes:
        vocabulary: Token types; all of them occur in cues, in targets and elsewhere.
        queries: Pairs of the evidence that are queried in a stream.
        train_length: Length of a training sequence; the evidence of a stream has half of it.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation streams, each with all its queries at every distance.
        far_streams: Streams that are read beyond distance 8,192.
        furthest: Largest distance, a power of two.
    """

    vocabulary: int = 16
    queries: int = 8
    train_length: int = 128
    steps: int = 400
    batch_size: int = 32
    streams: int = 32
    far_streams: int = 10
    furthest: int = 8192

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(
            queries=self.queries,
            steps=self.steps,
            batch_size=self.batch_size,
            streams=self.streams,
            far_streams=self.far_streams,
        )
        if not 4 <= self.vocabulary <= self.train_length // 8:
            raise ValueError(
                f"vocabulary = {self.vocabulary} must be between 4 and an eighth of "
                f"train_length = {self.train_length}, so that pairs occur again in training"
            )
        if self.queries > self.train_length // 8 or self.queries >= self.vocabulary:
            raise ValueError(
                f"queries = {self.queries} must be below vocabulary = {self.vocabulary} and at "
                f"most an eighth of train_length = {self.train_length}"
            )
        if self.furthest < self.train_length:
            raise ValueError(
                f"furthest = {self.furthest} must be at least train_length = {self.train_length}"
            )


class RecallAny(QueryTask):
    """The recall-any task.

    All tokens are equally likely targets, so chance is ``1 / vocabulary``.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.far_streams = config.far_streams
        self.signature = Signature(
            vocabulary=config.vocabulary, outputs=config.vocabulary, length=config.train_length
        )

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw random tokens; every pair that has occurred before is a query."""
        inputs = uniform(self.config.vocabulary, batch, self.config.train_length, generator)
        pairs = self._pairs(inputs)
        positions = torch.arange(1, inputs.shape[1])
        earlier = (pairs.unsqueeze(2) == pairs.unsqueeze(1)).tril(-1)
        last = torch.where(earlier, positions, 0).amax(2)
        return Batch(
            inputs=inputs,
            positions=positions.repeat(batch, 1),
            targets=inputs.gather(1, last + 1),
            mask=last > 0,
        )

    def query_stream(self, batch: int, generator: torch.Generator) -> QueryStream:
        """Draw evaluation streams: random evidence, then tokens without the queried pairs."""
        evidence = uniform(
            self.config.vocabulary, batch, self.config.train_length // 2, generator
        ).contiguous()
        places = self._last_places(evidence, generator)
        cues = torch.stack([evidence.gather(1, places - 1), evidence.gather(1, places)], dim=-1)
        return EvidenceQueryStream(
            evidence,
            Queries(inputs=cues, targets=evidence.gather(1, places + 1)),
            powers_of_two(self.config.train_length // 2, self.config.furthest),
            TokensWithout(cues, evidence[:, -1], self.config.vocabulary, generator),
        )

    def _pairs(self, tokens: Int[Tensor, "B T"]) -> Int[Tensor, "B T-1"]:
        """Return a number for each two neighbours."""
        return tokens[:, :-1] * self.config.vocabulary + tokens[:, 1:]

    def _last_places(
        self, evidence: Int[Tensor, "B E"], generator: torch.Generator
    ) -> Int[Tensor, "B Q"]:
        """Choose positions where a pair of two different tokens ends for the last time.

        A pair of equal tokens could overlap with itself. The last token is no target's pair: its
        successor is not part of the evidence.
        """
        pairs = self._pairs(evidence)
        again = (pairs.unsqueeze(2) == pairs.unsqueeze(1)).triu(1).any(2)
        order = torch.rand(pairs.shape, generator=generator)
        order[again | (evidence[:, :-1] == evidence[:, 1:])] -= 1.0
        return order[:, :-1].topk(self.config.queries, dim=1).indices + 1


class TokensWithout:
    """Draws random tokens in which given pairs do not occur.

    A token is drawn uniformly from those that may follow the token before it.

    Args:
        pairs: The excluded pairs of each stream.
        last: The token before the first one drawn.
        vocabulary: Token types.
        generator: Source of the tokens.
    """

    def __init__(
        self,
        pairs: Int[Tensor, "B Q 2"],
        last: Int[Tensor, " B"],
        vocabulary: int,
        generator: torch.Generator,
    ) -> None:
        rows = torch.arange(len(pairs))
        excluded = torch.zeros(len(pairs), vocabulary, vocabulary, dtype=torch.bool)
        excluded[rows.unsqueeze(1), pairs[..., 0], pairs[..., 1]] = True
        self._allowed = excluded.int().argsort(dim=2, stable=True)
        self._counts = (~excluded).sum(2)
        self._rows = rows
        self._last = last
        self._generator = generator

    def __call__(self, count: int) -> Int[Tensor, "B T"]:
        """Draw the next tokens of every stream."""
        tokens = []
        for drawn in uniform(DRAWS, len(self._rows), count, self._generator).unbind(1):
            choice = drawn % self._counts[self._rows, self._last]
            self._last = self._allowed[self._rows, self._last, choice]
            tokens.append(self._last)
        return torch.stack(tokens, dim=1) if tokens else self._allowed[:, 0, :0]


def build(config: Config) -> RecallAny:
    """Build the task."""
    return RecallAny(config)
