"""Ten experiences of MNIST's ten digits, each with the pixels in another order.

Permuted MNIST: I. Goodfellow et al., arXiv:1312.6211 (2013). The first experience has the
original pixels; each other order is drawn once per stream, from its seed.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.streams._domains import Pixels, changed_images, count_of
from benchmarks.streams.split_mnist import load, prepare
from strategies.common.rng import generator
from strategies.continual.stream import Stream

__all__ = [
    "CHANCE",
    "CHANCE_GIVEN",
    "DIGEST",
    "FILES",
    "PRIMARY",
    "TITLE",
    "VERSION",
    "Config",
    "build",
    "prepare",
]

VERSION = 1
TITLE = "Permuted MNIST"
PRIMARY = "accuracy"
CHANCE = 0.1
CHANCE_GIVEN = {"scenario": ("domain", "task")}
DIGEST = "sha256:52cd6c10ae77107af32269dd9d10ca19c1b749e83235a0c75e2f0729ebeaf141"
FILES = (
    "MNIST/raw/train-images-idx3-ubyte",
    "MNIST/raw/train-labels-idx1-ubyte",
    "MNIST/raw/t10k-images-idx3-ubyte",
    "MNIST/raw/t10k-labels-idx1-ubyte",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the stream.

    Attributes:
        experiences: Number of experiences.
        scenario: ``"domain"``: predict among ten digits; ``"class"``: predict among ten digits per
            experience, each with classes of its own; ``"task"``: the same, with the experience
            given.
        epochs: Passes over each experience.
        iterations: Steps per experience instead of passes, if not 0.
        batch_size: New samples per step.
        online: If not 0, each sample is seen once, in experiences of this many samples, without
            task boundaries.
        form: ``"rows"``, a sequence of 28 rows of 28 pixels, or ``"flat"``, one step of 784.
        validation: Train on five sixths of the training images and evaluate on the rest, for
            tuning.
        track: If not 0, accuracy is also measured within experiences, every this many steps.
        probe: After each experience, also train a linear probe on the model's frozen features.
    """

    experiences: int = 10
    scenario: Literal["class", "domain", "task"] = "domain"
    epochs: int = 1
    iterations: int = 0
    batch_size: int = 32
    online: int = 0
    form: Literal["rows", "flat"] = "rows"
    validation: bool = False
    track: int = 0
    probe: bool = False


def build(config: Config, *, seed: int, data_root: Path) -> Stream:
    """Build the stream from the images in ``data_root``.

    Raises:
        UsageError: If the images are missing or not the published ones, or an option is not valid.
    """
    prepare(data_root)
    train, test = load(data_root)
    order = generator("permutations", seed)
    orders = [
        torch.arange(28 * 28),
        *(torch.randperm(28 * 28, generator=order) for _ in range(count_of(config) - 1)),
    ]
    changes = [partial(_permuted, order=order.numpy()) for order in orders]
    return changed_images(
        config, train, test, changes, classes=10, largest=255, held_out=1 / 6, seed=seed
    )


def _permuted(pixels: Pixels, order: NDArray[np.int64]) -> Pixels:
    return pixels.reshape(len(pixels), -1)[:, order].reshape(pixels.shape)
