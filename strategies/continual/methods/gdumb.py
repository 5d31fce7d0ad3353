"""GDumb: trains a new model on a class-balanced buffer alone (Prabhu et al. 2020).

Before each experience is learnt its samples are offered to the buffer; the model then begins anew
and is trained on the buffer alone. The weights that it begins from come from the seed, so they
count among nothing that is kept.

The published method needs no boundaries: it fills its buffer as samples come, and trains only when
it is asked. Here it is trained in every experience, which for small experiences of a few samples
would be a whole training for each, so online it is refused. Its recipe is not the paper's either:
``passes`` over the buffer with Adam at a constant rate, as all methods here are trained, where the
paper takes SGD in mini-batches of 16 under a cosine schedule with warm restarts, augmentation, and
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
from strategies.continual.replay.buffer import Buffer, raw_storage, room_for
from strategies.continual.replay.rehearsal import Replay, samples_of
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream, require_boundaries

VERSION = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        mem_size: Samples kept.
        budget: Bytes kept, instead of samples, if not 0.
        passes: Passes over the buffer, in each experience.
    """

    mem_size: int = 200
    budget: int = 0
    passes: int = 30


class FromBuffer(TensorLoader):
    """Mini-batches of what is kept at the time.

    Args:
        replay: Keeps it.
        batch_size: Samples per mini-batch.
        generator: Source of the order.
        iterations: Mini-batches to give.
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
    """Trains a fresh model on the buffer.

    Args:
        buffer: What is kept.
        model: The strategy's model, as it begins.
        stream: Says which task a class belongs to, and how large mini-batches are.
        seed: Seed of the order.
        passes: Passes over the buffer.
    """

    def __init__(
        self, buffer: Buffer, model: nn.Module, stream: Stream, seed: int, passes: int
    ) -> None:
        super().__init__(buffer, stream, seed)
        self._fresh = copy.deepcopy(model.state_dict())
        self._passes = passes
        self._pace = stream.schedule
        self._offered = 0
        self.shuffling = generator("order of the buffer", seed)

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Offer the experience's samples, begin anew, and feed what is kept."""
        if (
            self._offered <= strategy.clock.train_exp_counter
        ):  # not again when it goes on from a checkpoint within the experience
            self.buffer.offer(*samples_of(strategy))
            self._offered = strategy.clock.train_exp_counter + 1
        strategy.model.load_state_dict(self._fresh)
        strategy.optimizer.state.clear()

    def before_training_epoch(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Feed an equal part of the passes in each epoch."""
        steps = self._passes * math.ceil(len(self.buffer) / self._pace.batch_size)
        strategy.dataloader = FromBuffer(
            self, self._pace.batch_size, self.shuffling, math.ceil(steps / self._pace.epochs)
        )

    def before_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Rehearse nothing beside it."""
        self.new = len(strategy.mb_y)

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Do nothing: what is kept was chosen before."""

    def state_dict(self) -> dict[str, Any]:
        """Return what is kept, of how many experiences, and the generator of its order."""
        return {
            **super().state_dict(),
            "offered": self._offered,
            "shuffling": self.shuffling.get_state(),
        }

    def load_state_dict(self, state: Any) -> None:
        """Go on from what :meth:`state_dict` returned."""
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
        UsageError: If the budget keeps nothing, or the stream is online.
    """
    require_boundaries(
        stream, "gdumb", "trains a fresh model in every experience, be it of a few samples"
    )
    wrapped = classifier(model, stream)
    room = room_for(config.budget, config.mem_size, stream)
    buffer = Buffer(
        raw_storage(stream),
        classes=stream.signature.outputs,
        room=room,
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
