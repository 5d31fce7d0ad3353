"""Ten experiences of ten classes each, of CIFAR-100's 32×32 colour images.

CIFAR: A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images* (2009); 50,000
training and 10,000 test images of 32×32 pixels in three colours. The classes are assigned to the
experiences at random per seed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.datasets import torchvision_sets
from benchmarks.datasets.labelled_images import Images
from benchmarks.streams._splits import split_images
from strategies.continual.stream import Stream

VERSION = 1
TITLE = "Split CIFAR-100"
PRIMARY = "accuracy"
CHANCE = 0.01
CHANCE_GIVEN = {"scenario": ("class",)}
DIGEST = "md5:eb9058c3a382ffc7106e4002c42a8d85"
"""Digest of the published archive.

Torchvision checks the md5 of each of its files before it opens it.
"""

FILES = ("cifar-100-python/train", "cifar-100-python/test", "cifar-100-python/meta")


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the stream.

    Attributes:
        experiences: Number of experiences; the hundred classes are split as equally as possible.
        scenario: ``"class"``: predict among all classes; ``"domain"``: predict a class's index
            within its experience; ``"task"``: predict among the classes of the sample's experience,
            which is given.
        epochs: Passes over each experience.
        iterations: Steps per experience instead of passes, if not 0.
        batch_size: New samples per step.
        online: If not 0, each sample is seen once, in experiences of this many samples, without
            task boundaries.
        form: ``"rows"``, a sequence of 32 rows of 96 values (32 pixels of three colours), or
            ``"flat"``, one step of 3,072.
        validation: Train on nine tenths of the training images and evaluate on the rest, for
            tuning.
        track: If not 0, accuracy is also measured within experiences, every this many steps.
        probe: After each experience, also train a linear probe on the model's frozen features.
    """

    experiences: int = 10
    scenario: Literal["class", "domain", "task"] = "class"
    epochs: int = 1
    iterations: int = 0
    batch_size: int = 32
    online: int = 0
    form: Literal["rows", "flat"] = "rows"
    validation: bool = False
    track: int = 0
    probe: bool = False


def prepare(data_root: Path) -> None:
    """Download the images into the data root if they are missing.

    Raises:
        UsageError: If they are missing and can't be downloaded.
    """
    torchvision_sets.prepare("CIFAR100", FILES, data_root)


def build(config: Config, *, seed: int, data_root: Path) -> Stream:
    """Build the stream from the images in ``data_root``.

    Raises:
        UsageError: If the images are missing or not the published ones, or an option is not valid.
    """
    prepare(data_root)
    train, test = load(data_root)
    return split_images(config, train, test, classes=100, largest=255, held_out=0.1, seed=seed)


def load(data_root: Path) -> tuple[Images, Images]:
    """Load the training and the test images.

    Raises:
        UsageError: If they can't be read or are not the published ones.
    """
    return torchvision_sets.load("CIFAR100", FILES, data_root)
