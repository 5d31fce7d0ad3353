"""Delayed recall with half of the keys bound twice and values in the noise; the last value counts.

A harder form of `benchmarks.tasks.delayed_recall`. Every other key is bound twice, to different
values, so a memory must overwrite. One noise token in ten has the type of a value, so a model can't
select what to store by its type: a value is the token after a key. A distance is the number of
tokens from the last position of the evidence to the query.

Shapes: ``B`` batch, ``T`` time, ``K`` keys.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from benchmarks.tasks import delayed_recall
from benchmarks.tasks._pairs import choose, rebind
from benchmarks.tasks._streams import uniform
from strategies.sequence.task import Batch

VERSION = 1
TITLE = "Delayed recall (hard)"
PRIMARY = "accuracy_at_8192"
CHANCE = 0.015625
CHANCE_GIVEN = {"values": (64,)}

DECOYS = 10
"""One noise token in this many has the type of a value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(delayed_recall.Config):
    """Options.

    The same as in the plain task, repeated because the plan reads them from this file's text.

    Attributes:
        pairs: Pairs per sequence. Two in three bind new keys, the others bind half of those
            keys a second time.
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
        """Check the options."""
        delayed_recall.Config.__post_init__(self)
        if self.values < self.pairs:
            raise ValueError(
                f"values = {self.values} must be at least pairs = {self.pairs}, "
                "since no two pairs of a sequence share a value"
            )


class DelayedRecallHard(delayed_recall.DelayedRecall):
    """The hard delayed-recall task.

    Tokens: keys, then values, then noise. Chance is ``1 / values``.
    """

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences as the plain task does.

        No decoy follows a query, where it would bind the key again.
        """
        drawn = super().sample(batch, generator)
        after = (drawn.positions + 1).clamp(max=drawn.inputs.shape[1] - 1)
        found = drawn.inputs.gather(1, after)
        decoy = (found >= self.config.keys) & (found < self.config.keys + self.config.values)
        drawn.inputs.scatter_(
            1, after, torch.where(decoy, super().noise(batch, after.shape[1], generator), found)
        )
        return drawn

    def draw_evidence(
        self, batch: int, generator: torch.Generator
    ) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B K"], Int[Tensor, "B K"]]:
        """Draw evidence: pairs among noise, half a training sequence long.

        Return it with the keys and the last value of each.
        """
        config = self.config
        half, again = config.train_length // 2, config.pairs // 3
        tokens = self.noise(batch, half, generator)
        keys = choose(config.keys, config.pairs - again, batch, generator)
        values = choose(config.values, config.pairs, batch, generator) + config.keys
        owner, last = rebind(config.pairs - again, again, batch, generator)
        places = 2 * choose(half // 2, config.pairs, batch, generator).sort(dim=1).values
        tokens.scatter_(1, places, keys.gather(1, owner)).scatter_(1, places + 1, values)
        return tokens, keys, values.gather(1, last)

    def noise(self, batch: int, count: int, generator: torch.Generator) -> Int[Tensor, "B T"]:
        """Draw noise tokens, some of them values.

        One draw per token determines whether it is a value, and which value or noise token.
        """
        config = self.config
        drawn = uniform(DECOYS * config.values * config.noise, batch, count, generator)
        which = drawn // DECOYS
        value, plain = which % config.values, which // config.values
        return config.keys + torch.where(drawn % DECOYS == 0, value, config.values + plain)


def build(config: Config) -> DelayedRecallHard:
    """Build the task."""
    return DelayedRecallHard(config)
