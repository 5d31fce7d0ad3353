"""Five experiences of two digits each, of MNIST's 28×28 images.

MNIST: Y. LeCun, C. Cortes, C. Burges, *The MNIST database of handwritten digits* (1998); 60,000
training and 10,000 test images. Split MNIST as in van de Ven et al., Nature Machine Intelligence
2022, with the digits assigned to the experiences at random per seed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.datasets import torchvision_sets
from benchmarks.datasets.labelled_images import Images, verify
from benchmarks.streams._splits import split_images
from strategies.continual.stream import Stream

VERSION = 1
TITLE = "Split MNIST"
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
"""Options of published protocols, including the learning rate and the models.

``vandeven2022``: van de Ven et al., Nature Machine Intelligence 2022, and its code
(GMvandeVen/continual-learning): Adam with betas of 0.9 and 0.999, whose state carries over
between contexts; full mini-batches of 128, reshuffled after each pass; in *class* all ten outputs
are active from the start (the code activates those seen so far). A method that replays adds a
mini-batch of 128 stored samples to the new one; in context c the loss of the new mini-batch has
weight 1/c, that of the replayed one the rest.
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
        form: ``"rows"``, a sequence of 28 rows of 28 pixels, or ``"flat"``, one step of 784.
        validation: Train on five sixths of the training images and evaluate on the rest, for
            tuning.
        track: If not 0, accuracy is also measured within experiences, every this many steps.
        probe: After each experience, also train a linear probe on the model's frozen features.
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
    """Download the images into the data root if they are missing.

    Raises:
        UsageError: If they are missing and can't be downloaded.
    """
    torchvision_sets.prepare("MNIST", FILES, data_root)


def build(config: Config, *, seed: int, data_root: Path) -> Stream:
    """Build the stream from the images in ``data_root``.

    Raises:
        UsageError: If the images are missing or not the published ones, or an option is not valid.
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
