"""Hops: links of a ring, apart and shuffled; the query is a start and a number of links to follow.

Links A → B, B → C, … are pairs of adjacent entities, in random order at random positions of the
evidence, with noise between them. Together they form a ring, so a chain of any number of links
starts at each entity, and no entity is recognisable as the end of one. A query is a start followed
by one hop token per link to follow; the target is at the last of them. Training has 1 and 2 hops,
the task's accuracy is that of 2 hops, and 3 to 5 hops are a composition that training never shows.
After the supporting facts of bAbI (Weston et al. 2015), whose chains `association` has.

A table of what followed each token answers one hop; more need several look-ups, each for the result
of the one before. A distance is the number of tokens from the last position of the evidence to the
query's last token.

Curves ``accuracy_by_distance_one_hop``, ``…_three_hops``, ``…_four_hops``, ``…_five_hops``: the
same streams and starts, with as many hops.

Shapes: ``B`` batch, ``T`` time, ``R`` entities of the ring, ``N`` starts, ``L`` length of a query.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from baselines.interface import Signature, check_positive
from benchmarks.tasks._pairs import choose, places_for, scatter_apart, shuffle
from benchmarks.tasks._streams import EvidenceQueryStream, powers_of_two, uniform
from strategies.sequence.task import Batch, Queries, QueryStream, QueryTask

VERSION = 1
TITLE = "Hops"
PRIMARY = "accuracy_at_8192"
CHANCE = 0.015625
CHANCE_GIVEN = {"entities": (64,)}

HOP_GROUPS = {1: "one_hop", 3: "three_hops", 4: "four_hops", 5: "five_hops"}
"""Names of the queries that are scored separately, by their number of hops."""

SCORED_HOPS = 2
"""Hops of the queries that the task's accuracy counts."""

MAX_HOPS = max(HOP_GROUPS)

MIN_DISTANCE = 64
"""Minimum evaluation distance."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task.

    Attributes:
        entities: Types of entity.
        noise: Types of noise token.
        links: Links of the ring, which has as many entities.
        queries: Starts of queries in a sequence, all different.
        train_hops: Maximum number of hops in training, 1 to 5.
        train_length: Length of a training sequence: links in its first half, queries in the second.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation streams, each with every start and number of hops at every distance.
        far_streams: Streams that are read beyond distance 8,192.
        furthest: Largest distance, a power of two.
    """

    entities: int = 64
    noise: int = 256
    links: int = 8
    queries: int = 4
    train_hops: int = 2
    train_length: int = 64
    steps: int = 400
    batch_size: int = 32
    streams: int = 64
    far_streams: int = 10
    furthest: int = 8192

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(
            noise=self.noise,
            steps=self.steps,
            batch_size=self.batch_size,
            streams=self.streams,
            far_streams=self.far_streams,
        )
        if not 1 <= self.train_hops <= MAX_HOPS:
            raise ValueError(f"train_hops = {self.train_hops} must be between 1 and {MAX_HOPS}")
        if not MAX_HOPS < self.links <= self.entities:
            raise ValueError(
                f"links = {self.links} must be between {MAX_HOPS + 1} "
                f"and entities = {self.entities}"
            )
        if not 1 <= self.queries <= self.links:
            raise ValueError(f"queries = {self.queries} must be between 1 and links = {self.links}")
        needed = 2 * max(places_for(self.links), self.queries * (self.train_hops + 2))
        if self.train_length < needed:
            raise ValueError(
                f"train_length = {self.train_length} must be at least {needed} to hold "
                f"{self.links} links and {self.queries} queries"
            )
        if self.furthest < MIN_DISTANCE:
            raise ValueError(f"furthest = {self.furthest} must be at least {MIN_DISTANCE}")


class Hops(QueryTask):
    """The hops task.

    Tokens: entities, then noise, then the hop token. Chance is ``1 / entities``; a guess among the
    other entities of the evidence is correct with probability ``1 / (links − 1)``.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.far_streams = config.far_streams
        self.hop: int = config.entities + config.noise
        types = self.hop + 1
        self.signature = Signature(vocabulary=types, outputs=types, length=config.train_length)

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences with the links in the first half and the queries in the second.

        Each query has a random number of hops.
        """
        config = self.config
        ring = self._ring(batch, generator)
        evidence = self._evidence(ring, generator)
        starts = choose(config.links, config.queries, batch, generator)
        hops = torch.randint(1, config.train_hops + 1, starts.shape, generator=generator)
        queries, targets = self.chains(ring, starts, hops, config.train_hops + 1, generator)
        second = self._noise(batch, config.train_length - evidence.shape[1], generator)
        places = scatter_apart(second, queries, generator) + config.train_hops + evidence.shape[1]
        return Batch(inputs=torch.cat([evidence, second], dim=1), positions=places, targets=targets)

    def query_stream(self, batch: int, generator: torch.Generator) -> QueryStream:
        """Draw evaluation streams: the evidence of a training sequence, then noise."""
        ring = self._ring(batch, generator)
        evidence = self._evidence(ring, generator)
        count = self.config.queries
        starts = choose(self.config.links, count, batch, generator).repeat(1, MAX_HOPS)
        hops = torch.arange(1, MAX_HOPS + 1).repeat_interleave(count).expand_as(starts)
        queries, targets = self.chains(ring, starts, hops, MAX_HOPS + 1, generator)
        groups = {
            name: torch.arange((number - 1) * count, number * count)
            for number, name in HOP_GROUPS.items()
        }
        return EvidenceQueryStream(
            evidence,
            Queries(inputs=queries, targets=targets, groups=groups),
            powers_of_two(MIN_DISTANCE, self.config.furthest),
            lambda count: self._noise(batch, count, generator),
        )

    def chains(
        self,
        ring: Int[Tensor, "B R"],
        starts: Int[Tensor, "B N"],
        hops: Int[Tensor, "B N"],
        length: int,
        generator: torch.Generator,
    ) -> tuple[Int[Tensor, "B N L"], Int[Tensor, "B N"]]:
        """Return queries that end with a start and its hop tokens, and their targets.

        Noise precedes those that are shorter than ``length``.
        """
        noise = self._noise(starts.numel(), length, generator).view(*starts.shape, length)
        entities = ring.gather(1, starts).unsqueeze(2)
        to_start = torch.arange(length) - (length - 1 - hops.unsqueeze(2))
        queries = torch.where(to_start > 0, self.hop, torch.where(to_start < 0, noise, entities))
        return queries, ring.gather(1, (starts + hops) % ring.shape[1])

    def _ring(self, batch: int, generator: torch.Generator) -> Int[Tensor, "B R"]:
        return choose(self.config.entities, self.config.links, batch, generator)

    def _evidence(self, ring: Int[Tensor, "B R"], generator: torch.Generator) -> Int[Tensor, "B T"]:
        (links,) = shuffle(generator, torch.stack([ring, ring.roll(-1, dims=1)], dim=-1))
        evidence = self._noise(len(ring), self.config.train_length // 2, generator)
        scatter_apart(evidence, links, generator)
        return evidence

    def _noise(self, batch: int, count: int, generator: torch.Generator) -> Int[Tensor, "B T"]:
        return self.config.entities + uniform(self.config.noise, batch, count, generator)


def build(config: Config) -> Hops:
    """Build the task."""
    return Hops(config)
