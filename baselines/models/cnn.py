"""CNN: two convolutions and a hidden layer over a whole image.

It reads samples whose steps are rows of pixels (``form=rows``), or whole square images as one step;
other samples are an error. It has convolutions of 3×3 with 32 and 64 channels, each followed by
pooling that halves the image (a modern variant of LeCun et al. 1998), then a hidden layer.

Shapes: ``B`` batch, ``T`` time, ``F`` features, ``L`` length of a sample, ``P`` query positions,
``V`` classes, ``D`` width.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from baselines.interface import SequenceModel, Signature, check_positive
from baselines.sample_window import SampleModel
from results.errors import UsageError

VERSION = 1
TITLE = "CNN"
INPUTS = ("samples",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options.

    Attributes:
        channels: Channels of the first convolution, half of those of the second.
        width: Width of the hidden layer.
    """

    channels: int = 32
    width: int = 128

    def __post_init__(self) -> None:
        """Check the options."""
        check_positive(channels=self.channels, width=self.width)


class CNN(SampleModel):
    """Convolutions over the last ``L`` steps as an image.

    Attributes:
        width: D, the width of :meth:`features`.
    """

    def __init__(self, config: Config, signature: Signature) -> None:
        super().__init__(signature.length, signature.features or 0)
        self.width = config.width
        self.image = image_of(signature)
        height, breadth = (-(-side // 4) for side in self.image)
        narrow, wide = config.channels, 2 * config.channels
        self.body = nn.Sequential(
            nn.Conv2d(1, narrow, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2, ceil_mode=True),
            nn.Conv2d(narrow, wide, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2, ceil_mode=True),
            nn.Flatten(),
            nn.Linear(wide * height * breadth, config.width),
            nn.ReLU(),
        )
        self.head = nn.Linear(config.width, signature.outputs)

    def features(
        self, inputs: Float[Tensor, "B L F"], *, generator: torch.Generator | None = None
    ) -> Float[Tensor, "B D"]:
        """Return the hidden layer for whole samples."""
        hidden: Tensor = self.body(inputs.reshape(len(inputs), 1, *self.image))
        return hidden


def image_of(signature: Signature) -> tuple[int, int]:
    """Return height and width of a sample's image.

    Raises:
        UsageError: If samples are tokens, or one step that is not a square image.
    """
    if signature.features is None:
        raise UsageError(
            "model 'cnn' reads images and not tokens: use it on streams of images (memnet list "
            "streams)"
        )
    if signature.length > 1:
        return signature.length, signature.features
    side = math.isqrt(signature.features)
    if side * side != signature.features:
        raise UsageError(
            f"model 'cnn' reads images, and a step of {signature.features} features is no square "
            "one: use form=rows, or mlp"
        )
    return side, side


def build(config: Config, signature: Signature) -> SequenceModel:
    """Build the model.

    Raises:
        UsageError: If samples are not images.
    """
    return CNN(config, signature)
