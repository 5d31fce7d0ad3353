"""A torchvision image set by name, such as SVHN: a few of its classes per experience.

``--set dataset=SVHN`` reads the set from the data root (``--data-root``, ``MEMNET_DATA``) in
torchvision's layout, or downloads it there. `benchmarks.datasets.named_sets` lists the sets. A
cell's id includes a hash of the set's files. Training and test images are torchvision's; the
classes are assigned to the experiences at random per seed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.datasets import torchvision_sets
from benchmarks.datasets.named_sets import named_set
from benchmarks.streams._splits import split_images
from strategies.continual.stream import Stream

VERSION = 1
TITLE = "A torchvision set by name"
PRIMARY = "accuracy"
CHANCE = None  # it depends on the set
DIGEST_FROM = "benchmarks.datasets.named_sets"
"""The module whose ``digest(options, data_root)`` identifies the data of a cell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the stream.

    Attributes:
        dataset: Name of torchvision's class: CIFAR10, CIFAR100, FashionMNIST, KMNIST, MNIST, STL10,
            SVHN or USPS.
        experiences: Number of experiences; the classes are split as equally as possible.
        scenario: ``"class"``: predict among all classes; ``"domain"``: predict a class's index
            within its experience; ``"task"``: predict among the classes of the sample's experience,
            which is given.
        epochs: Passes over each experience.
        iterations: Steps per experience instead of passes, if not 0.
        batch_size: New samples per step.
        online: If not 0, each sample is seen once, in experiences of this many samples, without
            task boundaries.
        form: ``"rows"``, a row of pixels with their colours per step, or ``"flat"``, all of them
            in one step.
        validation: Train on nine tenths of the training images and evaluate on the rest, for
            tuning.
        track: If not 0, accuracy is also measured within experiences, every this many steps.
        probe: After each experience, also train a linear probe on the model's frozen features.
    """

    dataset: str = "SVHN"
    experiences: int = 5
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
    """Do nothing: an option names the data, and the plan downloads them if they are missing."""


def build(config: Config, *, seed: int, data_root: Path) -> Stream:
    """Build the stream from the images in ``data_root``.

    Raises:
        UsageError: If the set is not known, missing or can't be read, or an option is not valid.
    """
    found = named_set(config.dataset)
    torchvision_sets.prepare(config.dataset, found.files, data_root)
    train, test = torchvision_sets.load(
        config.dataset, found.files, data_root, by_split=found.split
    )
    return split_images(
        config, train, test, classes=found.classes, largest=255, held_out=0.1, seed=seed
    )
