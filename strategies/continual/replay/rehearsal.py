"""Rehearsal: each mini-batch of new samples is extended by as many samples from a buffer.

Rolnick et al., *Experience replay for continual learning*, NeurIPS 2019. Avalanche's
``ReplayPlugin`` does the same with loaders that collate sample by sample and buffers that are
rebuilt from data sets; here the buffer stores tensors, and their bytes are counted.

Shapes: ``B`` new samples of a mini-batch, ``R`` rehearsed ones, ``K`` classes.
"""

from collections.abc import Mapping
from typing import Any, Literal

import torch
from avalanche.core import SupervisedPlugin
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from strategies.common.rng import generator
from strategies.continual.dataloader import Cycle, columns_of
from strategies.continual.replay.buffer import Buffer
from strategies.continual.stream import Stream

Weighting = Literal["equal", "experience"]
"""*equal*: new and rehearsed samples have equal weight. *experience*: in the n-th experience the
new ones have the weight 1/n together, the rehearsed ones the rest (van de Ven et al., Nature
Machine Intelligence 2022).
"""


class Replay(SupervisedPlugin[Any]):
    """Rehearses from a buffer, and offers it each experience's samples after training.

    Args:
        buffer: The replay buffer.
        stream: Provides the task of each class.
        seed: Seed of the order of rehearsal.
        weighting: Weights of new and rehearsed samples.
    """

    supports_distributed = False

    def __init__(
        self, buffer: Buffer, stream: Stream, seed: int, weighting: Weighting = "equal"
    ) -> None:
        super().__init__()
        self.buffer = buffer
        self.weighting = weighting
        self.new = 0
        self._tasks = task_of_class(stream)
        self._order = generator("replay order", seed)
        self._cycle: Cycle | None = None

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Begin a round through the buffer."""
        self._cycle = Cycle(len(self.buffer), self._order) if len(self.buffer) else None

    def before_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Append stored samples to the mini-batch."""
        self.new = len(strategy.mb_y)
        if self._cycle is not None:
            strategy.mbatch = self.join(strategy.mbatch, self._cycle.take(self.new))

    def taken(self, places: Int[Tensor, "R"]) -> list[Tensor]:
        """Return some of the stored samples as a mini-batch: inputs, labels and tasks."""
        inputs, labels = self.buffer.take(places)
        return [inputs, labels, self._tasks[labels]]

    def join(self, mbatch: list[Tensor], places: Int[Tensor, "R"]) -> list[Tensor]:
        """Return a mini-batch followed by some of the stored samples."""
        return [
            torch.cat((column, stored.to(column)))
            for column, stored in zip(mbatch, self.taken(places), strict=False)
        ]

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Apply the weights of new and rehearsed samples."""
        if self.weighting == "experience" and len(strategy.mb_y) > self.new:
            share = 1 / (strategy.clock.train_exp_counter + 1)
            weighted = weighted_loss(strategy.mb_output, strategy.mb_y, self.new, share)
            equal = functional.cross_entropy(strategy.mb_output, strategy.mb_y)
            strategy.loss = strategy.loss + weighted - equal

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Offer the experience's samples to the buffer."""
        inputs, labels = samples_of(strategy)
        self.buffer.offer(inputs, labels)

    def stored_bytes(self) -> int:
        """Return the bytes of the buffer."""
        return self.buffer.stored_bytes()

    def state_dict(self) -> dict[str, Any]:
        """Return the buffer and the position in it."""
        cycle = None if self._cycle is None else self._cycle.state_dict()
        return {
            "buffer": self.buffer.state_dict(),
            "order": self._order.get_state(),
            "cycle": cycle,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.buffer.load_state_dict(state["buffer"])
        self._order.set_state(state["order"])
        self._cycle = None
        if state["cycle"] is not None:
            self._cycle = Cycle(len(self.buffer), self._order)
            self._cycle.load_state_dict(state["cycle"])


def weighted_loss(
    logits: Float[Tensor, "B+R K"], labels: Int[Tensor, "B+R"], new: int, share: float
) -> Float[Tensor, ""]:
    """Return ``share · CE(new) + (1 − share) · CE(rehearsed)``.

    Args:
        logits: Logits of the new samples, then of the rehearsed ones.
        labels: Their classes.
        new: Number of new samples.
        share: Weight of the new samples.
    """
    fresh = functional.cross_entropy(logits[:new], labels[:new])
    return share * fresh + (1 - share) * functional.cross_entropy(logits[new:], labels[new:])


def task_of_class(stream: Stream) -> Int[Tensor, "K"]:
    """Return the task of each class; 0 outside the *task* scenario."""
    if stream.heads is None:
        return torch.zeros(stream.signature.outputs, dtype=torch.long)
    return stream.heads.long().argmax(0)


def samples_of(strategy: Any) -> tuple[Tensor, Tensor]:
    """Return the inputs and labels of the current experience."""
    return samples_of_dataset(strategy.experience.dataset)


def samples_of_dataset(dataset: Any) -> tuple[Tensor, Tensor]:
    """Return the inputs and labels of an Avalanche data set, in its order."""
    columns = columns_of(dataset)
    if columns is None:
        columns = tuple(
            torch.stack(list(map(torch.as_tensor, column))) for column in zip(*dataset, strict=True)
        )
    return columns[0], columns[1]
