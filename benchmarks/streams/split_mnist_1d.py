"""Five experiences of two digits each, of MNIST-1D's generated sequences of 40 values.

MNIST-1D: S. Greydanus & D. Kobak, arXiv:2011.14439; 4,000 training and 1,000 test sequences
(`benchmarks.datasets.mnist_1d`). They are the same for every seed, which assigns the digits to the
experiences. Nothing is downloaded.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.datasets.labelled_images import verify
from benchmarks.datasets.mnist_1d import generate
from benchmarks.streams._splits import split_images
from strategies.continual.stream import Stream

VERSION = 1
TITLE = "Split MNIST-1D"
PRIMARY = "accuracy"
CHANCE = 0.1
CHANCE_GIVEN = {"scenario": ("class",)}
DIGEST = "sha256:e6c92ff197b6c635068bed3052e4941a3ae96caf2fddcfd86812d4e434d7a7c7"

FILES = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the stream.

    Attributes:
        experiences: Number of experiences; the ten classes are split as equally as possible.
        scenario: ``"class"``: predict among all classes; ``"domain"``: predict a class's index
            within its experience; ``"task"``: predict among the classes of the sample's experience,
            which is given.
        epochs: Passes over each experience.
        iterations: Steps per experience instead of passes, if not 0.
        batch_size: New samples per step.
        online: If not 0, each sample is seen once, in experiences of this many samples, without
            task boundaries.
        form: ``"rows"``, a sequence of 40 steps of one value, or ``"flat"``, one step of 40.
        validation: Train on four fifths of the training sequences and evaluate on the rest, for
            tuning.
        track: If not 0, accuracy is also measured within experiences, every this many steps.
        probe: After each experience, also train a linear probe on the model's frozen features.
    """

    experiences: int = 5
    scenario: Literal["class", "domain", "task"] = "class"
    epochs: int = 10
    iterations: int = 0
    batch_size: int = 32
    online: int = 0
    form: Literal["rows", "flat"] = "rows"
    validation: bool = False
    track: int = 0
    probe: bool = False


def prepare(data_root: Path) -> None:
    """Do nothing: the sequences are generated."""


def build(config: Config, *, seed: int, data_root: Path) -> Stream:
    """Build the stream; ``data_root`` is not used.

    Raises:
        UsageError: If an option is not valid, or the sequences are not the expected ones.
    """
    train, test = generate()
    arrays = [train.pixels, train.labels, test.pixels, test.labels]
    verify(arrays, DIGEST, "MNIST-1D", "this package")
    return split_images(config, train, test, classes=10, largest=255, held_out=0.2, seed=seed)
