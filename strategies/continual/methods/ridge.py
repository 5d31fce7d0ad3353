"""Ridge regression on random features, in closed form (RanPAC, McDonnell et al. 2023).

The features ``φ(x)`` are random and fixed by the seed. The method stores their Gram matrix and
their sum per class, and sees each sample once::

    G = Σ φ(x) φ(x)ᵀ        C = Σ φ(x) onehot(y)ᵀ        W = (G + λ I)⁻¹ C

The answer is the class with the largest entry of ``Wᵀφ(x)`` among those seen. ``W`` depends neither
on the order of the samples nor on the experiences, and equals that of joint training (ACIL, Zhuang
et al. 2022; F-OAL, Zhuang et al. 2024). ``λ`` is a fixed share of the mean of ``G``'s diagonal.
RanPAC and ACIL compute ``φ`` from a pretrained network; here it reads the samples, and the model is
not used.

Shapes: ``B`` batch, ``T`` time steps, ``F`` features of a step, ``D`` random features, ``K``
classes.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from avalanche.core import SupervisedPlugin
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from baselines.interface import ModelOutput, SequenceModel, Signature
from results.errors import UsageError
from strategies.common.rng import generator
from strategies.continual.classifier import CLOSED, classifier
from strategies.continual.dataloader import TensorLoader
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 1
TITLE = "Ridge regression on random features"
MIN_COUNT = 2
"""Fewest features: a random one and the constant."""

MAX_THRESHOLD = 0.5
"""Chosen on Split MNIST's validation data: 0.5 to 2 were tried; 1 is half a point worse."""

VALUE_BYTES = 4
"""Bytes of a stored number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the method.

    Attributes:
        features: ``"convolutional"``: random convolutions with ReLU, averaged over the cells of a
            grid; ``"dense"``: random projections of the whole sample with ReLU.
        count: D, a constant feature included.
        budget: Bytes stored, if not 0; the largest D that fits replaces ``count``.
        kernel: Side of a convolution in pixels, at most half of each side of the image.
        grid: Cells along each side of the image.
        regularisation: λ, relative to the mean of G's diagonal.
    """

    features: Literal["convolutional", "dense"] = "convolutional"
    count: int = 271
    budget: int = 0
    kernel: int = 7
    grid: int = 3
    regularisation: float = 1e-5


class RandomConvolutions(nn.Module):
    """Random convolutions, ReLU, and the means over the cells of a grid.

    Filters have mean 0 and norm 1, so that a uniform area gives no response; thresholds are uniform
    in [0, `MAX_THRESHOLD`), for pixels in [0, 1].

    Args:
        signature: Provides the shape of an image.
        count: Number of features.
        config: Options.
        seed: Determines all weights.

    Raises:
        UsageError: If a sample is not an image.
    """

    regenerated_parameters = ("filters", "bias")

    def __init__(self, signature: Signature, count: int, config: Config, seed: int) -> None:
        super().__init__()
        self.image = _image(signature)
        sides = [max(1, min(config.kernel, side // 2)) for side in self.image]
        responses = [side - kernel + 1 for side, kernel in zip(self.image, sides, strict=True)]
        self.grid = (min(config.grid, responses[0]), min(config.grid, responses[1]))
        self.count = count
        number, draws = math.ceil(count / math.prod(self.grid)), generator("random features", seed)
        filters = torch.randn(number, math.prod(sides), generator=draws)
        if math.prod(sides) > 1:
            filters -= filters.mean(1, keepdim=True)
        filters = functional.normalize(filters, dim=1).reshape(number, 1, *sides)
        thresholds = MAX_THRESHOLD * torch.rand(number, generator=draws)
        self.filters = nn.Parameter(filters, requires_grad=False)
        self.bias = nn.Parameter(-thresholds, requires_grad=False)

    def forward(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B count"]:
        """Return the features of samples."""
        images = inputs.reshape(len(inputs), 1, *self.image)
        responses = functional.relu(functional.conv2d(images, self.filters, self.bias))
        return functional.adaptive_avg_pool2d(responses, self.grid).flatten(1)[:, : self.count]


class RandomProjections(nn.Module):
    """Random projections with ReLU, ``φ(x) = relu(x M / √d)`` for samples of ``d`` values.

    Args:
        signature: Provides the size of a sample.
        count: Number of features.
        seed: Determines all weights.
    """

    regenerated_parameters = ("weights",)

    def __init__(self, signature: Signature, count: int, seed: int) -> None:
        super().__init__()
        values = signature.length * (signature.features or 1)
        weights = torch.randn(values, count, generator=generator("random features", seed))
        self.weights = nn.Parameter(weights / values**0.5, requires_grad=False)

    def forward(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B count"]:
        """Return the features of samples."""
        return functional.relu(inputs.flatten(1) @ self.weights)


class RidgeRegression(SequenceModel):
    """Statistics of random features, and the solution for them.

    Args:
        random: Returns D − 1 features of each sample; a constant 1 is appended.
        count: D.
        classes: K.
        regularisation: λ, relative to the mean of G's diagonal.

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
        diagonal += self.regularisation * diagonal.mean()
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
        UsageError: If the budget or ``count`` holds no random feature, another size is below 1,
            or ``features=convolutional`` and samples are not images.
    """
    signature = stream.signature
    classes = signature.outputs
    _check(config)
    count = count_within(config.budget, classes) if config.budget else config.count
    random = (
        RandomConvolutions(signature, count - 1, config, seed)
        if config.features == "convolutional"
        else RandomProjections(signature, count - 1, seed)
    )
    regression = RidgeRegression(random, count, classes, config.regularisation)
    return ClosedForm(
        model=classifier(regression, stream),
        stream=stream,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        plugins=[SeeOnce(regression)],
    )


def _check(config: Config) -> None:
    """Check the options.

    Raises:
        UsageError: If one is below its least value.
    """
    for name, least in (("count", MIN_COUNT), ("kernel", 1), ("grid", 1)):
        if getattr(config, name) < least:
            raise UsageError(
                f"method 'ridge' does nothing with {name} = {getattr(config, name)}: "
                f"give at least {name}={least}"
            )
    if not config.regularisation > 0:
        raise UsageError(
            f"regularisation = {config.regularisation} must be above 0, or the system is singular: "
            "give a number such as 1e-5"
        )


def _image(signature: Signature) -> tuple[int, int]:
    """Return height and width of a sample as an image.

    Raises:
        UsageError: If a sample is one step that is not a square image.
    """
    if signature.length > 1:
        return signature.length, signature.features or 1
    side = math.isqrt(signature.features or 1)
    if side * side != (signature.features or 1):
        raise UsageError(
            f"features=convolutional reads images, and a step of {signature.features} features is "
            "no square one: use form=rows, or features=dense"
        )
    return side, side
