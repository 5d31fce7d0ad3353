"""Random features of samples that a seed regenerates, so they cost no bytes of the memory.

Smooth random convolutions, rectified, averaged over the cells of a grid, and compressed::

    φ(x) = √( mean over a cell of relu(w ∗ x) ),      w = (Gaussian noise) ∗ (Gaussian of width σ)

Random filters with pooling are good features without training (Saxe et al. 2011, *On random weights
and unsupervised feature learning*). Smooth ones respond to the low frequencies of natural samples,
and the square root is the variance-stabilising power normalisation of pooled responses (Perronnin
et al. 2010). A sample with an axis of one entry is read by one-dimensional convolutions.

Legend: ``B`` batch, ``D`` features, ``X`` values of a sample.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

KERNEL, SIGMA = 7, 0.1
"""Largest side of a filter in entries of the sample, and the width of its smoothing relative to it.

Chosen on validation data of Split MNIST and Split Fashion-MNIST (widths from 0 to 0.3).
"""

CELLS = 9
"""Cells of the grid: 3 by 3, or 9 along the one axis of a sequence of single values."""


def planes(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return a sample's shape as channels, height and width.

    Three axes are channels, height and width; two are height and width; one step or one axis of a
    square number of values is a square image, and of any other number a sequence.
    """
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    if len(shape) == 2 and min(shape) > 1:
        return 1, shape[0], shape[1]
    values = math.prod(shape)
    side = math.isqrt(values)
    return (1, side, side) if side * side == values else (1, values, 1)


class RandomFeatures(nn.Module):
    """The features, and a constant 1.

    Args:
        shape: Shape of a sample.
        count: D, the constant included; at least 2.
        generator: Determines the filters.
    """

    regenerated_parameters = ("filters",)

    def __init__(self, shape: tuple[int, ...], count: int, generator: torch.Generator) -> None:
        super().__init__()
        self.planes = planes(shape)
        self.count = count
        channels, *extent = self.planes
        sides = [max(1, min(KERNEL, (side + 1) // 2)) for side in extent]
        responses = [side - kernel + 1 for side, kernel in zip(extent, sides, strict=True)]
        cells = round(CELLS**0.5) if min(responses) > 1 else CELLS
        self.grid = (min(cells, responses[0]), min(cells, responses[1]))
        number = math.ceil((count - 1) / math.prod(self.grid))
        noise = torch.randn(number * channels, 1, *sides, generator=generator)
        self.filters = nn.Parameter(
            unit(smoothed(noise).reshape(number, channels, *sides)), requires_grad=False
        )

    @torch.no_grad()
    def forward(self, inputs: Float[Tensor, "B ..."]) -> Float[Tensor, "B D"]:
        """Return the features of samples."""
        responses = functional.conv2d(inputs.reshape(-1, *self.planes), self.filters).relu()
        pooled = functional.adaptive_avg_pool2d(responses, self.grid).sqrt().flatten(1)
        return torch.cat((pooled[:, : self.count - 1], pooled.new_ones(len(pooled), 1)), dim=1)


def smoothed(noise: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n 1 h w"]:
    """Convolve filters with a Gaussian of a width relative to their side, keeping their size."""
    for axis in (2, 3):
        place = torch.arange(float(noise.shape[axis]))
        width = SIGMA * len(place)
        bell = torch.exp(-((place[:, None] - place) ** 2) / (2 * width**2))
        noise = torch.movedim(torch.movedim(noise, axis, -1) @ bell, -1, axis)
    return noise


def unit(filters: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """Give filters mean 0, so that constant areas have no response, and norm 1."""
    if filters[0].numel() > 1:
        filters = filters - filters.mean((1, 2, 3), keepdim=True)
    return functional.normalize(filters.flatten(1), dim=1).reshape(filters.shape)
