"""Random features of samples, fixed by a seed: convolutions, or dense projections.

A seed regenerates them, so they cost no bytes. RanPAC (McDonnell et al. 2023), ACIL (Zhuang et al.
2022) and KLDA (Momeni et al. 2024) put random features on a pretrained network; here they read the
samples.

Shapes: ``B`` batch, ``T`` time steps, ``F`` features of a step.
"""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from baselines.interface import Signature
from memnet.persistent.random_features import RandomFeatures
from results.errors import UsageError
from strategies.common.rng import generator
from strategies.continual.replay.buffer import has_bytes
from strategies.continual.stream import Stream

Kind = Literal["auto", "convolutional", "dense", "smooth"]
"""``"auto"``: convolutions if samples are images of bytes, else projections; ``"smooth"``: those of
the method `memnet`.
"""

MAX_THRESHOLD = 0.5
"""Chosen on Split MNIST's validation data: 0.5 to 2 were tried; 1 is half a point worse."""


class RandomConvolutions(nn.Module):
    """Random convolutions, ReLU, and the means over the cells of a grid.

    Filters have mean 0 and norm 1, so that a uniform area gives no response; thresholds are uniform
    in [0, `MAX_THRESHOLD`), for pixels in [0, 1].

    Args:
        signature: Provides the shape of an image.
        count: Number of features.
        kernel: Side of a convolution in pixels, at most half of each side of the image.
        grid: Cells along each side of the image.
        draws: Source of the weights.

    Raises:
        UsageError: If a sample is not an image.
    """

    regenerated_parameters = ("filters", "bias")

    def __init__(
        self, signature: Signature, count: int, *, kernel: int, grid: int, draws: torch.Generator
    ) -> None:
        super().__init__()
        self.image = _image(signature)
        sides = [max(1, min(kernel, side // 2)) for side in self.image]
        responses = [side - width + 1 for side, width in zip(self.image, sides, strict=True)]
        self.grid = (min(grid, responses[0]), min(grid, responses[1]))
        self.count = count
        number = math.ceil(count / math.prod(self.grid))
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
        draws: Source of the weights.
    """

    regenerated_parameters = ("weights",)

    def __init__(self, signature: Signature, count: int, *, draws: torch.Generator) -> None:
        super().__init__()
        values = signature.length * (signature.features or 1)
        weights = torch.randn(values, count, generator=draws)
        self.weights = nn.Parameter(weights / values**0.5, requires_grad=False)

    def forward(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B count"]:
        """Return the features of samples."""
        return functional.relu(inputs.flatten(1) @ self.weights)


class SmoothConvolutions(nn.Module):
    """The random features of the method `memnet`, which appends a constant 1 to them itself.

    With the same seed the weights are the same too (`memnet.persistent.random_features`).

    Args:
        signature: Provides the shape of a sample.
        count: Number of features.
        draws: Source of the weights.
    """

    def __init__(self, signature: Signature, count: int, *, draws: torch.Generator) -> None:
        super().__init__()
        self.all = RandomFeatures((signature.length, signature.features or 1), count + 1, draws)

    def forward(self, inputs: Float[Tensor, "B T F"]) -> Float[Tensor, "B count"]:
        """Return the features of samples."""
        features: Tensor = self.all(inputs)
        return features[:, :-1]


def random_features(
    kind: Kind,
    stream: Stream,
    count: int,
    *,
    kernel: int,
    grid: int,
    seed: int,
    name: str = "random features",
) -> RandomConvolutions | RandomProjections | SmoothConvolutions:
    """Return a module that computes random features of samples.

    Args:
        kind: Which features.
        stream: Provides the shape of a sample, and whether samples are images of bytes.
        count: Number of features.
        kernel: See :class:`RandomConvolutions`; not used by ``"smooth"``.
        grid: See :class:`RandomConvolutions`; not used by ``"smooth"``.
        seed: The cell's seed, which determines all weights together with ``name``.
        name: Name of these features; not used by ``"smooth"``, whose weights are those of `memnet`.

    Raises:
        UsageError: If ``kind`` is ``"convolutional"`` and samples are not images.
    """
    signature, draws = stream.signature, generator(name, seed)
    if kind == "smooth":
        return SmoothConvolutions(signature, count, draws=generator("memory", seed))
    if kind == "convolutional" or (kind == "auto" and _are_images(stream)):
        return RandomConvolutions(signature, count, kernel=kernel, grid=grid, draws=draws)
    return RandomProjections(signature, count, draws=draws)


def _are_images(stream: Stream) -> bool:
    """Return whether samples are bytes, and several steps or a square."""
    signature = stream.signature
    square = math.isqrt(signature.features or 1) ** 2 == (signature.features or 1)
    return has_bytes(stream) and (signature.length > 1 or square)


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
