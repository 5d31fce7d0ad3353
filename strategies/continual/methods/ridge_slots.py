"""Ridge on random features, and slots that are written by surprise and read by similarity.

A slow and a fast memory without MemNet, as a control for it. The slow memory is that of `ridge`.
The fast memory stores codes ``c`` of single samples with their labels. The surprise of a sample is
minus its margin ``m`` when it arrives, under the slow memory's present answers ``s(x) = Wᵀφ(x)``::

    m = s(x)_y − max_{k ≠ y} s(x)_k

Each class has the same number of slots, in which its most surprising samples stay. The answer is
the class with the largest sum of both memories, with ``N`` slots of codes ``c_i`` and labels
``y_i``::

    s(x)_k + v · Σ_i softmax_i(h · cos(c(x), c_i)) [y_i = k]

A code is a random projection of further random features, from which the mean over the first samples
is subtracted; each entry is stored in four bits. ``W`` is solved again after `REFRESH` samples and
whenever a class is new; between two solutions it is stored, and counted. Slots written by surprise:
Titans (Behrouz et al. 2024); two memories: complementary learning systems (McClelland et al. 1995).

Shapes: ``B`` batch, ``T`` time steps, ``F`` features of a step, ``E`` entries of a code, ``N``
slots, ``P`` bytes of a code, ``K`` classes.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from baselines.interface import ModelOutput, SequenceModel
from results.errors import UsageError
from strategies.common.rng import generator
from strategies.continual.classifier import classifier
from strategies.continual.method_requirements import require_at_least, require_positive
from strategies.continual.methods._closed_form import (
    MIN_COUNT,
    VALUE_BYTES,
    ClosedForm,
    RidgeRegression,
    SeeOnce,
    check_options,
    count_within,
    statistics_bytes,
)
from strategies.continual.methods._random_features import random_features
from strategies.continual.methods._surprise_slots import SurpriseSlots, margins_of, slot_bytes
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 2
TITLE = "Ridge regression and slots"
ROLE = "control"
WIDE_FEATURES = 2500
"""Random features from which codes are computed."""

WIDE_GRID = 5
"""Cells along each side of the image of these features."""

REFRESH = 500
"""Samples between two solutions for W."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        features: As for `ridge`; with ``"smooth"`` codes are computed from ``"auto"`` ones.
        count: As for `ridge`.
        slots: N.
        budget: Bytes stored, if not 0; then ``share`` of them is for slots, and the rest for
            features.
        share: The share of slots in a budget.
        code: E.
        vote: v.
        sharpness: h.
        kernel: As for `ridge`.
        grid: As for `ridge`.
        regularisation: As for `ridge`.
    """

    features: Literal["auto", "convolutional", "dense", "smooth"] = "auto"
    count: int = 271
    slots: int = 2000
    budget: int = 0
    share: float = 0.33
    code: int = 64
    vote: float = 0.2
    sharpness: float = 40.0
    kernel: int = 7
    grid: int = 3
    regularisation: float = 1.0


class Coder(nn.Module):
    """A random projection of random features.

    Args:
        features: Computes the features.
        count: Their number.
        code: E.
        draws: Source of the projection.
    """

    regenerated_parameters = ("projection",)

    def __init__(self, features: nn.Module, count: int, code: int, draws: torch.Generator) -> None:
        super().__init__()
        self.features = features
        projection = torch.randn(count, code, generator=draws) / count**0.5
        self.projection = nn.Parameter(projection, requires_grad=False)

    @torch.no_grad()
    def forward(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B E"]:
        """Return the codes of samples, without their mean subtracted."""
        codes: Tensor = self.features(inputs) @ self.projection
        return codes


class SlowAndFast(SequenceModel):
    """Answers by both memories.

    Args:
        regression: The slow memory.
        coder: Computes codes.
        slots: The fast memory.
        config: Options.
    """

    def __init__(
        self, regression: RidgeRegression, coder: Coder, slots: SurpriseSlots, config: Config
    ) -> None:
        super().__init__()
        self.regression, self.coder, self.slots, self.config = regression, coder, slots, config

    def initial_state(self, batch: int) -> Any:
        """Return None: the model reads whole samples."""

    def forward(self, inputs: Any, state: Any = None, **options: Any) -> ModelOutput:
        """Return the scores of whole samples; in training, zeros, since no loss needs them."""
        output: ModelOutput = self.regression(inputs, state)
        if self.training:
            return output
        votes = self.slots.votes(self.coder(inputs), self.config.sharpness)
        return ModelOutput(logits=output.logits + self.config.vote * votes[:, None], state=state)

    def features(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B D"]:
        """Return the features of the slow memory."""
        return self.regression.features(inputs)


class SurpriseWriting(SeeOnce):
    """Updates the statistics and the slots with every sample of an experience once.

    Args:
        model: Both memories.

    Attributes:
        solution: W, of the last time that it was solved.
    """

    def __init__(self, model: SlowAndFast) -> None:
        super().__init__(model.regression)
        self.model = model
        self.solution = torch.zeros_like(model.regression.sums)
        self._since = 0

    def before_forward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Write the slots by the present surprise, then update the statistics."""
        features, labels = self.regression.features(strategy.mb_x), strategy.mb_y
        seen = self.regression.seen > 0
        margins = margins_of(features @ self.solution.to(features), labels, seen)
        self.model.slots.write(self.model.coder(strategy.mb_x), labels, margins)
        self.regression.update(features, labels)
        self._since += len(labels)
        if self._since >= REFRESH or not torch.equal(seen, self.regression.seen > 0):
            self.solution, self._since = self.regression.solve(), 0

    def stored_bytes(self) -> int:
        """Return the bytes of the statistics, the solution and its age, and the slots."""
        both = self.regression.stored_bytes() + self.model.slots.stored_bytes()
        return both + self.solution.nbytes + VALUE_BYTES

    def state_dict(self) -> dict[str, Any]:
        """Return the slots and the solution; the statistics are buffers of the model."""
        return {
            "slots": self.model.slots.state_dict(),
            "solution": self.solution,
            "since": self._since,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        super().load_state_dict(state)
        self.model.slots.load_state_dict(state["slots"])
        self.solution, self._since = state["solution"].clone(), state["since"]


def sizes_within(budget: int, classes: int, config: Config) -> tuple[int, int]:
    """Return the numbers of features and of slots within a budget of bytes.

    Raises:
        UsageError: If it does not hold the statistics of `MIN_COUNT` features and a slot for each
            class.
    """
    slot = slot_bytes(config.code, classes)
    fixed = VALUE_BYTES * (config.code + 3)  # the mean code, its scale and count, the age of W
    # W has as many numbers as the sums of the features per class.
    least = statistics_bytes(MIN_COUNT, 2 * classes)
    if budget - fixed < least + classes * slot:
        raise UsageError(
            f"budget = {budget} bytes can't hold the statistics of {MIN_COUNT} features and a slot "
            f"for each of {classes} classes: give at least budget={fixed + least + classes * slot}"
        )
    part = min(int((1 - config.share) * budget), budget - classes * slot) - fixed
    count = count_within(max(part, least), 2 * classes)
    return count, (budget - fixed - statistics_bytes(count, 2 * classes)) // slot


def build(
    config: Config,
    *,
    model: SequenceModel,
    stream: Stream,
    learning_rate: float,
    seed: int,
    device: torch.device,
) -> ContinualStrategy:
    """Build the strategy; the model and the learning rate are not used.

    Raises:
        UsageError: If the budget or ``slots`` holds less than a slot for each class, an option is
            out of its range, or ``features=convolutional`` and samples are not images.
    """
    classes = stream.signature.outputs
    _check(config, classes)
    count, capacity = config.count, config.slots
    if config.budget:
        count, capacity = sizes_within(config.budget, classes, config)
    random = random_features(
        config.features, stream, count - 1, kernel=config.kernel, grid=config.grid, seed=seed
    )
    wide = random_features(
        "auto" if config.features == "smooth" else config.features,
        stream,
        WIDE_FEATURES,
        kernel=config.kernel,
        grid=WIDE_GRID,
        seed=seed,
        name="features of codes",
    )
    both = SlowAndFast(
        RidgeRegression(random, count, classes, config.regularisation),
        Coder(wide, WIDE_FEATURES, config.code, generator("projection of codes", seed)),
        SurpriseSlots(capacity, config.code, classes),
        config,
    )
    return ClosedForm(
        model=classifier(both, stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[SurpriseWriting(both)],
    )


def _check(config: Config, classes: int) -> None:
    """Check the options.

    Raises:
        UsageError: If one is out of its range.
    """
    check_options("ridge-slots", config)
    require_positive("ridge-slots", code=config.code)
    require_at_least("ridge-slots", classes, slots=config.slots)
    require_at_least("ridge-slots", 0, vote=config.vote, sharpness=config.sharpness)
    if not 0 < config.share < 1:
        raise UsageError(f"method 'ridge-slots': share = {config.share} must be between 0 and 1")
    try:
        slot_bytes(config.code, classes)
    except ValueError as error:
        raise UsageError(f"method 'ridge-slots': {error}") from error
