"""Ridge regression in closed form from statistics of features, and a strategy without gradients.

Shapes: ``B`` batch, ``T`` time steps, ``F`` features of a step, ``D`` features, ``K`` classes.
"""

import math
from typing import Any, Protocol

import torch
from avalanche.core import SupervisedPlugin
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from baselines.interface import ModelOutput, SequenceModel
from results.errors import UsageError
from strategies.continual.classifier import CLOSED
from strategies.continual.dataloader import TensorLoader
from strategies.continual.method_requirements import require_above_zero, require_positive
from strategies.continual.strategy import ContinualStrategy

MIN_COUNT = 2
"""Fewest features: a random one and the constant."""

VALUE_BYTES = 4
"""Bytes of a stored number."""


class RidgeRegression(SequenceModel):
    """Statistics of random features, and the solution for them.

    Args:
        random: Returns D − 1 features of each sample; a constant 1 is appended.
        count: D.
        classes: K.
        regularisation: λ, relative to the mean of G's diagonal per sample.

    Attributes:
        gram: The lower triangle of G by rows; G is symmetric.
        sums: C.
        seen: Number of samples of each class.
    """

    gram: Tensor
    sums: Tensor
    seen: Tensor
    rows: Tensor
    columns: Tensor

    transient_attributes = ("_solution",)

    def __init__(self, random: nn.Module, count: int, classes: int, regularisation: float) -> None:
        super().__init__()
        self.random = random
        self.regularisation = regularisation
        self.register_buffer("gram", torch.zeros(count * (count + 1) // 2))
        self.register_buffer("sums", torch.zeros(count, classes))
        self.register_buffer("seen", torch.zeros(classes, dtype=torch.int32))
        rows, columns = torch.tril_indices(count, count)
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("columns", columns, persistent=False)
        self._solution: Tensor | None = None

    def initial_state(self, batch: int) -> Any:
        """Return None: the model reads whole samples."""

    def forward(self, inputs: Any, state: Any = None, **options: Any) -> ModelOutput:
        """Return the scores of whole samples; in training, zeros, since no loss needs them."""
        if self.training:
            logits = self.sums.new_zeros(len(inputs), self.sums.shape[1])
        else:
            logits = self.scores(self.features(inputs))
        return ModelOutput(logits=logits[:, None], state=state)

    @torch.no_grad()
    def features(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B D"]:
        """Return the random features of samples, and a constant 1."""
        random: Tensor = self.random(inputs)
        return torch.cat((random, random.new_ones(len(random), 1)), dim=1)

    def update(self, features: Float[Tensor, "B D"], labels: Int[Tensor, "B"]) -> None:
        """Add samples to the statistics."""
        classes = len(self.seen)
        self.gram += (features.T @ features)[self.rows, self.columns]
        self.sums += features.T @ functional.one_hot(labels, classes).to(features)
        self.seen += torch.bincount(labels, minlength=classes).int()
        self._solution = None

    def scores(self, features: Float[Tensor, "B D"]) -> Float[Tensor, "B K"]:
        """Return ``φ(x)ᵀW``; unseen classes get `CLOSED`."""
        if self._solution is None:
            self._solution = self.solve()
        return (features @ self._solution).masked_fill(self.seen == 0, CLOSED)

    def solve(self) -> Float[Tensor, "D K"]:
        """Return W; zeros before the first sample."""
        if not bool(self.seen.any()):
            return torch.zeros_like(self.sums)
        gram = self.gram.new_zeros(len(self.sums), len(self.sums), dtype=torch.float64)
        gram[self.rows, self.columns] = self.gram.double()
        gram[self.columns, self.rows] = self.gram.double()
        diagonal = gram.diagonal()
        diagonal += self.regularisation * diagonal.mean() / self.seen.sum()
        weights: Tensor = torch.linalg.solve(gram, self.sums.double()).float()
        return weights

    def stored_bytes(self) -> int:
        """Return the bytes of the statistics."""
        return int(self.gram.nbytes + self.sums.nbytes + self.seen.nbytes)


class ClosedForm(ContinualStrategy):
    """A strategy without loss, gradients and optimizer steps."""

    def criterion(self) -> Tensor:
        """Return 0 in training, and the cross-entropy in evaluation."""
        return self.mb_output.new_zeros(()) if self.is_training else super().criterion()

    def backward(self) -> None:
        """Do nothing."""

    def optimizer_step(self) -> None:
        """Do nothing."""


class SeeOnce(SupervisedPlugin[Any]):
    """Updates the statistics with every sample of an experience once.

    Args:
        regression: The statistics.
    """

    supports_distributed = False

    def __init__(self, regression: RidgeRegression) -> None:
        super().__init__()
        self.regression = regression

    def before_training_epoch(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Feed each sample once in the first epoch, and none in later ones."""
        if strategy.clock.train_exp_epochs > 0:
            strategy.dataloader = ()
        elif isinstance(strategy.dataloader, TensorLoader):
            strategy.dataloader.iterations = 0

    def before_forward(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Update the statistics."""
        self.regression.update(self.regression.features(strategy.mb_x), strategy.mb_y)

    def stored_bytes(self) -> int:
        """Return the bytes of the statistics."""
        return self.regression.stored_bytes()

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: the statistics are buffers of the model."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Discard the solution for the previous statistics."""
        self.regression._solution = None


class Options(Protocol):
    """Options of a method with a ridge regression on random features."""

    @property
    def count(self) -> int:
        """D."""

    @property
    def kernel(self) -> int:
        """Side of a convolution in pixels."""

    @property
    def grid(self) -> int:
        """Cells along each side of the image."""

    @property
    def regularisation(self) -> float:
        """λ, relative to the mean of G's diagonal per sample."""


def check_options(method: str, config: Options) -> None:
    """Check the options of the features and of the regression.

    Args:
        method: Name of the method.
        config: Its options.

    Raises:
        UsageError: If one is below its least value.
    """
    if config.count < MIN_COUNT:
        raise UsageError(
            f"method '{method}' does nothing with count = {config.count}: "
            f"give at least count={MIN_COUNT}"
        )
    require_positive(method, kernel=config.kernel, grid=config.grid)
    require_above_zero(method, regularisation=config.regularisation)


def statistics_bytes(count: int, classes: int) -> int:
    """Return the bytes of half of G, of C and of the counts of samples."""
    return VALUE_BYTES * (count * (count + 1) // 2 + count * classes + classes)


def count_within(budget: int, classes: int) -> int:
    """Return the largest number of features whose statistics fit a budget of bytes.

    Raises:
        UsageError: If it is below `MIN_COUNT`.
    """
    least = statistics_bytes(MIN_COUNT, classes)
    if budget < least:
        raise UsageError(
            f"budget = {budget} bytes can't hold the statistics of {MIN_COUNT} features: give at "
            f"least budget={least}"
        )
    half = classes + 0.5
    count = int(math.sqrt(half**2 + 2 * (budget / VALUE_BYTES - classes)) - half)
    return count + 1 if statistics_bytes(count + 1, classes) <= budget else count
