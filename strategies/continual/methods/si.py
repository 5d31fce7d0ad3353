"""Synaptic intelligence: a penalty on weights that lowered the loss (Zenke et al. 2017).

During an experience, each weight's contribution to the decrease of the loss is accumulated; at its
end this sum becomes importance::

    ω_i  ← ω_i − g_i · Δθ_i                    at every step; g: gradient of the task's loss alone
    Ω_i  ← Ω_i + ω_i / ((θ_i − θ*_i)² + ξ)     after the experience; then θ* ← θ and ω ← 0

and ``c Σ_i Ω_i (θ_i − θ*_i)²`` is added to the loss. The equations are numbers 3 to 5 of the paper.

Avalanche's plugin accumulates the gradient of the penalty too, and recomputes flat copies of all
weights at every step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from avalanche.core import SupervisedPlugin
from torch import Tensor, nn

from baselines.interface import SequenceModel
from strategies.continual.classifier import classifier
from strategies.continual.method_requirements import (
    require_above_zero,
    require_at_least,
    require_boundaries,
)
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 1
TITLE = "Synaptic intelligence (SI)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        strength: c.
        damping: ξ, which bounds the importance of weights that hardly moved.
    """

    strength: float = 10.0
    damping: float = 0.1


class SynapticIntelligence(SupervisedPlugin[Any]):
    """Accumulates importance, and penalises changes of important weights.

    Args:
        model: The strategy's model.
        config: Options.

    Attributes:
        importance: Ω, per parameter.
        anchor: θ*, per parameter.
        path: ω, per parameter.
    """

    supports_distributed = False

    def __init__(self, model: nn.Module, config: Config) -> None:
        super().__init__()
        self.config = config
        self.parameters = list(model.parameters())
        self.importance = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.anchor = [parameter.detach().clone() for parameter in self.parameters]
        self.path = [torch.zeros_like(parameter) for parameter in self.parameters]
        self._past = 0
        self._gradients: list[Tensor] = []
        self._before: list[Tensor] = []

    @torch.no_grad()
    def after_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Store the gradient of the task's loss, then add the penalty's, ``2 c Ω (θ − θ*)``."""
        self._gradients = [
            torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in self.parameters
        ]
        self._before = [parameter.detach().clone() for parameter in self.parameters]
        if self._past:
            for parameter, importance, anchor in zip(
                self.parameters, self.importance, self.anchor, strict=True
            ):
                pull = 2 * self.config.strength * importance * (parameter - anchor)
                parameter.grad = pull if parameter.grad is None else parameter.grad.add_(pull)

    @torch.no_grad()
    def after_update(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Accumulate each weight's contribution in this step."""
        for path, gradient, parameter, before in zip(
            self.path, self._gradients, self.parameters, self._before, strict=True
        ):
            path.addcmul_(gradient, parameter.detach() - before, value=-1)

    @torch.no_grad()
    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Turn the accumulated contributions into importance."""
        for importance, path, anchor, parameter in zip(
            self.importance, self.path, self.anchor, self.parameters, strict=True
        ):
            importance.add_(path / ((parameter - anchor).square() + self.config.damping))
            anchor.copy_(parameter)
            path.zero_()
        self._past += 1

    def stored_bytes(self) -> int:
        """Return the bytes of importance and anchor; the path belongs to the current experience."""
        return (
            sum(tensor.nbytes for tensor in (*self.importance, *self.anchor)) if self._past else 0
        )

    def state_dict(self) -> dict[str, Any]:
        """Return importance, anchor and path."""
        return {
            "importance": self.importance,
            "anchor": self.anchor,
            "path": self.path,
            "past": self._past,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.importance, self.anchor, self.path = (
            [tensor.clone() for tensor in state[name]] for name in ("importance", "anchor", "path")
        )
        self._past = state["past"]


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
    require_boundaries(stream, "si")
    require_at_least("si", 0, strength=config.strength)
    require_above_zero("si", damping=config.damping)
    wrapped = classifier(model, stream).to(device)
    return ContinualStrategy(
        model=wrapped,
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[SynapticIntelligence(wrapped, config)],
    )
