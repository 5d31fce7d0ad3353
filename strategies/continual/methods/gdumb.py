"""GDumb: trains a new model on a class-balanced buffer alone (Prabhu et al. 2020).

Before the training of each experience its samples are offered to the buffer; the model then starts
from its initial weights and is trained on the buffer alone. The initial weights follow from the
seed, so they do not count as stored bytes.

The published method needs no task boundaries: it fills its buffer as samples arrive, and trains
only before an evaluation. Here it trains in every experience. On an online stream this would mean a
full training for every few samples, so online streams are refused. The training differs from the
paper's too: ``passes`` over the buffer with Adam at a constant rate, as for all methods here; the
paper uses SGD in mini-batches of 16 with a cosine schedule with warm restarts, augmentation, and
CutMix on all but MNIST.
"""

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from baselines.interface import SequenceModel
from strategies.common.rng import generator
from strategies.continual.classifier import classifier
from strategies.continual.dataloader import TensorLoader
from strategies.continual.method_requirements import require_boundaries, require_positive
from strategies.continual.replay.buffer import Buffer, build_buffer, raw_storage
from strategies.continual.replay.rehearsal import Replay, samples_of
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 2
TITLE = "GDumb"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        mem_size: Samples stored.
        budget: Bytes stored, instead of samples, if not 0.
        passes: Passes over the buffer, in each experience.
    """

    mem_size: int = 200
    budget: int = 0
    passes: int = 30


class FromBuffer(TensorLoader):
    """Mini-batches from the replay buffer.

    Args:
        replay: Holds the buffer.
        batch_size: Samples per mini-batch.
        generator: Source of the order.
        iterations: Number of mini-batches.
    """

    def __init__(
        self, replay: Replay, batch_size: int, generator: torch.Generator, iterations: int
    ) -> None:
        super().__init__((torch.arange(len(replay.buffer)),), batch_size, generator, iterations)
        self._replay = replay

    def __iter__(self) -> Iterator[list[Tensor]]:
        for (places,) in super().__iter__():
            yield self._replay.taken(places)


class FromScratch(Replay):
    """Trains a new model on the buffer.

    Args:
        buffer: The replay buffer.
        model: The strategy's model with its initial weights.
        stream: Provides the task of each class and the schedule.
        seed: Seed of the order.
        passes: Passes over the buffer.
    """

    def __init__(
        self, buffer: Buffer, model: nn.Module, stream: Stream, seed: int, passes: int
    ) -> None:
        super().__init__(buffer, stream, seed)
        self._initial = copy.deepcopy(model.state_dict())
        self._passes = passes
        self._schedule = stream.schedule
        self._offered = 0
        self.shuffling = generator("order of the buffer", seed)

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Offer the experience's samples to the buffer, and reset the model."""
        # Training that resumes within an experience has offered its samples already.
        if self._offered <= strategy.clock.train_exp_counter:
            self.buffer.offer(*samples_of(strategy))
            self._offered = strategy.clock.train_exp_counter + 1
        strategy.model.load_state_dict(self._initial)
        strategy.optimizer.state.clear()

    def before_training_epoch(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Feed an equal part of the passes in each epoch."""
        steps = self._passes * math.ceil(len(self.buffer) / self._schedule.batch_size)
        strategy.dataloader = FromBuffer(
            self,
            self._schedule.batch_size,
            self.shuffling,
            math.ceil(steps / self._schedule.epochs),
        )

    def before_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Do not append rehearsed samples."""
        self.new = len(strategy.mb_y)

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the samples were offered before the training."""

    def state_dict(self) -> dict[str, Any]:
        """Return the buffer, the number of experiences in it, and the generator of its order."""
        return {
            **super().state_dict(),
            "offered": self._offered,
            "shuffling": self.shuffling.get_state(),
        }

    def load_state_dict(self, state: Any) -> None:
        """Restore what :meth:`state_dict` returned."""
        super().load_state_dict(state)
        self._offered = state["offered"]
        self.shuffling.set_state(state["shuffling"])


def build(
    config: Config,
    *,
    model: SequenceModel,
    stream: Stream,
    learning_rate: float,
    seed: int,
    device: torch.device,
) -> ContinualStrategy:
    """Build the strategy.

    Raises:
        UsageError: If the budget holds no sample, ``passes`` is below 1, or the stream is online.
    """
    require_boundaries(
        stream, "gdumb", "trains a new model in every experience, even one of a few samples"
    )
    require_positive("gdumb", passes=config.passes)
    wrapped = classifier(model, stream)
    buffer = build_buffer(
        raw_storage(stream),
        stream,
        config,
        shares="balanced",
        seed=seed,
    )
    return ContinualStrategy(
        model=wrapped,
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[FromScratch(buffer, wrapped, stream, seed, config.passes)],
    )
