"""Association: links A → B and B → C are met apart, among noise; asked A, the answer is C.

The two facts of bAbI's second task (Weston et al. 2015, "Towards AI-Complete Question Answering")
without the language, in streams of any length. A chain's links are pairs of adjacent tokens, the
links of all chains in random order, at random places of the evidence where none touches another. A
question is a marker that says how many links to follow, then the entity to start from, at which the
answer is wanted. Half of the training questions go all the way from the head of a chain, the others
follow fewer links. A distance is the number of tokens from the last place of the evidence to that
entity.

Curve ``accuracy_by_distance_one_hop``: the same streams, asked for every single link.

Shapes: ``B`` batch, ``T`` time, ``C`` chains, ``E`` entities of a chain, ``Q`` questions.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from baselines.interface import Signature, check_positive
from benchmarks.tasks._pairs import choose, room_for, scatter_apart, shuffle
from benchmarks.tasks._streams import EvidenceQueryStream, powers_of_two, uniform
from strategies.sequence.task import Batch, Queries, QueryStream, QueryTask

VERSION = 1
PRIMARY = "accuracy_at_8192"
CHANCE = 0.015625
CHANCE_GIVEN = {"entities": (64,)}

LEAST = 64
"""Smallest distance asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options.

    Attributes:
        entities: Types of entity; no two chains share one.
        noise: Types of noise token.
        chains: Chains per sequence.
        hops: Links of a chain, 1 to 3.
        train_length: Length of a training sequence; links stand in its first half, questions in the
            second.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation streams, each asked about every chain at every distance.
        far_streams: Streams that are read on beyond distance 8,192.
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
        """Refuse what cannot be asked."""
        check_positive(
            steps=self.steps,
            batch_size=self.batch_size,
            streams=self.streams,
            far_streams=self.far_streams,
        )
        if not 1 <= self.hops <= 3:
            raise ValueError(f"hops = {self.hops} must lie between 1 and 3")
        if self.chains < 1 or self.chains * (self.hops + 1) > self.entities:
            raise ValueError(
                f"chains = {self.chains} of {self.hops} hops must be at least 1 and need {self.hops + 1} entities each"
            )
        needed = 2 * room_for(self.chains * max(self.hops, 2))
        if self.train_length < needed:
            raise ValueError(
                f"train_length = {self.train_length} must be at least {needed} to hold {self.chains} chains"
            )
        if self.furthest < LEAST or self.noise < 1:
            raise ValueError(
                f"furthest = {self.furthest} must be at least {LEAST}, and noise = {self.noise} at least 1"
            )


class Association(QueryTask):
    """The task.

    Tokens: entities first, then noise, then the markers of 1, 2, … hops. Guessing gives ``1 /
    entities``.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.far_streams = config.far_streams
        self._first_marker: int = config.entities + config.noise
        types = self._first_marker + config.hops
        self.signature = Signature(vocabulary=types, outputs=types, length=config.train_length)

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences: all links in the first half.

        In the second, each chain is asked whole, and once for fewer links.
        """
        chains = self._chains(batch, generator)
        evidence = self._evidence(chains, generator)
        asked, answers = self.ask_whole(chains)
        if self.config.hops > 1:
            fewer = self._ask_fewer(chains, generator)
            asked, answers = (
                torch.cat([asked, fewer[0]], dim=1),
                torch.cat([answers, fewer[1]], dim=1),
            )
        asked, answers = shuffle(generator, asked, answers)
        second = self._noise(batch, self.config.train_length - evidence.shape[1], generator)
        places = scatter_apart(second, asked, generator) + 1 + evidence.shape[1]
        return Batch(inputs=torch.cat([evidence, second], dim=1), positions=places, targets=answers)

    def query_stream(self, batch: int, generator: torch.Generator) -> QueryStream:
        """Draw evaluation streams: the evidence of a training sequence, then noise."""
        chains = self._chains(batch, generator)
        evidence = self._evidence(chains, generator)
        asked, answers = self.ask_whole(chains)
        groups = {}
        if self.config.hops > 1:
            links, ends = self.ask_links(chains)
            groups = {"one_hop": torch.arange(asked.shape[1], asked.shape[1] + links.shape[1])}
            asked, answers = torch.cat([asked, links], dim=1), torch.cat([answers, ends], dim=1)
        return EvidenceQueryStream(
            evidence,
            Queries(inputs=asked, targets=answers, groups=groups),
            powers_of_two(LEAST, self.config.furthest),
            lambda count: self._noise(batch, count, generator),
        )

    def ask_whole(
        self, chains: Int[Tensor, "B C E"]
    ) -> tuple[Int[Tensor, "B C 2"], Int[Tensor, "B C"]]:
        """Ask each chain's head for the chain's end."""
        return self._question(
            chains[..., 0], torch.full_like(chains[..., 0], self.config.hops)
        ), chains[..., -1]

    def ask_links(
        self, chains: Int[Tensor, "B C E"]
    ) -> tuple[Int[Tensor, "B Q 2"], Int[Tensor, "B Q"]]:
        """Ask the first entity of each link for the second."""
        starts = chains[..., :-1].flatten(1)
        return self._question(starts, torch.ones_like(starts)), chains[..., 1:].flatten(1)

    def _ask_fewer(
        self, chains: Int[Tensor, "B C E"], generator: torch.Generator
    ) -> tuple[Int[Tensor, "B C 2"], Int[Tensor, "B C"]]:
        """Ask each chain once for fewer links than it has: a random number of them, from a random entity that has as many before it."""
        shape, hops = (*chains.shape[:2], 1), self.config.hops
        followed = torch.randint(1, hops, shape, generator=generator)
        start = (torch.rand(shape, generator=generator) * (hops - followed + 1)).long()
        entities, ends = (chains.gather(2, where).squeeze(2) for where in (start, start + followed))
        return self._question(entities, followed.squeeze(2)), ends

    def _question(
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
