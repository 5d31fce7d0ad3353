"""State tracking: a sequence of permutations of five elements; the target is their product.

The word problem of the symmetric group S5 (Merrill & Sabharwal 2023, "The Parallelism Tradeoff";
Liu et al. 2023, "Transformers Learn Shortcuts to Automata"). It is complete for NC1, so neither a
Transformer of fixed depth nor a linear recurrence with a diagonal transition matrix can solve it at
every length, under standard conjectures. A nonlinear recurrence can, and a linear one with richer
transition matrices (Grazzi et al. 2024, "Unlocking State-Tracking in Linear RNNs Through Negative
Eigenvalues", section 5.2, whose limit on the moved elements is the option ``moved``).

A token is a permutation p_t, and the state is s_t = p_t ∘ s_{t−1}, from the identity: the element
at position i moves to position p_t(i). By default the tokens are the identity and the 10 swaps of
two elements, which generate all 120 states. In training each position has its state as the target;
in evaluation only the last one. A distance is the length of the sequence.

Shapes: ``B`` batch, ``T`` time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import torch
from jaxtyping import Int
from torch import Tensor

from baselines.interface import Signature, check_positive
from strategies.sequence.task import Batch, EvaluationBatch, WholeSequenceTask

VERSION = 1
TITLE = "State tracking"
PRIMARY = "accuracy_at_32"
CHANCE = 0.008333333333333333

ELEMENTS = 5
PERMUTATIONS = tuple(permutations(range(ELEMENTS)))
"""All states, in lexicographic order: the image of each element."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the task.

    Attributes:
        moved: Maximum number of elements that a token moves: 5 for all 120 permutations, 2 for the
            identity and the 10 swaps.
        train_length: Length of a training sequence.
        steps: Training steps.
        batch_size: Sequences per step.
        streams: Evaluation sequences per distance.
        furthest: Maximum evaluation length.
    """

    moved: int = 2
    train_length: int = 16
    steps: int = 1500
    batch_size: int = 32
    streams: int = 256
    furthest: int = 256

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(steps=self.steps, batch_size=self.batch_size, streams=self.streams)
        if not 2 <= self.moved <= ELEMENTS:
            raise ValueError(f"moved = {self.moved} must be between 2 and {ELEMENTS}")
        if not 4 <= self.train_length <= self.furthest:
            raise ValueError(
                f"train_length = {self.train_length} must be between 4 "
                f"and furthest = {self.furthest}"
            )


class StateTracking(WholeSequenceTask):
    """The state-tracking task.

    Tokens and states are indices into all permutations, so the token of a permutation is the state
    that it leads to from the identity. With all permutations as tokens every state is equally
    likely. With swaps only, short sequences favour some states: of four tokens seven products in
    ten are even. From length 32 on, chance is ``1 / 120`` for any tokens.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.distances = [config.train_length // 4]
        while self.distances[-1] * 2 <= config.furthest:
            self.distances.append(self.distances[-1] * 2)
        self.allowed = torch.tensor(
            [index for index, p in enumerate(PERMUTATIONS) if moves(p) <= config.moved]
        )
        self._products = products()
        self.signature = Signature(
            vocabulary=len(PERMUTATIONS), outputs=len(PERMUTATIONS), length=config.train_length
        )

    def sample(self, batch: int, generator: torch.Generator) -> Batch:
        """Draw sequences with the state as the target at each position."""
        inputs, states = self._draw(batch, self.config.train_length, generator)
        positions = torch.arange(inputs.shape[1]).repeat(batch, 1)
        return Batch(inputs=inputs, positions=positions, targets=states)

    def evaluation_batches(
        self, batch: int, generator: torch.Generator
    ) -> Iterator[EvaluationBatch]:
        """Draw sequences of every length, with the last state as the target."""
        for length in self.distances:
            inputs, states = self._draw(batch, length, generator)
            last = torch.full((batch, 1), length - 1)
            yield EvaluationBatch(
                distance=length, batch=Batch(inputs=inputs, positions=last, targets=states[:, -1:])
            )

    def _draw(
        self, batch: int, length: int, generator: torch.Generator
    ) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B T"]]:
        """Draw tokens; return them with the state after each."""
        inputs = self.allowed[
            torch.randint(len(self.allowed), (batch, length), generator=generator)
        ]
        state = torch.zeros(batch, dtype=torch.int64)  # the identity is the first permutation
        states = []
        for tokens in inputs.unbind(1):
            state = self._products[tokens, state]
            states.append(state)
        return inputs, torch.stack(states, dim=1)


def moves(permutation: tuple[int, ...]) -> int:
    """Return the number of elements that a permutation moves."""
    return sum(place != image for place, image in enumerate(permutation))


def products() -> Int[Tensor, "120 120"]:
    """Return the table of products: at (p, s) the index of p ∘ s."""
    index = {permutation: place for place, permutation in enumerate(PERMUTATIONS)}
    return torch.tensor(
        [[index[tuple(p[image] for image in s)] for s in PERMUTATIONS] for p in PERMUTATIONS]
    )


def build(config: Config) -> StateTracking:
    """Build the task."""
    return StateTracking(config)
