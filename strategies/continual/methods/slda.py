"""Streaming linear discriminant analysis on frozen features (Hayes & Kanan 2020).

The paper takes features from a pretrained network. Here they are random and fixed by the seed, as
in KLDA (Momeni et al. 2024); or those of the model after training on the first experience; or the
samples themselves. The method stores a mean of its features ``z`` per class and one scatter within
all classes, and sees each sample once (Chan, Golub & LeVeque 1979, for many samples at a time)::

    S ← S + Σ (z − z̄)(z − z̄)ᵀ + n m / (n + m) (z̄ − μ_k)(z̄ − μ_k)ᵀ
    μ_k ← μ_k + m / (n + m) (z̄ − μ_k)         n earlier samples of class k, m new ones of mean z̄

The answer is the class with the largest ``z·Λμ_k − ½ μ_k·Λμ_k`` among those seen, with
``Λ = ((1 − ε) S / n + ε I)⁻¹``.

Shapes: ``B`` batch, ``D`` width of the features, ``K`` classes.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from avalanche.core import SupervisedPlugin
from jaxtyping import Float, Int
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel
from results.errors import UsageError
from strategies.continual.classifier import CLOSED, classifier, trunk
from strategies.continual.method_requirements import (
    require_above_zero,
    require_boundaries,
    require_positive,
)
from strategies.continual.methods._closed_form import count_within
from strategies.continual.methods._random_features import random_features
from strategies.continual.replay.rehearsal import samples_of
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 3
TITLE = "Streaming LDA"
KERNEL, GRID = 7, 3
"""Side of a random convolution, and cells along each side of an image: the defaults of `ridge`."""

FEATURE_BATCH = 512
"""Samples whose features are computed at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        features: ``"random"``: random features, which need no training; ``"model"``: features of
            the model, trained by gradient steps on the first experience and then frozen;
            ``"inputs"``: the samples themselves.
        shrinkage: ε.
        count: Number of random features.
        budget: Bytes stored, if not 0; the most random features that fit replace ``count``.
    """

    features: Literal["random", "model", "inputs"] = "random"
    shrinkage: float = 1e-4
    count: int = 270
    budget: int = 0


class Fixed(nn.Module):
    """Features that are not trained.

    Args:
        compute: Computes them from samples.
        width: D.
    """

    def __init__(self, compute: nn.Module, width: int) -> None:
        super().__init__()
        self.compute, self.width = compute, width

    def features(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B D"]:
        """Return the features of samples."""
        features: Tensor = self.compute(inputs)
        return features


class Discriminant(SequenceModel):
    """Answers by the discriminant in evaluation, once it has data.

    Args:
        model: The model, which answers in training and before; None if it is not used.
        trunk: A module with features and their width D.
        classes: K.
        config: Options.

    Attributes:
        means: μ of each class.
        scatter: The lower triangle of S by rows; S is symmetric.
        seen: Number of samples of each class.
    """

    means: Tensor
    scatter: Tensor
    seen: Tensor
    rows: Tensor
    columns: Tensor

    transient_attributes = ("_solution",)

    def __init__(
        self, model: SequenceModel | None, trunk: Any, classes: int, config: Config
    ) -> None:
        super().__init__()
        self.model: Any = model
        self.trunk = trunk
        self.config = config
        self.register_buffer("means", torch.zeros(classes, trunk.width))
        self.register_buffer("scatter", torch.zeros(trunk.width * (trunk.width + 1) // 2))
        self.register_buffer("seen", torch.zeros(classes, dtype=torch.int32))
        rows, columns = torch.tril_indices(trunk.width, trunk.width)
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("columns", columns, persistent=False)
        self._solution: tuple[Tensor, Tensor] | None = None

    def initial_state(self, batch: int) -> Any:
        """Return the model's initial state; None without a model."""
        return None if self.model is None else self.model.initial_state(batch)

    def forward(self, inputs: Any, state: Any = None, **options: Any) -> ModelOutput:
        """Return the logits of whole samples; see :class:`baselines.interface.SequenceModel`."""
        if not self.training and bool(self.seen.any()):
            return ModelOutput(logits=self.scores(self.features(inputs))[:, None], state=state)
        if self.model is None:
            return ModelOutput(
                logits=self.means.new_zeros(len(inputs), 1, len(self.means)), state=state
            )
        output: ModelOutput = self.model(inputs, state, **options)
        return output

    @torch.no_grad()
    def features(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B D"]:
        """Return the features of samples."""
        features: Tensor = self.trunk.features(inputs)
        return features

    def update(self, features: Float[Tensor, "m D"], labels: Int[Tensor, "m"]) -> None:
        """Update means and scatter."""
        for label in labels.unique().tolist():
            here = features[labels == label]
            mean, before, now = here.mean(0), int(self.seen[label]), len(here)
            offset = mean - self.means[label]
            between = before * now / (before + now) * torch.outer(offset, offset)
            added = (here - mean).T @ (here - mean) + between
            self.scatter += added[self.rows, self.columns]
            self.means[label] += now / (before + now) * offset
            self.seen[label] += now
        self._solution = None

    def covariance(self) -> Float[Tensor, "D D"]:
        """Return ``S / n``."""
        full = self.scatter.new_zeros(self.means.shape[1], self.means.shape[1])
        full[self.rows, self.columns] = self.scatter
        full[self.columns, self.rows] = self.scatter
        return full / self.seen.sum()

    def scores(self, features: Float[Tensor, "B D"]) -> Float[Tensor, "B K"]:
        """Return the discriminant of each class; unseen classes get `CLOSED`."""
        if self._solution is None:
            regular = (1 - self.config.shrinkage) * self.covariance()
            diagonal = regular.diagonal()
            diagonal += self.config.shrinkage
            weights = torch.linalg.solve(regular.double(), self.means.T.double()).T.float()
            self._solution = weights, -0.5 * (weights * self.means).sum(-1)
        weights, bias = self._solution
        return (features @ weights.T + bias).masked_fill(self.seen == 0, CLOSED)

    def stored_bytes(self) -> int:
        """Return the bytes of means, scatter and counts."""
        return int(self.means.nbytes + self.scatter.nbytes + self.seen.nbytes)


class SinglePass(SupervisedPlugin[Any]):
    """Trains the model on the first experience alone, and sees each experience's samples once.

    Args:
        discriminant: The discriminant to update.
    """

    supports_distributed = False

    def __init__(self, discriminant: Discriminant) -> None:
        super().__init__()
        self.discriminant = discriminant

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Skip training after the first experience, or always if the features are fixed."""
        if strategy.clock.train_exp_counter > 0 or self.discriminant.config.features != "model":
            strategy.dataloader = ()

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Update the discriminant with the experience's samples."""
        inputs, labels = samples_of(strategy)
        mode = self.discriminant.training
        self.discriminant.eval()
        for piece, classes in zip(
            inputs.split(FEATURE_BATCH), labels.split(FEATURE_BATCH), strict=True
        ):
            self.discriminant.update(
                self.discriminant.features(piece.to(strategy.device)), classes.to(strategy.device)
            )
        self.discriminant.train(mode)
        strategy.examples.add(len(labels))

    def stored_bytes(self) -> int:
        """Return the bytes of the discriminant."""
        return self.discriminant.stored_bytes()

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: the discriminant consists of buffers of the model."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Discard the solution for the previous statistics."""
        self.discriminant._solution = None


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
        UsageError: If ``features`` is ``"model"``, and the model has none or the stream has no task
            boundaries, an option is not positive, or ``budget`` is given without random features
            or holds fewer than two.
    """
    if config.features == "model":
        require_boundaries(stream, "slda[features=model]")
    require_above_zero("slda", shrinkage=config.shrinkage)
    require_positive("slda", count=config.count)
    if config.budget:
        if config.features != "random":
            raise UsageError(
                f"method 'slda': budget = {config.budget} sets the number of random features: "
                "leave budget or features out"
            )
        count = count_within(config.budget, stream.signature.outputs)
        config = replace(config, count=count)
    discriminant = Discriminant(
        model if config.features == "model" else None,
        features_for(config, model, stream, seed),
        stream.signature.outputs,
        config,
    )
    return ContinualStrategy(
        model=classifier(discriminant, stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[SinglePass(discriminant)],
    )


def features_for(config: Config, model: SequenceModel, stream: Stream, seed: int) -> nn.Module:
    """Return a module with ``features`` and their ``width``.

    Raises:
        UsageError: If ``features`` is ``"model"``, and the model has none.
    """
    if config.features == "model":
        return trunk(model)
    if config.features == "inputs":
        return Fixed(nn.Flatten(), stream.signature.length * (stream.signature.features or 1))
    random = random_features("auto", stream, config.count, kernel=KERNEL, grid=GRID, seed=seed)
    return Fixed(random, config.count)
