"""iCaRL: herded exemplars, distillation, nearest mean of exemplars (Rebuffi et al. 2017).

Training (algorithm 3): logits become independent probabilities ``g = sigmoid(f(x))``. New samples
and exemplars have the same loss, the binary cross-entropy summed over the classes seen. Its target
is the label for the classes of this experience, and for others the answer ``q`` of the model before
it::

    L = mean over x of  Σ_{k of this experience} BCE(g_k, [k = y])
                      + Σ_{k of earlier ones} BCE(g_k, q_k)

Exemplars (algorithms 4 and 5): of the features ``φ``, scaled to norm 1, of a class with mean ``μ``,
the k-th exemplar is the sample for which the mean of the first k is closest to ``μ``. Each class
has the same number; when classes are added, the last exemplars of each are dropped. The answer
(algorithm 1) is the class with the nearest mean of its exemplars' features.

Differences: a mini-batch of new samples is extended by as many exemplars, as for all methods here,
where the paper mixes both. In the *domain* scenario, which the paper does not have, the samples of
one label in each experience have exemplars and a mean of their own.

Shapes: ``B`` batch, ``n`` samples, ``D`` width of the features, ``G`` groups of exemplars (a class
in an experience), ``K`` classes.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from avalanche.models.utils import avalanche_forward
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from baselines.interface import ModelOutput, SequenceModel
from strategies.continual.classifier import CLOSED, classifier, trunk
from strategies.continual.method_requirements import require_boundaries
from strategies.continual.replay.exemplars import Exemplars, exemplars_for
from strategies.continual.replay.rehearsal import Replay, samples_of
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 2
TITLE = "iCaRL"
FEATURE_BATCH = 512
"""Samples whose features are computed at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        mem_size: Samples stored.
        budget: Bytes stored, instead of samples, if not 0.
    """

    mem_size: int = 200
    budget: int = 0


class NearestMean(SequenceModel):
    """Answers by the model in training, and by the nearest mean of exemplars in evaluation.

    Args:
        model: The model.
        exemplars: The exemplars.
        classes: K.
    """

    transient_attributes = ("_means",)

    def __init__(self, model: SequenceModel, exemplars: Exemplars, classes: int) -> None:
        super().__init__()
        self.model: Any = model
        self.trunk: Any = trunk(model)
        self.classes = classes
        self.exemplars = exemplars
        self._means: Tensor | None = None

    def initial_state(self, batch: int) -> Any:
        """Return the model's initial state."""
        return self.model.initial_state(batch)

    def forward(self, inputs: Any, state: Any = None, **options: Any) -> ModelOutput:
        """Return the logits of whole samples; see :class:`baselines.interface.SequenceModel`."""
        if self.training or not len(self.exemplars):
            output: ModelOutput = self.model(inputs, state, **options)
            return output
        return ModelOutput(logits=self.scores(self.features(inputs))[:, None], state=state)

    @torch.no_grad()
    def features(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B D"]:
        """Return the features of samples, scaled to norm 1."""
        return functional.normalize(self.trunk.features(inputs), dim=1)

    def scores(self, features: Float[Tensor, "B D"]) -> Float[Tensor, "B K"]:
        """Return minus the squared distance to the nearest mean of each class.

        Classes without exemplars get `CLOSED`.
        """
        means, labels = self.means(features.device)
        scores = -torch.cdist(features, means).square()
        closed = features.new_full((len(features), self.classes), CLOSED)
        return closed.scatter_reduce(1, labels.expand(len(features), -1), scores, "amax")

    def means(self, device: torch.device) -> tuple[Float[Tensor, "G D"], Int[Tensor, "G"]]:
        """Return the mean features of each group of exemplars, and its class."""
        counts = self.exemplars.seen[self.exemplars.seen > 0].tolist()
        if self._means is None:
            features = []
            for places in torch.arange(len(self.exemplars)).split(FEATURE_BATCH):
                features.append(self.features(self.exemplars.take(places)[0].to(device)))
            groups = torch.cat(features).split(counts)
            self._means = torch.stack([group.mean(0) for group in groups])
        first = torch.tensor([0, *counts[:-1]]).cumsum(0)
        return self._means, self.exemplars.labels[first].long().to(device)

    def forget_means(self) -> None:
        """Discard the means after a change of the model or of the exemplars."""
        self._means = None


class ExemplarReplay(Replay):
    """Rehearses exemplars with distillation, and chooses new ones after each experience.

    Args:
        answers: Answers by the exemplars.
        model: The strategy's model.
        stream: Provides the task of each class.
        seed: Seed of the order of rehearsal.
    """

    def __init__(self, answers: NearestMean, model: nn.Module, stream: Stream, seed: int) -> None:
        super().__init__(answers.exemplars, stream, seed)
        self.answers, self.exemplars = answers, answers.exemplars
        self.earlier = copy.deepcopy(model).eval().requires_grad_(False)
        self._current = torch.zeros(stream.signature.outputs, dtype=torch.bool)

    def before_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Copy the model, and begin a round through the exemplars."""
        super().before_training_exp(strategy, *args, **kwargs)
        self.earlier.load_state_dict(strategy.model.state_dict())
        self._current = torch.zeros_like(self._current)
        self._current[samples_of(strategy)[1].unique()] = True

    def before_backward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Replace the cross-entropy by the loss of the method."""
        earlier = torch.zeros_like(self._current)
        earlier[self.exemplars.labels.long()] = True
        old = None
        if earlier.any():
            old = self._earlier_logits(strategy)
        current = self._current.to(strategy.device)
        loss = icarl_loss(
            strategy.mb_output, strategy.mb_y, old, current, earlier.to(strategy.device)
        )
        whole = functional.cross_entropy(strategy.mb_output, strategy.mb_y)
        strategy.loss = strategy.loss + loss - whole

    def networks(self) -> list[nn.Module]:
        """Return the earlier model."""
        return [self.earlier]

    def after_update(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Discard the means of the previous weights."""
        self.answers.forget_means()

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Choose the exemplars of the experience's classes."""
        inputs, labels = samples_of(strategy)
        mode = self.answers.training
        self.answers.eval()
        pieces = inputs.split(FEATURE_BATCH)
        features = [self.answers.features(piece.to(strategy.device)).cpu() for piece in pieces]
        self.answers.train(mode)
        self.exemplars.add(inputs, labels, torch.cat(features))
        self.answers.forget_means()

    def state_dict(self) -> dict[str, Any]:
        """Return the exemplars, the position in them, the earlier model and this experience."""
        return {
            **super().state_dict(),
            "earlier": dict(self.earlier.state_dict()),
            "current": self._current,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        super().load_state_dict(state)
        self.earlier.load_state_dict(state["earlier"])
        self._current = state["current"].clone()
        self.answers.forget_means()

    @torch.no_grad()
    def _earlier_logits(self, strategy: Any) -> Float[Tensor, "B K"]:
        """Return the earlier model's logits; it has no exemplars to answer by."""
        logits: Tensor = avalanche_forward(self.earlier, strategy.mb_x, strategy.mb_task_id)
        return logits


def icarl_loss(
    logits: Float[Tensor, "B K"],
    labels: Int[Tensor, "B"],
    old: Float[Tensor, "B K"] | None,
    current: Bool[Tensor, "K"],
    earlier: Bool[Tensor, "K"],
) -> Float[Tensor, ""]:
    """Return the binary cross-entropy summed over the classes seen, as a mean over samples.

    Args:
        logits: Logits of the trained model.
        labels: The classes.
        old: Logits of the earlier model; None in the first experience.
        current: Mask of the classes of this experience, whose targets are the labels.
        earlier: Mask of the classes of earlier experiences, whose targets are the old answers.
    """
    targets = functional.one_hot(labels, logits.shape[1]).to(logits)
    if old is not None:
        targets = torch.where(current, targets, old.sigmoid())
    losses = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return losses[:, current | earlier].sum(1).mean()


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
        UsageError: If the budget does not hold an exemplar of each class, the model has no
            features, or the stream has no task boundaries.
    """
    require_boundaries(stream, "icarl")
    answers = NearestMean(model, exemplars_for(config, stream, seed), stream.signature.outputs)
    wrapped = classifier(answers, stream).to(device)
    return ContinualStrategy(
        model=wrapped,
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[ExemplarReplay(answers, wrapped, stream, seed)],
    )
