"""ER-ACE: replay with an asymmetric cross-entropy (Caccia et al. 2022).

New samples are compared among the classes of their own mini-batch ``C_new`` alone, so their
gradients do not push down the logits of earlier classes. Replayed samples are compared among all
classes seen so far ``C_seen``. With the mean over each part, the loss of *New insights on reducing
abrupt representation change in online continual learning*, ICLR 2022, is::

    L = CE(new | C_new) + CE(replayed | C_seen)

Buffer, draws and order are those of `er`, so the loss is the only difference: offline, the buffer
receives the samples of an experience after its training; the paper's is online. In the *task*
scenario both sets of classes are limited to the sample's task.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from baselines.interface import SequenceModel
from strategies.continual.classifier import CLOSED, classifier
from strategies.continual.replay.buffer import Buffer, build_buffer, raw_storage
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

    def __init__(self, buffer: Buffer, stream: Stream, seed: int) -> None:
        super().__init__(buffer, stream, seed)
        # Only the classes of this experience; the buffer's counts hold the earlier ones.
        self._current = torch.zeros(stream.signature.outputs, dtype=torch.bool)

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Begin a round through the buffer, and an experience without classes."""
        super().before_training_exp(strategy, *args, **kwargs)
        self._current = torch.zeros_like(self._current)

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Replace the cross-entropy over the whole mini-batch by the loss of the method."""
        self._current[strategy.mb_y[: self.new].cpu()] = True
        seen = (self._current | (self.buffer.seen > 0)).to(strategy.device)
        whole = functional.cross_entropy(strategy.mb_output, strategy.mb_y)
        loss = asymmetric_loss(strategy.mb_output, strategy.mb_y, self.new, seen)
        strategy.loss = strategy.loss + loss - whole

    def state_dict(self) -> dict[str, Any]:
        """Return the buffer, the position in it, and the classes of this experience."""
        return {**super().state_dict(), "current": self._current}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        super().load_state_dict(state)
        self._current = state["current"].clone()


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
    buffer = build_buffer(
        raw_storage(stream),
        stream,
        budget=config.budget,
        mem_size=config.mem_size,
        shares=config.shares,
        seed=seed,
    )
    return ContinualStrategy(
        model=classifier(model, stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[AsymmetricReplay(buffer, stream, seed)],
    )
