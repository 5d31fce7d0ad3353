"""Delayed recall: key-value pairs among noise tokens; later a key is asked, and its value is wanted.

After the associative recall of Graves et al. 2014 (Neural Turing Machines, section 4.3), with noise in between so that what is
worth storing must be told from what is not.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from baselines.interface import Signature
from strategies.sequence import Batch, Questions

VERSION = 1
PRIMARY = "accuracy_at_8192"
CHANCE = 0.015625


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options.

    Attributes:
        pairs: Pairs per sequence.
        keys: Types of key; each pair has another.
        values: Types of value.
        noise: Types of noise token.
        train_length: Length of a training sequence; pairs stand in its first half, questions in the second.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation streams, each with a question per pair at every distance.
        furthest: Largest distance, a power of two.
    """

    pairs: int = 8
    keys: int = 64
    values: int = 64
    noise: int = 2048
    train_length: int = 128
    steps: int = 300
    batch_size: int = 32
    streams: int = 32
    furthest: int = 8192

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        if not 1 <= self.pairs <= min(self.keys, self.train_length // 4):
            raise ValueError(f"pairs = {self.pairs} must lie between 1 and min(keys, train_length / 4)")
        if self.furthest < self.train_length:
            raise ValueError(f"furthest = {self.furthest} must be at least train_length = {self.train_length}")


class DelayedRecall:
    """The task. Tokens: keys first, then values, then noise. Guessing among values gives ``1 / values``."""

    def __init__(self, config: Config) -> None:
        self.config = config
        types = config.keys + config.values + config.noise
        self.signature = Signature(vocabulary=types, outputs=types, length=config.train_length)

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences: pairs at random places in the first half, their keys in random order at random places in the second."""
        half = self.config.train_length // 2
        evidence, keys, values = draw_evidence(self.config, batch, generator)
        asked = noise(self.config, (batch, half), generator)
        order = torch.rand(batch, self.config.pairs, generator=generator).argsort(1)
        places = torch.rand(batch, half, generator=generator).topk(self.config.pairs, dim=1).indices
        asked.scatter_(1, places, keys.gather(1, order))
        return Batch(inputs=torch.cat([evidence, asked], dim=1), positions=places + half, targets=values.gather(1, order))

    def probe(self, batch: int, generator: torch.Generator) -> "DelayedRecallProbe":
        """Draw evaluation streams."""
        return DelayedRecallProbe(self.config, batch, generator)


class DelayedRecallProbe:
    """Streams that begin like a training sequence and go on as noise; a distance counts from the end of the evidence."""

    def __init__(self, config: Config, batch: int, generator: torch.Generator) -> None:
        self.config = config
        self.generator = generator
        self.evidence, self.keys, self.values = draw_evidence(config, batch, generator)
        first = config.train_length.bit_length() - 1
        self.distances = [2**power for power in range(first, config.furthest.bit_length())]

    def stream(self, start: int, stop: int) -> Int[Tensor, "B T"]:
        """Return the next tokens."""
        batch, length = self.evidence.shape
        begun = self.evidence[:, start : min(stop, length)]
        rest = noise(self.config, (batch, stop - start - begun.shape[1]), self.generator)
        return torch.cat([begun, rest], dim=1)

    def read_until(self, distance: int) -> int:
        """The question is the token that stands ``distance`` behind the evidence."""
        return self.evidence.shape[1] + distance - 1

    def questions(self) -> Questions:
        """Ask for every pair."""
        return Questions(inputs=self.keys.unsqueeze(-1), targets=self.values)


def draw_evidence(
    config: Config, batch: int, generator: torch.Generator
) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B pairs"], Int[Tensor, "B pairs"]]:
    """Draw pairs among noise, half a training sequence long; return it with the keys and their values."""
    half = config.train_length // 2
    tokens = noise(config, (batch, half), generator)
    keys = torch.rand(batch, config.keys, generator=generator).topk(config.pairs, dim=1).indices
    values = torch.randint(config.values, (batch, config.pairs), generator=generator) + config.keys
    places = 2 * torch.rand(batch, half // 2, generator=generator).topk(config.pairs, dim=1).indices
    tokens.scatter_(1, places, keys).scatter_(1, places + 1, values)
    return tokens, keys, values


def noise(config: Config, shape: tuple[int, int], generator: torch.Generator) -> Int[Tensor, "B T"]:
    """Draw noise tokens."""
    return torch.randint(config.noise, shape, generator=generator) + config.keys + config.values


def build(config: Config) -> DelayedRecall:
    """Build the task."""
    return DelayedRecall(config)
