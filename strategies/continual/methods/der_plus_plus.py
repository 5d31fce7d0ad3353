"""Dark experience replay++: rehearses samples with labels and stored logits (Buzzega et al. 2020).

With two independent draws from the buffer, ``(x', y', z')`` and ``(x'', y'', z'')`` (equation 6 of
the paper)::

    L = CE(new) + α · MSE(f(x'), z') + β · CE(f(x''), y'')

Algorithm 2 of the paper and the authors' code: after every training step, its new samples are
offered to the buffer with the logits ``z`` of that step. So each pass over an experience offers its
samples again, and the buffer can hold a sample more than once, with the logits of several passes.
Later steps draw from the buffer, samples of the same experience included. The logits are stored as
half floats, and count as stored bytes.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from baselines.interface import SequenceModel
from strategies.continual.classifier import classifier
from strategies.continual.method_requirements import require_at_least
from strategies.continual.replay.buffer import Buffer, build_buffer, raw_storage
from strategies.continual.replay.rehearsal import Replay
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 3
TITLE = "DER++"
LOGIT_BYTES = 2
"""Bytes of a stored logit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        mem_size: Capacity, as the number of raw samples that take the same bytes.
        budget: Bytes stored, if not 0.
        shares: ``"reservoir"``: each sample seen has the same probability; ``"balanced"``: equal
            shares of the buffer for the classes seen; ``"per-class"``: equal shares for all classes
            from the start.
        alpha: Weight of the distance to the stored logits.
        beta: Weight of the cross-entropy on the stored labels.
    """

    mem_size: int = 200
    budget: int = 0
    shares: Literal["reservoir", "balanced", "per-class"] = "reservoir"
    alpha: float = 0.2
    beta: float = 1.0


class DarkReplay(Replay):
    """Rehearses labels and logits, and offers new samples step by step.

    Args:
        buffer: The replay buffer.
        stream: Provides the task of each class.
        seed: Seed of the draws from the buffer.
        config: Options.
    """

    def __init__(self, buffer: Buffer, stream: Stream, seed: int, config: Config) -> None:
        super().__init__(buffer, stream, seed)
        self.config = config
        self._logits: Tensor | None = None

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the buffer changes at every step, and each step draws from all of it."""

    def before_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Append two draws from the buffer: one for its logits, one for its labels."""
        self.new, self._logits = len(strategy.mb_y), None
        if len(self.buffer):
            places = torch.randint(len(self.buffer), (2 * self.new,), generator=self._order)
            strategy.mbatch = self.join(strategy.mbatch, places)
            self._logits = (
                self.buffer.extras["logits"][places[: self.new]].float().to(strategy.device)
            )

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Replace the cross-entropy over the whole mini-batch by the loss of the method."""
        if self._logits is not None:
            whole = functional.cross_entropy(strategy.mb_output, strategy.mb_y)
            loss = dark_loss(
                strategy.mb_output,
                strategy.mb_y,
                self._logits,
                alpha=self.config.alpha,
                beta=self.config.beta,
            )
            strategy.loss = strategy.loss + loss - whole

    def after_update(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Offer the step's new samples with their logits."""
        inputs, labels, logits = (
            column[: self.new] for column in (strategy.mb_x, strategy.mb_y, strategy.mb_output)
        )
        self.buffer.offer(inputs, labels, {"logits": logits.detach().cpu().half()})

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Do nothing: each sample was offered at its step."""


def dark_loss(
    logits: Float[Tensor, "3B K"],
    labels: Int[Tensor, "3B"],
    stored: Float[Tensor, "B K"],
    *,
    alpha: float,
    beta: float,
) -> Float[Tensor, ""]:
    """Return the loss of a mini-batch of ``B`` new samples and two draws of as many.

    Args:
        logits: Logits of the new samples, the first and the second draw.
        labels: Their classes.
        stored: Stored logits of the first draw.
        alpha: α.
        beta: β.
    """
    new, first, second = logits.chunk(3)
    fresh, _, again = labels.chunk(3)
    return (
        functional.cross_entropy(new, fresh)
        + alpha * functional.mse_loss(first, stored)
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
        UsageError: If the budget holds no sample, or a weight is negative.
    """
    require_at_least("der-plus-plus", 0, alpha=config.alpha, beta=config.beta)
    buffer = build_buffer(
        raw_storage(stream),
        stream,
        config,
        shares=config.shares,
        seed=seed,
        extra_bytes=LOGIT_BYTES * stream.signature.outputs,
    )
    return ContinualStrategy(
        model=classifier(model, stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[DarkReplay(buffer, stream, seed, config)],
    )
