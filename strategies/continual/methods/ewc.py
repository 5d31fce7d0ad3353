"""Elastic weight consolidation: a quadratic penalty on important weights (Kirkpatrick et al. 2017).

After an experience, with weights θ*, the diagonal of the Fisher information is the mean over single
samples, over all labels::

    F_i = mean over x of  Σ_y p(y | x) · (∂ log p(y | x) / ∂θ_i)²

In later experiences, each past experience c adds ``½ λ Σ_i F_ci (θ_i − θ*_ci)²`` to the loss. These
are parabolas in each weight, so their sum is one too, up to a constant, with stiffness
``A = Σ_c F_c`` and centre ``Σ_c F_c θ*_c / A``. So two numbers per weight suffice for any number of
experiences.

Avalanche's ``EWCPlugin`` squares the gradient of whole mini-batches, whose samples cancel out, and
stores two numbers per weight and experience.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from avalanche.core import SupervisedPlugin
from avalanche.models.utils import avalanche_forward
from jaxtyping import Float, Int
from torch import Tensor, nn

from baselines.interface import SequenceModel
from strategies.common.rng import generator
from strategies.continual.classifier import classifier
from strategies.continual.method_requirements import (
    require_at_least,
    require_boundaries,
    require_positive,
)
from strategies.continual.replay.rehearsal import samples_of, task_of_class
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 1
TITLE = "EWC"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        strength: λ.
        samples: Samples of each experience for the Fisher information.
    """

    strength: float = 1e5
    samples: int = 500


class ElasticWeights(SupervisedPlugin[Any]):
    """Adds the penalty of all past experiences to the loss.

    Args:
        model: The strategy's model.
        config: Options.
        stream: Provides the task of each class.
        seed: Seed of the choice of samples.

    Attributes:
        stiffness: A, per parameter.
        centre: Minimum of the penalty, per parameter.
    """

    supports_distributed = False

    def __init__(self, model: nn.Module, config: Config, stream: Stream, seed: int) -> None:
        super().__init__()
        self.config = config
        self.parameters = list(model.parameters())
        self.stiffness = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.centre = [parameter.detach().clone() for parameter in self.parameters]
        self._tasks = task_of_class(stream)
        self._draws = generator("samples of the Fisher information", seed)
        self._past = 0

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Add the penalty."""
        if self._past:
            strategy.loss = strategy.loss + penalty(
                self.parameters, self.stiffness, self.centre, self.config.strength
            )

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Add the penalty of this experience."""
        inputs, labels = samples_of(strategy)
        chosen = torch.randperm(len(labels), generator=self._draws)[: self.config.samples]
        tasks = self._tasks[labels[chosen]]
        found = fisher(
            strategy.model,
            self.parameters,
            inputs[chosen].to(strategy.device),
            tasks.to(strategy.device),
        )
        for index, parameter in enumerate(self.parameters):
            self.stiffness[index], self.centre[index] = add_penalty(
                self.stiffness[index], self.centre[index], found[index], parameter.detach()
            )
        self._past += 1

    def stored_bytes(self) -> int:
        """Return the bytes of stiffness and centre."""
        return sum(tensor.nbytes for tensor in (*self.stiffness, *self.centre)) if self._past else 0

    def state_dict(self) -> dict[str, Any]:
        """Return stiffness and centre, and the generator of the choice of samples."""
        return {
            "stiffness": self.stiffness,
            "centre": self.centre,
            "past": self._past,
            "draws": self._draws.get_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.stiffness, self.centre = (
            [tensor.clone() for tensor in state[name]] for name in ("stiffness", "centre")
        )
        self._past = state["past"]
        self._draws.set_state(state["draws"])


def penalty(
    parameters: list[nn.Parameter], stiffness: list[Tensor], centre: list[Tensor], strength: float
) -> Float[Tensor, ""]:
    """Return ``½ λ Σ_i A_i (θ_i − c_i)²``."""
    terms = [
        (a * (theta - c).square()).sum()
        for theta, a, c in zip(parameters, stiffness, centre, strict=True)
    ]
    return 0.5 * strength * torch.stack(terms).sum()


def add_penalty(
    stiffness: Tensor, centre: Tensor, more: Tensor, place: Tensor
) -> tuple[Tensor, Tensor]:
    """Return stiffness and centre of the sum of two penalties.

    ``A (θ − c)² + F (θ − θ*)² = (A + F)(θ − c')² + constant``.

    Args:
        stiffness: A.
        centre: c.
        more: F, the stiffness of the second penalty.
        place: θ*, its centre.
    """
    total = stiffness + more
    return total, centre + torch.where(
        total > 0, more / total.clamp_min(torch.finfo(total.dtype).tiny), 1.0
    ) * (place - centre)


def fisher(
    model: nn.Module,
    parameters: list[nn.Parameter],
    inputs: Float[Tensor, "n T F"],
    tasks: Int[Tensor, "n"],
) -> list[Float[Tensor, "..."]]:
    """Return the diagonal of the Fisher information, per parameter.

    Args:
        model: The classifier; it runs in evaluation mode.
        parameters: Its parameters.
        inputs: Samples.
        tasks: Their tasks, for a model with a head per task.
    """
    mode = model.training
    model.eval()
    found = [torch.zeros_like(parameter) for parameter in parameters]
    for place in range(len(inputs)):
        log_shares = avalanche_forward(model, inputs[place : place + 1], tasks[place : place + 1])[
            0
        ].log_softmax(-1)
        open_labels = torch.nonzero(log_shares.detach() > MIN_LOG_PROBABILITY).flatten().tolist()
        for label in open_labels:
            last = label == open_labels[-1]
            gradients = torch.autograd.grad(
                log_shares[label], parameters, retain_graph=not last, materialize_grads=True
            )
            torch._foreach_addcmul_(
                found,
                gradients,
                gradients,
                value=float(log_shares[label].detach().exp()) / len(inputs),
            )
    model.train(mode)
    return found


MIN_LOG_PROBABILITY = -30.0
"""Log-probability below which a label is ignored in the Fisher information: the weight of its
squared gradient is below 1e-13.
"""


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
        UsageError: If the stream has no task boundaries, or ``samples`` is below 1.
    """
    require_boundaries(stream, "ewc")
    require_positive("ewc", samples=config.samples)
    require_at_least("ewc", 0, strength=config.strength)
    wrapped = classifier(model, stream).to(device)
    return ContinualStrategy(
        model=wrapped,
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[ElasticWeights(wrapped, config, stream, seed)],
    )
