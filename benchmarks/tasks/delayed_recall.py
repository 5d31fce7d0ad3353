"""Delayed recall: key-value pairs among noise; the query is a key, the target its value.

After the associative recall of Graves et al. 2014 (Neural Turing Machines, section 4.3), with noise
in between, so that a model must select what to store. A distance is the number of tokens from the
last position of the evidence to the query.

Shapes: ``B`` batch, ``T`` time, ``K`` keys.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from baselines.interface import Signature, check_positive
from benchmarks.tasks._pairs import choose, shuffle
from benchmarks.tasks._streams import EvidenceQueryStream, powers_of_two, uniform
from strategies.sequence.task import Batch, Queries, QueryStream, QueryTask

VERSION = 2
TITLE = "Delayed recall"
PRIMARY = "accuracy_at_8192"
CHANCE = 0.015625
CHANCE_GIVEN = {"values": (64,)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task.

    Attributes:
        pairs: Pairs per sequence.
        keys: Types of key; no two pairs share one.
        values: Types of value.
        noise: Types of noise token.
        train_length: Length of a training sequence: pairs in its first half, queries in the second.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation streams, each with a query per pair at every distance.
        far_streams: Streams that are read beyond distance 8,192.
        furthest: Largest distance, a power of two.
    """

    pairs: int = 8
    keys: int = 64
    values: int = 64
    noise: int = 2048
    train_length: int = 128
    steps: int = 200
    batch_size: int = 32
    streams: int = 32
    far_streams: int = 10
    furthest: int = 8192

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(
            values=self.values,
            noise=self.noise,
            steps=self.steps,
            batch_size=self.batch_size,
            streams=self.streams,
            far_streams=self.far_streams,
        )
        if not 1 <= self.pairs <= min(self.keys, self.train_length // 4):
            raise ValueError(
                f"pairs = {self.pairs} must be between 1 and the minimum of keys = {self.keys} "
                f"and a quarter of train_length = {self.train_length}"
            )
        if self.furthest < self.train_length:
            raise ValueError(
                f"furthest = {self.furthest} must be at least train_length = {self.train_length}"
            )


class DelayedRecall(QueryTask):
    """The delayed-recall task.

    Tokens: keys, then values, then noise. Chance is ``1 / values``.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.far_streams = config.far_streams
        types = config.keys + config.values + config.noise
        self.signature = Signature(vocabulary=types, outputs=types, length=config.train_length)

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences with pairs at random positions of the first half.

        Their keys are in random order at random positions of the second half.
        """
        evidence, keys, values = self.draw_evidence(batch, generator)
        keys, values = shuffle(generator, keys, values)
        second = self.noise(batch, self.config.train_length - evidence.shape[1], generator)
        places = choose(second.shape[1], keys.shape[1], batch, generator)
        second.scatter_(1, places, keys)
        positions = places + evidence.shape[1]
        return Batch(
            inputs=torch.cat([evidence, second], dim=1), positions=positions, targets=values
        )

    def query_stream(self, batch: int, generator: torch.Generator) -> QueryStream:
        """Draw evaluation streams: the evidence of a training sequence, then noise.

        Every key is a query at every distance.
        """
        evidence, keys, values = self.draw_evidence(batch, generator)
        queries = Queries(inputs=keys.unsqueeze(-1), targets=values)
        distances = powers_of_two(self.config.train_length, self.config.furthest)
        return EvidenceQueryStream(
            evidence, queries, distances, lambda count: self.noise(batch, count, generator)
        )

    def draw_evidence(
        self, batch: int, generator: torch.Generator
    ) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B K"], Int[Tensor, "B K"]]:
        """Draw evidence: pairs among noise, half a training sequence long.

        Return it with the keys and the values to recall.
        """
        config = self.config
        half = config.train_length // 2
        tokens = self.noise(batch, half, generator)
        keys = choose(config.keys, config.pairs, batch, generator)
        values = (
            torch.randint(config.values, (batch, config.pairs), generator=generator) + config.keys
        )
        places = 2 * choose(half // 2, config.pairs, batch, generator)
        tokens.scatter_(1, places, keys).scatter_(1, places + 1, values)
        return tokens, keys, values

    def noise(self, batch: int, count: int, generator: torch.Generator) -> Int[Tensor, "B T"]:
        """Draw noise tokens."""
        return (
            self.config.keys
            + self.config.values
            + uniform(self.config.noise, batch, count, generator)
        )


def build(config: Config) -> DelayedRecall:
    """Build the task."""
    return DelayedRecall(config)
