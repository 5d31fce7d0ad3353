"""Multi-query associative recall: key-value pairs; each key is queried once (Arora et al. 2024).

From Arora et al. 2023 (Zoology: Measuring and Improving Recall in Efficient Language Models,
section 4 and appendix E). A sequence begins with its pairs, keys from the lower half of the
vocabulary and values from the upper, none twice. Each key recurs at twice a gap after the
pairs; gaps are drawn without replacement, the i-th with p(i) ∝ i^(0.01 − 1), so most are short. All
other positions hold random tokens of the whole vocabulary. The target is predicted at the query
itself. A distance is the length of the sequence.

Shapes: ``B`` batch, ``T`` time, ``N`` pairs, ``Q`` queries.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from baselines.interface import Signature, check_positive
from benchmarks.tasks._pairs import choose, rebind
from strategies.sequence.task import Batch, EvaluationBatch, WholeSequenceTask

VERSION = 1
TITLE = "Multi-query associative recall (MQAR)"
PRIMARY = "accuracy_at_512"
CHANCE = 0.000244140625
CHANCE_GIVEN = {"vocabulary": (8192,)}

SWEEP = ((64, 4), (128, 8), (256, 16), (512, 64), (1024, 256))
"""Lengths and numbers of pairs."""

POWER = 0.01
"""The exponent alpha of the power law of gaps."""

SEQUENCES_PER_BATCH = 16
"""Sequences per evaluation batch: with 256 queries and 8,192 outputs, logits take 134 MB."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task.

    Attributes:
        length: Maximum length of a training sequence.
        pairs: Pairs in a sequence of that length.
        mixed: Whether to train on shorter sequences of the sweep too: each step draws one of the
            shapes up to ``length``.
        vocabulary: Token types.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation sequences per distance.
        furthest: Maximum length of an evaluation sequence.
    """

    length: int = 512
    pairs: int = 64
    mixed: bool = True
    vocabulary: int = 8192
    steps: int = 250
    batch_size: int = 32
    streams: int = 64
    furthest: int = 1024

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(steps=self.steps, batch_size=self.batch_size, streams=self.streams)
        if self.furthest < SWEEP[0][0]:
            raise ValueError(f"furthest = {self.furthest} must be at least {SWEEP[0][0]}")
        for length, pairs in {**_shapes(self, self.length), **_shapes(self, self.furthest)}.items():
            if pairs < 1 or 4 * pairs > length or pairs >= self.vocabulary // 2:
                raise ValueError(
                    f"length = {length} with pairs = {pairs} "
                    f"of vocabulary = {self.vocabulary} is not possible: there must be a pair, "
                    "four positions per pair, and fewer pairs than half the vocabulary; "
                    "raise the vocabulary, or lower length and furthest"
                )


class MQAR(WholeSequenceTask):
    """The MQAR task. Chance among all values is ``2 / vocabulary``."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.signature = Signature(
            vocabulary=config.vocabulary, outputs=config.vocabulary, length=config.length
        )
        self.training = (
            _shapes(config, config.length) if config.mixed else {config.length: config.pairs}
        )
        self.evaluated = _shapes(config, config.furthest)
        self.distances = sorted(self.evaluated)

    def rebound(self, pairs: int) -> int:
        """Return how many of the pairs bind the key of another pair."""
        return 0

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences of one shape."""
        lengths = sorted(self.training)
        length = lengths[int(torch.randint(len(lengths), (1,), generator=generator))]
        return self._draw(length, self.training[length], batch, generator)

    def evaluation_batches(
        self, batch: int, generator: torch.Generator
    ) -> Iterator[EvaluationBatch]:
        """Draw sequences of every length."""
        for length in self.distances:
            for first in range(0, batch, SEQUENCES_PER_BATCH):
                drawn = self._draw(
                    length,
                    self.evaluated[length],
                    min(SEQUENCES_PER_BATCH, batch - first),
                    generator,
                )
                yield EvaluationBatch(distance=length, batch=drawn)

    def _draw(self, length: int, pairs: int, batch: int, generator: torch.Generator) -> Batch:
        half, rebound = self.config.vocabulary // 2, self.rebound(pairs)
        keys = 1 + choose(half - 1, pairs - rebound, batch, generator)
        values = half + choose(self.config.vocabulary - half, pairs, batch, generator)
        owner, last = rebind(pairs - rebound, rebound, batch, generator)
        inputs = torch.randint(self.config.vocabulary, (batch, length), generator=generator)
        inputs[:, 0 : 2 * pairs : 2] = keys.gather(1, owner)
        inputs[:, 1 : 2 * pairs : 2] = values
        positions = 2 * pairs + 2 * draw_gaps(
            (length - 2 * pairs) // 2, pairs - rebound, batch, generator
        )
        inputs.scatter_(1, positions, keys)
        return Batch(inputs=inputs, positions=positions, targets=values.gather(1, last))


def draw_gaps(
    spaces: int, count: int, batch: int, generator: torch.Generator
) -> Int[Tensor, "B Q"]:
    """Draw different gaps, from 0 to ``spaces − 1``, with weights that follow the power law.

    The largest values of ``log p + Gumbel noise`` are a draw without replacement (Kool et al. 2019,
    "Stochastic Beams and Where to Find Them").
    """
    weight = torch.arange(1, spaces + 1, dtype=torch.float64) ** (POWER - 1.0)
    gumbel = -torch.log(
        -torch.log(torch.rand(batch, spaces, generator=generator, dtype=torch.float64))
    )
    return (weight.log() + gumbel).topk(count, dim=1).indices


def _shapes(config: Config, longest: int) -> dict[int, int]:
    """Return the sweep up to a length, with the number of pairs at each.

    The training length has ``config.pairs``.
    """
    found = {length: pairs for length, pairs in SWEEP if length <= longest}
    return {**found, config.length: config.pairs} if config.length <= longest else found


def build(config: Config) -> MQAR:
    """Build the task."""
    return MQAR(config)
