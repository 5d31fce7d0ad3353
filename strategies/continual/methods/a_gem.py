"""A-GEM: a step must not raise the loss on stored samples (Chaudhry et al. 2019).

With ``g`` the gradient on the new samples and ``r`` that on as many stored ones, a step that would
raise the loss on the stored ones (``g·r < 0``) is projected (equation 11 of the paper)::

    g ← g − (g·r / r·r) r

Avalanche's plugin does the same with equal numbers per experience, through loaders that collate
sample by sample.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from avalanche.models.utils import avalanche_forward
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from baselines.interface import SequenceModel
from strategies.continual.classifier import classifier
from strategies.continual.replay.buffer import build_buffer, raw_storage
from strategies.continual.replay.rehearsal import Replay
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 2
TITLE = "A-GEM"


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


class Projection(Replay):
    """Projects the gradient; the model is not trained on the stored samples."""

    def before_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Compute the gradient on stored samples."""
        self._reference: list[Tensor] | None = None
        if self._cycle is None:
            return
        count = len(strategy.mb_y)
        empty = [column[:0] for column in strategy.mbatch]
        inputs, labels, *rest = self.join(empty, self._cycle.take(count))
        strategy.model.train()
        loss = functional.cross_entropy(
            avalanche_forward(strategy.model, inputs, rest[-1] if rest else None), labels
        )
        parameters = list(strategy.model.parameters())
        self._reference = list(torch.autograd.grad(loss, parameters, materialize_grads=True))
        strategy.examples.add(count)

    @torch.no_grad()
    def after_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Project the gradient."""
        if self._reference is None:
            return
        parameters = list(strategy.model.parameters())
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        for parameter, projected in zip(
            parameters, project(gradients, self._reference), strict=True
        ):
            parameter.grad = projected


def project(
    gradients: list[Float[Tensor, "..."]], reference: list[Float[Tensor, "..."]]
) -> list[Float[Tensor, "..."]]:
    """Return ``g − min(0, g·r) / (r·r) · r`` over all parameters together."""
    along = sum(
        (float((g * r).sum()) for g, r in zip(gradients, reference, strict=True)), start=0.0
    )
    if along >= 0:
        return gradients
    length = sum((float(r.square().sum()) for r in reference), start=0.0)
    return [g - along / length * r for g, r in zip(gradients, reference, strict=True)]


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
        plugins=[Projection(buffer, stream, seed)],
    )
