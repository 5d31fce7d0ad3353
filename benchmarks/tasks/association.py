"""Association: links A → B and B → C among noise; the query is A, the target C.

The two supporting facts of bAbI's second task (Weston et al. 2015, "Towards AI-Complete Question
Answering") without the language, in streams of any length. A link is a pair of adjacent tokens. The
links of all chains are in random order, at random positions of the evidence, with noise between
them. A query has two tokens: a marker with the number of links to follow, and the entity to start
from, where the target is predicted. Half of the training queries follow a whole chain from its
head, the others follow fewer links. A distance is the number of tokens from the last position of
the evidence to that entity.

Curve ``accuracy_by_distance_one_hop``: the same streams, with a query for every single link.

Shapes: ``B`` batch, ``T`` time, ``C`` chains, ``E`` entities of a chain, ``Q`` queries.
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
TITLE = "Association"
PRIMARY = "accuracy_at_8192"
CHANCE = 0.015625
CHANCE_GIVEN = {"entities": (64,)}

MIN_DISTANCE = 64
"""Minimum evaluation distance."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task.

    Attributes:
        entities: Types of entity; no two chains share one.
        noise: Types of noise token.
        chains: Chains per sequence.
        hops: Links of a chain, 1 to 3.
        train_length: Length of a training sequence: links in its first half, queries in the second.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation streams, each with a query per chain at every distance.
        far_streams: Streams that are read beyond distance 8,192.
        furthest: Largest distance, a power of two.
    """

    entities: int = 64
    noise: int = 256
    chains: int = 3
    hops: int = 2
    train_length: int = 64
    steps: int = 300
    batch_size: int = 32
    streams: int = 64
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
        if not 1 <= self.hops <= 3:
            raise ValueError(f"hops = {self.hops} must be between 1 and 3")
        if self.chains < 1 or self.chains * (self.hops + 1) > self.entities:
            raise ValueError(
                f"chains = {self.chains} of {self.hops} hops must be at least 1 and need "
                f"{self.hops + 1} entities each, of entities = {self.entities}"
            )
        needed = 2 * places_for(self.chains * max(self.hops, 2))
        if self.train_length < needed:
            raise ValueError(
                f"train_length = {self.train_length} must be at least {needed} "
                f"to hold {self.chains} chains"
            )
        if self.furthest < MIN_DISTANCE or self.noise < 1:
            raise ValueError(
                f"furthest = {self.furthest} must be at least {MIN_DISTANCE}, "
                f"and noise = {self.noise} at least 1"
            )


class Association(QueryTask):
    """The association task.

    Tokens: entities, then noise, then the markers of 1, 2, … hops. Chance is ``1 / entities``.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.far_streams = config.far_streams
        self._first_marker: int = config.entities + config.noise
        types = self._first_marker + config.hops
        self.signature = Signature(vocabulary=types, outputs=types, length=config.train_length)

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences with all links in the first half.

        The second half has two queries per chain: for the whole chain, and for fewer links.
        """
        chains = self._chains(batch, generator)
        evidence = self._evidence(chains, generator)
        queries, targets = self.chain_queries(chains)
        if self.config.hops > 1:
            shorter = self._shorter_queries(chains, generator)
            queries, targets = (
                torch.cat([queries, shorter[0]], dim=1),
                torch.cat([targets, shorter[1]], dim=1),
            )
        queries, targets = shuffle(generator, queries, targets)
        second = self._noise(batch, self.config.train_length - evidence.shape[1], generator)
        places = scatter_apart(second, queries, generator) + 1 + evidence.shape[1]
        return Batch(inputs=torch.cat([evidence, second], dim=1), positions=places, targets=targets)

    def query_stream(self, batch: int, generator: torch.Generator) -> QueryStream:
        """Draw evaluation streams: the evidence of a training sequence, then noise."""
        chains = self._chains(batch, generator)
        evidence = self._evidence(chains, generator)
        queries, targets = self.chain_queries(chains)
        groups = {}
        if self.config.hops > 1:
            links, ends = self.link_queries(chains)
            groups = {"one_hop": torch.arange(queries.shape[1], queries.shape[1] + links.shape[1])}
            queries, targets = torch.cat([queries, links], dim=1), torch.cat([targets, ends], dim=1)
        return EvidenceQueryStream(
            evidence,
            Queries(inputs=queries, targets=targets, groups=groups),
            powers_of_two(MIN_DISTANCE, self.config.furthest),
            lambda count: self._noise(batch, count, generator),
        )

    def chain_queries(
        self, chains: Int[Tensor, "B C E"]
    ) -> tuple[Int[Tensor, "B C 2"], Int[Tensor, "B C"]]:
        """Return queries from each chain's head, with the chain's end as the target."""
        return self._inputs(
            chains[..., 0], torch.full_like(chains[..., 0], self.config.hops)
        ), chains[..., -1]

    def link_queries(
        self, chains: Int[Tensor, "B C E"]
    ) -> tuple[Int[Tensor, "B Q 2"], Int[Tensor, "B Q"]]:
        """Return queries from each link's first entity, with its second as the target."""
        starts = chains[..., :-1].flatten(1)
        return self._inputs(starts, torch.ones_like(starts)), chains[..., 1:].flatten(1)

    def _shorter_queries(
        self, chains: Int[Tensor, "B C E"], generator: torch.Generator
    ) -> tuple[Int[Tensor, "B C 2"], Int[Tensor, "B C"]]:
        """Return a query per chain that follows fewer links than the chain has.

        The number of links is random, then the first entity among those with enough links ahead.
        """
        shape, hops = (*chains.shape[:2], 1), self.config.hops
        followed = torch.randint(1, hops, shape, generator=generator)
        start = (torch.rand(shape, generator=generator) * (hops - followed + 1)).long()
        entities, ends = (chains.gather(2, where).squeeze(2) for where in (start, start + followed))
        return self._inputs(entities, followed.squeeze(2)), ends

    def _inputs(
        self, entities: Int[Tensor, "B Q"], hops: Int[Tensor, "B Q"]
    ) -> Int[Tensor, "B Q 2"]:
        return torch.stack([self._first_marker + hops - 1, entities], dim=-1)

    def _chains(self, batch: int, generator: torch.Generator) -> Int[Tensor, "B C E"]:
        config = self.config
        return choose(config.entities, config.chains * (config.hops + 1), batch, generator).view(
            batch, config.chains, -1
        )

    def _evidence(
        self, chains: Int[Tensor, "B C E"], generator: torch.Generator
    ) -> Int[Tensor, "B T"]:
        (links,) = shuffle(
            generator, torch.stack([chains[..., :-1], chains[..., 1:]], dim=-1).flatten(1, 2)
        )
        evidence = self._noise(len(chains), self.config.train_length // 2, generator)
        scatter_apart(evidence, links, generator)
        return evidence

    def _noise(self, batch: int, count: int, generator: torch.Generator) -> Int[Tensor, "B T"]:
        return self.config.entities + uniform(self.config.noise, batch, count, generator)


def build(config: Config) -> Association:
    """Build the task."""
    return Association(config)
