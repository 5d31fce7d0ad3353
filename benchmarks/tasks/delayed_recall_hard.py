"""Delayed recall where half of the keys are bound again, and values stand among the noise.

The last value behind a key is wanted.

The rule of `benchmarks.tasks.delayed_recall` for sceptics. Of its keys, every other one is bound
twice, to different values, so a memory must overwrite. One noise token in ten is of the values'
types, so what is worth storing can't be told by its type: it is what stands behind a key. A
distance is the number of tokens from the last place of the evidence to the question.

Shapes: ``B`` batch, ``T`` time, ``K`` keys.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from benchmarks.tasks import delayed_recall
from benchmarks.tasks._pairs import bind_again, choose
from benchmarks.tasks._streams import uniform
from strategies.sequence.task import Batch

VERSION = 1
PRIMARY = "accuracy_at_8192"
CHANCE = 0.015625
CHANCE_GIVEN = {"values": (64,)}

DECOYS = 10
"""One noise token in so many is of the values' types."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(delayed_recall.Config):
    """Options.

    Those of the plain task, all given here since a plan reads them from this file's text.

    Attributes:
        pairs: Pairs per sequence. Two in three bind a key for the first time, the others bind half
            of those keys again.
    """

    pairs: int = 12
    keys: int = 64
    values: int = 64
    noise: int = 2048
    train_length: int = 128
    steps: int = 400
    batch_size: int = 32
    streams: int = 32
    far_streams: int = 10
    furthest: int = 8192

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        delayed_recall.Config.__post_init__(self)
        if self.values < self.pairs:
            raise ValueError(
                f"values = {self.values} must be at least pairs = {self.pairs}, since no two pairs of a sequence share one"
            )


class DelayedRecallHard(delayed_recall.DelayedRecall):
    """The task.

    Tokens: keys first, then values, then noise. Guessing among values gives ``1 / values``.
    """

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences as the plain task does.

        No decoy stands behind a question, where it would bind the key once more.
        """
        drawn = super().sample(batch, generator)
        behind = (drawn.positions + 1).clamp(max=drawn.inputs.shape[1] - 1)
        found = drawn.inputs.gather(1, behind)
        decoy = (found >= self.config.keys) & (found < self.config.keys + self.config.values)
        drawn.inputs.scatter_(
            1, behind, torch.where(decoy, super().noise(batch, behind.shape[1], generator), found)
        )
        return drawn

    def draw_evidence(
        self, batch: int, generator: torch.Generator
    ) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B K"], Int[Tensor, "B K"]]:
        """Draw pairs among noise, half a training sequence long.

        Return it with the keys and the values bound to them last.
        """
        config = self.config
        half, again = config.train_length // 2, config.pairs // 3
        tokens = self.noise(batch, half, generator)
        keys = choose(config.keys, config.pairs - again, batch, generator)
        values = choose(config.values, config.pairs, batch, generator) + config.keys
        owner, last = bind_again(config.pairs - again, again, batch, generator)
        places = 2 * choose(half // 2, config.pairs, batch, generator).sort(dim=1).values
        tokens.scatter_(1, places, keys.gather(1, owner)).scatter_(1, places + 1, values)
        return tokens, keys, values.gather(1, last)

    def noise(self, batch: int, count: int, generator: torch.Generator) -> Int[Tensor, "B T"]:
        """Draw noise tokens, values among them.

        One draw says whether it is one, which, and which noise token it is if not.
        """
        config = self.config
        drawn = uniform(DECOYS * config.values * config.noise, batch, count, generator)
        which = drawn // DECOYS
        value, plain = which % config.values, which // config.values
        return config.keys + torch.where(drawn % DECOYS == 0, value, config.values + plain)


def build(config: Config) -> DelayedRecallHard:
    """Build the task."""
    return DelayedRecallHard(config)
