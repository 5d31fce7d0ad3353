"""Dark experience replay++: rehearses samples with labels and stored logits (Buzzega et al. 2020).

With two independent draws from what is kept, ``(x', y', z')`` and ``(x'', y'', z'')`` (equation 6
of the paper)::

    L = CE(new) + α · MSE(f(x'), z') + β · CE(f(x''), y'')

Algorithm 2 of the paper: each new sample is offered to the buffer once, after the first step that
it was trained on, with the logits ``z`` that it got in that very step. A later step draws from what
is kept by then, samples of the same experience included. The logits are half floats, and counted
among what is kept.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from baselines.interface import SequenceModel
from strategies.continual.classifier import classifier
from strategies.continual.replay.buffer import Buffer, raw_storage, room_for
from strategies.continual.replay.rehearsal import Replay
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        mem_size: As many bytes are kept as this many raw samples take.
        budget: Bytes kept, if not 0.
        shares: ``"reservoir"``: each sample met stands the same chance; ``"balanced"``: equal room
            for the classes met; ``"per-class"``: equal room for all classes from the start.
        alpha: Weight of the distance to the kept logits.
        beta: Weight of the cross-entropy on the kept labels.
    """

    mem_size: int = 200
    budget: int = 0
    shares: Literal["reservoir", "balanced", "per-class"] = "reservoir"
    alpha: float = 0.2
    beta: float = 1.0


class DarkReplay(Replay):
    """Rehearses labels and logits, and offers new samples step by step.

    Args:
        buffer: What is kept.
        stream: Says which task a class belongs to.
        seed: Seed of the draws from what is kept.
        config: Options.
    """

    def __init__(self, buffer: Buffer, stream: Stream, seed: int, config: Config) -> None:
        super().__init__(buffer, stream, seed)
        self.config = config
        self._logits: Tensor | None = None

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Do nothing: what is kept changes at every step, and is drawn from anew."""

    def before_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Join two draws from what is kept to the mini-batch: one for its logits, one for its labels."""
        self.new, self._logits = len(strategy.mb_y), None
        if len(self.buffer):
            places = torch.randint(len(self.buffer), (2 * self.new,), generator=self._order)
            strategy.mbatch = self.join(strategy.mbatch, places)
            self._logits = (
                self.buffer.extras["logits"][places[: self.new]].float().to(strategy.device)
            )

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Put the loss of the method in the place of the cross-entropy over the whole mini-batch."""
        if self._logits is not None:
            whole = functional.cross_entropy(strategy.mb_output, strategy.mb_y)
            wanted = dark_loss(
                strategy.mb_output,
                strategy.mb_y,
                self._logits,
                alpha=self.config.alpha,
                beta=self.config.beta,
            )
            strategy.loss = strategy.loss + wanted - whole

    def after_update(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Offer the step's new samples with the logits that they got in it, in the first pass over the experience."""
        before = strategy.clock.train_exp_iterations * strategy.train_mb_size
        if before + self.new <= len(strategy.experience.dataset):
            inputs, labels, logits = (
                strategy.mb_x[: self.new],
                strategy.mb_y[: self.new],
                strategy.mb_output[: self.new],
            )
            self.buffer.offer(inputs, labels, {"logits": logits.detach().cpu().half()})

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Do nothing: each sample was offered at its step."""


def dark_loss(
    logits: Float[Tensor, "3B K"],
    labels: Int[Tensor, "3B"],
    kept: Float[Tensor, "B K"],
    *,
    alpha: float,
    beta: float,
) -> Float[Tensor, ""]:
    """Return the loss of a mini-batch of ``B`` new samples and two draws of as many.

    Args:
        logits: Of the new samples, the first and the second draw.
        labels: Their classes.
        kept: Logits kept with the first draw.
        alpha: α.
        beta: β.
    """
    new, first, second = logits.chunk(3)
    fresh, _, again = labels.chunk(3)
    return (
        functional.cross_entropy(new, fresh)
        + alpha * functional.mse_loss(first, kept)
        + beta * functional.cross_entropy(second, again)
    )


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
        UsageError: If the budget keeps nothing.
    """
    room = room_for(config.budget, config.mem_size, stream)
    buffer = Buffer(
        raw_storage(stream),
        classes=stream.signature.outputs,
        room=room,
        shares=config.shares,
        seed=seed,
    )
    return ContinualStrategy(
        model=classifier(model, stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[DarkReplay(buffer, stream, seed, config)],
    )
