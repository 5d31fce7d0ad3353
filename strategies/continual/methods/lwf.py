"""Learning without forgetting: distils the model of the previous experience (Li & Hoiem 2016).

In the c-th experience, new samples ``x`` are also distilled from the model before it. With the
classes ``P`` of earlier experiences and all classes seen ``S``, the loss of van de Ven et al.,
Nature Machine Intelligence 2022, is::

    L = 1/c · CE(x) + (1 − 1/c) · λ D(x)
    D = T² · mean over x of  −Σ_{k in P} softmax_P(old / T)_k · log softmax_S(new / T)_k

So a sample of a new class should get no probability of its own class, which is why LwF fails in the
*class* scenario. With ``weighting=equal`` it is that of the first paper: ``CE + λ D``, and both
softmaxes are over ``P``. With a head per task, each earlier head is distilled separately; ``D`` is
the mean over these heads with ``weighting=experience``, and their sum with ``equal``.

Avalanche's plugin raises the weight with the experience by default, and copies the model with its
optimizer's hooks; here the earlier model is one frozen copy.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from avalanche.core import SupervisedPlugin
from avalanche.models.utils import avalanche_forward
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from baselines.interface import SequenceModel
from strategies.continual.classifier import CLOSED, classifier
from strategies.continual.method_requirements import (
    require_above_zero,
    require_at_least,
    require_boundaries,
)
from strategies.continual.replay.rehearsal import samples_of
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 2
TITLE = "LwF"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        weighting: ``"experience"``: in the c-th experience the cross-entropy has the weight 1/c,
            the distillation the rest; ``"equal"``: both have the weight 1.
        strength: λ, a factor of the distillation.
        temperature: T.
    """

    weighting: Literal["experience", "equal"] = "experience"
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
        self._seen = self._known.clone()
        self._past = 0

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Add the classes of the experience to those seen."""
        self._seen = self._known.clone()
        self._seen[samples_of(strategy)[1].unique()] = True

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Add the distillation, and weight both losses."""
        if not self._past:
            return
        losses = self._losses(strategy)
        added = self.config.strength * torch.stack(losses).sum()
        if self.config.weighting == "equal":
            strategy.loss = strategy.loss + added
        else:
            share = 1 / (self._past + 1)
            strategy.loss = share * strategy.loss + (1 - share) * added / len(losses)

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Freeze a copy of the model."""
        self.earlier.load_state_dict(strategy.model.state_dict())
        self._known = self._seen
        self._past += 1

    def _losses(self, strategy: Any) -> list[Float[Tensor, ""]]:
        """Return the distillation of each earlier head, or of the only one."""
        temperature, losses = self.config.temperature, []
        if self._heads is None:
            seen = self._seen if self.config.weighting == "experience" else self._known
            old = self._answers(self.earlier, strategy, None)
            return [distillation(strategy.mb_output, old, self._known, seen, temperature)]
        for task, head in enumerate(self._heads[: self._past]):
            tasks = torch.full_like(strategy.mb_y, task)
            old = self._answers(self.earlier, strategy, tasks)
            new = avalanche_forward(strategy.model, strategy.mb_x, tasks)
            losses.append(distillation(new, old, head, head, temperature))
        return losses

    @torch.no_grad()
    def _answers(
        self, model: nn.Module, strategy: Any, tasks: Int[Tensor, "B"] | None
    ) -> Float[Tensor, "B K"]:
        """Return the logits of a frozen model."""
        logits: Tensor = avalanche_forward(model, strategy.mb_x, tasks)
        return logits

    def networks(self) -> list[nn.Module]:
        """Return the earlier model."""
        return [self.earlier]

    def stored_bytes(self) -> int:
        """Return the bytes of the mask of classes that the earlier model knew."""
        return self._known.nbytes

    def state_dict(self) -> dict[str, Any]:
        """Return the earlier model and the masks of the classes that it knew and of those seen."""
        return {
            "earlier": dict(self.earlier.state_dict()),
            "known": self._known,
            "seen": self._seen,
            "past": self._past,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.earlier.load_state_dict(state["earlier"])
        self._known, self._seen = state["known"].clone(), state["seen"].clone()
        self._past = state["past"]


def distillation(
    new: Float[Tensor, "B K"],
    old: Float[Tensor, "B K"],
    earlier: Bool[Tensor, "K"],
    seen: Bool[Tensor, "K"],
    temperature: float,
) -> Float[Tensor, ""]:
    """Return the cross-entropy of two models' softened answers, times T².

    The factor makes the size of the gradient independent of T.

    Args:
        new: Logits of the trained model.
        old: Logits of the earlier model.
        earlier: Mask of the classes P among which the earlier model answers.
        seen: Mask of the classes S among which the trained model answers; it contains P.
        temperature: T.
    """
    earlier, seen = earlier.to(new.device), seen.to(new.device)
    target = (old / temperature).masked_fill(~earlier, -torch.inf).softmax(-1)
    answer = (new / temperature).masked_fill(~seen, CLOSED).log_softmax(-1)
    return -(target * answer).sum(-1).mean() * temperature**2


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
