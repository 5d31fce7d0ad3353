"""ER-ACE: replay with an asymmetric cross-entropy (Caccia et al. 2022).

New samples are compared among the classes of their own mini-batch ``C_new`` alone, so their
gradients do not push down the logits of earlier classes. Replayed samples are compared among all
classes seen so far ``C_seen``. With the mean over each part, the loss of *New insights on reducing
abrupt representation change in online continual learning*, ICLR 2022, is::

    L = CE(new | C_new) + CE(replayed | C_seen)

Each new sample is offered to the buffer once, after its first training step, and every step draws
from the buffer at random. Replay of this experience's samples is what compares new classes with
earlier ones. In the *task* scenario both sets of classes are limited to the sample's task.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from baselines.interface import SequenceModel
from strategies.continual.classifier import CLOSED, classifier
from strategies.continual.replay.buffer import build_buffer, raw_storage
from strategies.continual.replay.rehearsal import Replay
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 1
TITLE = "ER-ACE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        mem_size: Samples stored.
        budget: Bytes stored, instead of samples, if not 0.
        shares: ``"reservoir"``: each sample seen has the same probability; ``"balanced"``: equal
            shares of the buffer for the classes seen; ``"per-class"``: equal shares for all classes
            from the start.
    """

    mem_size: int = 200
    budget: int = 0
    shares: Literal["reservoir", "balanced", "per-class"] = "reservoir"


class AsymmetricReplay(Replay):
    """Rehearses with the asymmetric cross-entropy.

    Args:
        buffer: The replay buffer.
        stream: Provides the task of each class.
        seed: Seed of the order of rehearsal.
    """

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the buffer changes at every step, and each step draws from all of it."""

    def before_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Append as many stored samples as new ones."""
        self.new = len(strategy.mb_y)
        if len(self.buffer):
            places = torch.randint(len(self.buffer), (self.new,), generator=self._order)
            strategy.mbatch = self.join(strategy.mbatch, places)

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Replace the cross-entropy over the whole mini-batch by the loss of the method."""
        seen = (self.buffer.seen > 0).to(strategy.device)
        seen[strategy.mb_y[: self.new]] = True
        whole = functional.cross_entropy(strategy.mb_output, strategy.mb_y)
        loss = asymmetric_loss(strategy.mb_output, strategy.mb_y, self.new, seen)
        strategy.loss = strategy.loss + loss - whole

    def after_update(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Offer the step's new samples, in the first pass of an experience."""
        before = strategy.clock.train_exp_iterations * strategy.train_mb_size
        if before + self.new <= len(strategy.experience.dataset):
            self.buffer.offer(strategy.mb_x[: self.new], strategy.mb_y[: self.new])

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Do nothing: each sample was offered at its step."""


def asymmetric_loss(
    logits: Float[Tensor, "B+R K"], labels: Int[Tensor, "B+R"], new: int, seen: Bool[Tensor, "K"]
) -> Float[Tensor, ""]:
    """Return ``CE(new | C_new) + CE(replayed | C_seen)``.

    Args:
        logits: Logits of the new samples, then of the replayed ones, if any.
        labels: Their classes.
        new: Number of new samples B.
        seen: Mask of the classes seen.
    """
    present = torch.zeros_like(seen)
    present[labels[:new]] = True
    loss = functional.cross_entropy(logits[:new].masked_fill(~present, CLOSED), labels[:new])
    if len(labels) > new:
        replayed = logits[new:].masked_fill(~seen, CLOSED)
        loss = loss + functional.cross_entropy(replayed, labels[new:])
    return loss


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
        UsageError: If the budget holds no sample.
    """
    buffer = build_buffer(raw_storage(stream), stream, config, shares=config.shares, seed=seed)
    return ContinualStrategy(
        model=classifier(model, stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[AsymmetricReplay(buffer, stream, seed)],
    )
