"""Association in branching chains: A → B, A → B′, B → C, B′ → C′; a marker selects the leaf class.

A harder form of `benchmarks.tasks.association`. A has two successors in random order, so a memory
that follows its last or its strongest link is wrong half of the time. C and C′ are from two
classes of entities. A query's marker names the class and the number of links: for A and
class 1, the target is C′. Both branches must be followed to find it. Half of the training queries
start from a root, the others follow the one link from a branch to its leaf. A distance is the
number of tokens from the last position of the evidence to the entity where the target is
predicted.

Curve ``accuracy_by_distance_one_hop``: the same streams, with queries from branches to leaves.

Shapes: ``B`` batch, ``T`` time, ``C`` chains, ``Q`` queries. A chain is five entities: A, B, B′,
C, C′.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from baselines.interface import Signature, check_positive
from benchmarks.tasks._pairs import choose, places_for, scatter_apart, shuffle
from benchmarks.tasks._streams import EvidenceQueryStream, powers_of_two, uniform
from benchmarks.tasks.association import MIN_DISTANCE
from strategies.sequence.task import Batch, Queries, QueryStream, QueryTask

VERSION = 1
TITLE = "Association (hard)"
PRIMARY = "accuracy_at_8192"
CHANCE = 0.015625
CHANCE_GIVEN = {"leaves": (64,)}

LINKS = ((0, 1), (0, 2), (1, 3), (2, 4))
"""Links of a chain as indices of its five entities: root to branches, each branch to its leaf."""

QUERY_TYPES = 4
"""Types of query: from a root or a branch, for a leaf of class 0 or 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task.

    Attributes:
        entities: Types of entity that are not leaves; no two chains share one.
        leaves: Types of leaf in each of the two classes.
        noise: Types of noise token.
        chains: Chains per sequence, each of four links.
        train_length: Length of a training sequence: links in its first half, queries in the second.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation streams, each with a query per leaf at every distance.
        far_streams: Streams that are read beyond distance 8,192.
        furthest: Largest distance, a power of two.
    """

    entities: int = 64
    leaves: int = 64
    noise: int = 256
    chains: int = 3
    train_length: int = 128
    steps: int = 400
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
        if self.chains < 1 or 3 * self.chains > self.entities or self.chains > self.leaves:
            raise ValueError(
                f"chains = {self.chains} must be at least 1, "
                f"at most a third of entities = {self.entities}, and at most leaves = {self.leaves}"
            )
        needed = 2 * places_for(self.chains * len(LINKS))
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


class AssociationHard(QueryTask):
    """The task of association in branching chains.

    Tokens: entities, leaves of class 0, of class 1, noise, markers. Chance, within the class that
    the query names, is ``1 / leaves``.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.far_streams = config.far_streams
        self._first_noise = config.entities + 2 * config.leaves
        types = self._first_noise + config.noise + QUERY_TYPES
        self.signature = Signature(vocabulary=types, outputs=types, length=config.train_length)

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences with all links in the first half.

        The second half has two queries per leaf: from its root, and from its branch.
        """
        chains = self._chains(batch, generator)
        evidence = self._evidence(chains, generator)
        queries, targets = shuffle(generator, *self.leaf_queries(chains))
        second = self._noise(batch, self.config.train_length - evidence.shape[1], generator)
        places = scatter_apart(second, queries, generator) + 1 + evidence.shape[1]
        return Batch(inputs=torch.cat([evidence, second], dim=1), positions=places, targets=targets)

    def query_stream(self, batch: int, generator: torch.Generator) -> QueryStream:
        """Draw evaluation streams: the evidence of a training sequence, then noise."""
        chains = self._chains(batch, generator)
        queries, targets = self.leaf_queries(chains)
        half = queries.shape[1] // 2
        return EvidenceQueryStream(
            self._evidence(chains, generator),
            Queries(
                inputs=queries, targets=targets, groups={"one_hop": torch.arange(half, 2 * half)}
            ),
            powers_of_two(MIN_DISTANCE, self.config.furthest),
            lambda count: self._noise(batch, count, generator),
        )

    def leaf_queries(
        self, chains: Int[Tensor, "B C 5"]
    ) -> tuple[Int[Tensor, "B Q 2"], Int[Tensor, "B Q"]]:
        """Return queries for every leaf: first from all roots, then from all branches."""
        starts = torch.cat([chains[..., [0, 0]].flatten(1), chains[..., [1, 2]].flatten(1)], dim=1)
        leaves = chains[..., [3, 4]].flatten(1)
        markers = torch.arange(QUERY_TYPES).view(2, 1, 2).expand(-1, chains.shape[1], -1).flatten()
        markers = self._first_noise + self.config.noise + markers
        return torch.stack([markers.expand_as(starts), starts], dim=-1), torch.cat(
            [leaves, leaves], dim=1
        )

    def _chains(self, batch: int, generator: torch.Generator) -> Int[Tensor, "B C 5"]:
        config = self.config
        upper = choose(config.entities, 3 * config.chains, batch, generator).view(
            batch, config.chains, 3
        )
        leaves = [
            config.entities
            + k * config.leaves
            + choose(config.leaves, config.chains, batch, generator)
            for k in (0, 1)
        ]
        return torch.cat([upper, torch.stack(leaves, dim=-1)], dim=-1)

    def _evidence(
        self, chains: Int[Tensor, "B C 5"], generator: torch.Generator
    ) -> Int[Tensor, "B T"]:
        (links,) = shuffle(generator, chains[..., LINKS].flatten(1, 2))
        evidence = self._noise(len(chains), self.config.train_length // 2, generator)
        scatter_apart(evidence, links, generator)
        return evidence

    def _noise(self, batch: int, count: int, generator: torch.Generator) -> Int[Tensor, "B T"]:
        return self._first_noise + uniform(self.config.noise, batch, count, generator)


def build(config: Config) -> AssociationHard:
    """Build the task."""
    return AssociationHard(config)
