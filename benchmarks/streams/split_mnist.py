"""Five experiences of two digits each, MNIST's 28×28 pixels (class-, domain- or task-incremental).

MNIST: Y. LeCun, C. Cortes, C. Burges, *The MNIST database of handwritten digits* (1998); 60,000
training and 10,000 test images. Split MNIST as in van de Ven et al., Nature Machine Intelligence
2022, with the digits dealt to the experiences at random per seed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.datasets import torchvision_sets
from benchmarks.datasets.images import Images, verify
from benchmarks.streams._splits import split_images
from strategies.continual.stream import Stream

VERSION = 1
PRIMARY = "accuracy"
CHANCE = 0.1
CHANCE_GIVEN = {"scenario": ("class",)}
DIGEST = "sha256:52cd6c10ae77107af32269dd9d10ca19c1b749e83235a0c75e2f0729ebeaf141"
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
"""Options that a published protocol has, learning rate and models included.

``vandeven2022``: van de Ven et al., Nature Machine Intelligence 2022, and its code
(GMvandeVen/continual-learning): Adam with betas of 0.9 and 0.999, kept from context to context;
whole mini-batches of 128, the order drawn anew when it is used up; in *class* all ten outputs are
answers from the start (the code opens those seen so far). A method that replays has a mini-batch of
128 of what it kept beside the new one, and the loss of the new one weighs 1/c in context c, that of
the old one the rest.
"""

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
        protocol: ``"default"``, or a name of `PROTOCOLS`, which stands for the options there.
        experiences: Number of experiences; the ten classes are dealt to them in equal shares.
        scenario: ``"class"``: an answer is one of all classes; ``"domain"``: which of its
            experience's classes it is, by their order in the experience; ``"task"``: one of its
            experience's classes, the experience being told.
        epochs: Passes over each experience.
        iterations: Steps per experience instead of passes, if not 0.
        batch_size: New samples per step.
        online: If not 0, everything is met once, in experiences of so many samples, and no boundary
            is told.
        form: ``"rows"``, a sequence of 28 rows of 28 pixels, or ``"flat"``, one step of 784.
        validation: Train on five sixths of the training images and evaluate on the rest, for
            tuning.
        track: If not 0, accuracy is also taken within experiences, every so many steps.
        probe: After each experience, also see what a linear probe makes of the model's frozen
            features.
    """

    protocol: Literal["default", "vandeven2022"] = "default"
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
    """See that the images are in the data root, and download them if they are not.

    Raises:
        UsageError: If they are missing and can't be had.
    """
    torchvision_sets.prepare("MNIST", FILES, data_root)


def build(config: Config, *, seed: int, data_root: Path) -> Stream:
    """Build the stream from the images in ``data_root``.

    Raises:
        UsageError: If the images are missing or not the published ones, or an option makes no
            sense.
    """
    prepare(data_root)
    train, test = load(data_root)
    return split_images(config, train, test, classes=10, largest=255, held_out=1 / 6, seed=seed)


def load(data_root: Path) -> tuple[Images, Images]:
    """Load the training and the test images.

    Raises:
        UsageError: If they can't be read or are not the published ones.
    """
    train, test = torchvision_sets.load("MNIST", FILES, data_root)
    verify([train.pixels, train.labels, test.pixels, test.labels], DIGEST, "MNIST", str(data_root))
    return train, test
