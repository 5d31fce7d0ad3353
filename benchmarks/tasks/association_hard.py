"""Association in chains that branch.

A → B and A → B′, B → C and B′ → C′; the question says which class of leaf is wanted.

The rule of `benchmarks.tasks.association` for sceptics: A has two successors, met in random order,
so a memory that follows its last or its strongest link is wrong every other time. C is from one
class of entities and C′ from another, and a question's marker names the class (and the number of
links): asked A for class 1, the answer is C′. The answer is known once both branches have been
followed. Half of the training questions start from a root, the others follow the one link from a
branch to its leaf. A distance is the number of tokens from the last place of the evidence to the
entity at which the answer is wanted.

Curve ``accuracy_by_distance_one_hop``: the same streams, asked for every leaf from its branch.

Shapes: ``B`` batch, ``T`` time, ``C`` chains, ``Q`` questions. A chain is five entities: A, B, B′,
C, C′.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from baselines.interface import Signature, check_positive
from benchmarks.tasks._pairs import choose, room_for, scatter_apart, shuffle
from benchmarks.tasks._streams import EvidenceQueryStream, powers_of_two, uniform
from benchmarks.tasks.association import LEAST
from strategies.sequence.task import Batch, Queries, QueryStream, QueryTask

VERSION = 1
PRIMARY = "accuracy_at_8192"
CHANCE = 0.015625
CHANCE_GIVEN = {"leaves": (64,)}

LINKS = ((0, 1), (0, 2), (1, 3), (2, 4))
"""Links of a chain, as indices of its five entities: from the root to both branches, and from each branch to its leaf."""

MARKERS = 4
"""A root or a branch is asked, for a leaf of class 0 or 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options.

    Attributes:
        entities: Types of entity that are no leaf; no two chains share one.
        leaves: Types of leaf in each of the two classes.
        noise: Types of noise token.
        chains: Chains per sequence, each of four links.
        train_length: Length of a training sequence; links stand in its first half, questions in the
            second.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation streams, each asked about every leaf at every distance.
        far_streams: Streams that are read on beyond distance 8,192.
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
        """Refuse what cannot be asked."""
        check_positive(
            steps=self.steps,
            batch_size=self.batch_size,
            streams=self.streams,
            far_streams=self.far_streams,
        )
        if self.chains < 1 or 3 * self.chains > self.entities or self.chains > self.leaves:
            raise ValueError(
                f"chains = {self.chains} must be at least 1, at most a third of entities = {self.entities}, "
                f"and at most leaves = {self.leaves}"
            )
        needed = 2 * room_for(self.chains * len(LINKS))
        if self.train_length < needed:
            raise ValueError(
                f"train_length = {self.train_length} must be at least {needed} to hold {self.chains} chains"
            )
        if self.furthest < LEAST or self.noise < 1:
            raise ValueError(
                f"furthest = {self.furthest} must be at least {LEAST}, and noise = {self.noise} at least 1"
            )


class AssociationHard(QueryTask):
    """The task.

    Tokens: entities, leaves of class 0, of class 1, noise, markers. Guessing in the class asked
    gives ``1 / leaves``.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.far_streams = config.far_streams
        self._first_noise = config.entities + 2 * config.leaves
        types = self._first_noise + config.noise + MARKERS
        self.signature = Signature(vocabulary=types, outputs=types, length=config.train_length)

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences: all links in the first half.

        In the second, each leaf is asked once from its root and once from its branch.
        """
        chains = self._chains(batch, generator)
        evidence = self._evidence(chains, generator)
        asked, answers = shuffle(generator, *self.ask(chains))
        second = self._noise(batch, self.config.train_length - evidence.shape[1], generator)
        places = scatter_apart(second, asked, generator) + 1 + evidence.shape[1]
        return Batch(inputs=torch.cat([evidence, second], dim=1), positions=places, targets=answers)

    def query_stream(self, batch: int, generator: torch.Generator) -> QueryStream:
        """Draw evaluation streams: the evidence of a training sequence, then noise."""
        chains = self._chains(batch, generator)
        asked, answers = self.ask(chains)
        half = asked.shape[1] // 2
        return EvidenceQueryStream(
            self._evidence(chains, generator),
            Queries(
                inputs=asked, targets=answers, groups={"one_hop": torch.arange(half, 2 * half)}
            ),
            powers_of_two(LEAST, self.config.furthest),
            lambda count: self._noise(batch, count, generator),
        )

    def ask(self, chains: Int[Tensor, "B C 5"]) -> tuple[Int[Tensor, "B Q 2"], Int[Tensor, "B Q"]]:
        """Ask for every leaf: first all from their roots, then all from their branches."""
        starts = torch.cat([chains[..., [0, 0]].flatten(1), chains[..., [1, 2]].flatten(1)], dim=1)
        leaves = chains[..., [3, 4]].flatten(1)
        markers = torch.arange(MARKERS).view(2, 1, 2).expand(-1, chains.shape[1], -1).flatten()
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
