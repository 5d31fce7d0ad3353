"""Learning without forgetting: distils the model of the previous experience (Li & Hoiem 2016).

The loss gains the distillation of the earlier model's answers among the classes seen before::

    T² · mean over x of  −Σ_k softmax(old_k / T) · log softmax(new_k / T)

With a head per task, each earlier head is distilled separately, and their losses are added.

Avalanche's plugin raises the weight with the experience by default, and copies the model with its
optimizer's hooks; here the earlier model is one frozen copy.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from avalanche.core import SupervisedPlugin
from avalanche.models.utils import avalanche_forward
from jaxtyping import Bool, Float
from torch import Tensor, nn

from baselines.interface import SequenceModel
from strategies.continual.classifier import classifier
from strategies.continual.replay.rehearsal import samples_of
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import (
    Stream,
    require_above_zero,
    require_at_least,
    require_boundaries,
)

VERSION = 1
TITLE = "LwF"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        strength: Weight of the distillation.
        temperature: T.
    """

    strength: float = 1.0
    temperature: float = 2.0


class Distillation(SupervisedPlugin[Any]):
    """Distils the model from the end of the previous experience.

    Args:
        model: The strategy's model.
        config: Options.
        stream: Provides the heads and the number of classes.

    Attributes:
        earlier: A frozen copy of the model before this experience; unused in the first one.
    """

    supports_distributed = False

    def __init__(self, model: nn.Module, config: Config, stream: Stream) -> None:
        super().__init__()
        self.config = config
        self.earlier = copy.deepcopy(model).eval().requires_grad_(False)
        self._heads = stream.heads
        self._known = torch.zeros(stream.signature.outputs, dtype=torch.bool)
        self._past = 0

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Add the distillation."""
        if not self._past:
            return
        groups = [self._known] if self._heads is None else list(self._heads[: self._past])
        for task, group in enumerate(groups):
            tasks = None if self._heads is None else torch.full_like(strategy.mb_y, task)
            with torch.no_grad():
                old = avalanche_forward(self.earlier, strategy.mb_x, tasks)
            new = (
                strategy.mb_output
                if tasks is None
                else avalanche_forward(strategy.model, strategy.mb_x, tasks)
            )
            loss = distillation(new, old, group.to(old.device), self.config.temperature)
            strategy.loss = strategy.loss + self.config.strength * loss

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Freeze a copy of the model."""
        self.earlier.load_state_dict(strategy.model.state_dict())
        self._known[samples_of(strategy)[1].unique()] = True
        self._past += 1

    def stored_bytes(self) -> int:
        """Return the bytes of the earlier model and of the mask of classes that it knew."""
        return (
            sum(p.nbytes for p in self.earlier.parameters()) + self._known.nbytes
            if self._past
            else 0
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the earlier model's parameters and the mask of classes that it knew."""
        return {
            "earlier": dict(self.earlier.state_dict()),
            "known": self._known,
            "past": self._past,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.earlier.load_state_dict(state["earlier"])
        self._known, self._past = state["known"].clone(), state["past"]


def distillation(
    new: Float[Tensor, "B K"],
    old: Float[Tensor, "B K"],
    among: Bool[Tensor, "K"],
    temperature: float,
) -> Float[Tensor, ""]:
    """Return the cross-entropy of two models' softened answers among some classes, times T².

    The factor makes the size of the gradient independent of T.

    Args:
        new: Logits of the trained model.
        old: Logits of the earlier model.
        among: The classes.
        temperature: T.
    """
    target = (old[:, among] / temperature).softmax(-1)
    return -(target * (new[:, among] / temperature).log_softmax(-1)).sum(-1).mean() * temperature**2


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
        UsageError: If the stream has no task boundaries, or an option is out of its range.
    """
    require_boundaries(stream, "lwf")
    require_at_least("lwf", 0, strength=config.strength)
    require_above_zero("lwf", temperature=config.temperature)
    wrapped = classifier(model, stream).to(device)
    return ContinualStrategy(
        model=wrapped,
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[Distillation(wrapped, config, stream)],
    )
