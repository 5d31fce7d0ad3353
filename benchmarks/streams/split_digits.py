"""Five experiences of two digits each, of scikit-learn's 8×8 images of real handwriting.

The images are those of E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI
Machine Learning Repository (1998): 1,797 images with grey values from 0 to 16. A fifth of every
class is the test set, the same for every seed. Nothing is downloaded.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.datasets.labelled_images import Images, verify
from benchmarks.streams._splits import split_images
from strategies.continual.stream import Stream

VERSION = 1
TITLE = "Split Digits"
PRIMARY = "accuracy"
CHANCE = 0.1
CHANCE_GIVEN = {"scenario": ("class",)}
DIGEST = "sha256:cbdf2a0b2dbaaf9a0aab28bffdd4bbb20400fa96d1120ef075841bd1f5ee2271"
PROTOCOLS = {
    "vandeven2022": {
        "experiences": 5,
        "iterations": 2000,
        "batch_size": 128,
        "form": "flat",
        "training.learning_rate": 0.001,
        "models": ("mlp",),
    },
}
"""The protocol of Split MNIST (see there), on data that need no download."""

FILES = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the stream.

    Attributes:
        protocol: ``"default"``, or a name of `PROTOCOLS`, which sets the options given there.
        experiences: Number of experiences; the ten classes are split as equally as possible.
        scenario: ``"class"``: predict among all classes; ``"domain"``: predict a class's index
            within its experience; ``"task"``: predict among the classes of the sample's experience,
            which is given.
        epochs: Passes over each experience.
        iterations: Steps per experience instead of passes, if not 0.
        batch_size: New samples per step.
        online: If not 0, each sample is seen once, in experiences of this many samples, without
            task boundaries.
        form: ``"rows"``, a sequence of 8 rows of 8 pixels, or ``"flat"``, one step of 64.
        validation: Train on four fifths of the training images and evaluate on the rest, for
            tuning.
        track: If not 0, accuracy is also measured within experiences, every this many steps.
        probe: After each experience, also train a linear probe on the model's frozen features.
    """

    protocol: Literal["default", "vandeven2022"] = "default"
    experiences: int = 5
    scenario: Literal["class", "domain", "task"] = "class"
    epochs: int = 8
    iterations: int = 0
    batch_size: int = 32
    online: int = 0
    form: Literal["rows", "flat"] = "rows"
    validation: bool = False
    track: int = 0
    probe: bool = False


def prepare(data_root: Path) -> None:
    """Do nothing: the images are part of scikit-learn."""


def build(config: Config, *, seed: int, data_root: Path) -> Stream:
    """Build the stream; ``data_root`` is not used.

    Raises:
        UsageError: If an option makes no sense, or the images are not the published ones.
    """
    train, test = load().split(0.2)
    return split_images(config, train, test, classes=10, largest=16, held_out=0.2, seed=seed)


def load() -> Images:
    """Load all 1,797 images.

    Raises:
        UsageError: If they are not the published ones.
    """
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    images = Images(
        pixels=pixels.reshape(-1, 8, 8).astype(np.uint8), labels=labels.astype(np.uint8)
    )
    verify([images.pixels, images.labels], DIGEST, "digits", "scikit-learn")
    return images
