"""Five experiences of two digits each, MNIST's 28×28 pixels (class-incremental).

MNIST: Y. LeCun, C. Cortes, C. Burges, *The MNIST database of handwritten digits* (1998); 60,000 training and 10,000 test images. Split
MNIST as in van de Ven et al., Nature Machine Intelligence 2022, with the digits dealt to the experiences at random per seed.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.streams._images import Images, verify
from results.errors import UsageError
from strategies.continual.stream import Pace, Stream, split_classes

VERSION = 1
PRIMARY = "accuracy"
CHANCE = 0.1
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

``vandeven2022``: van de Ven et al., Nature Machine Intelligence 2022, and its code (GMvandeVen/continual-learning): Adam with betas of 0.9
and 0.999, kept from context to context; whole mini-batches of 128, the order drawn anew when it is used up; in *class* all ten outputs are
answers from the start (the code opens those seen so far). A method that replays has a mini-batch of 128 of what it kept beside the new one,
and the loss of the new one weighs 1/c in context c, that of the old one the rest.
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
        scenario: ``"class"``: an answer is one of ten; ``"domain"``: which of its experience's digits it is, by their order in the
            experience; ``"task"``: one of its experience's digits, the experience being told.
        epochs: Passes over each experience.
        iterations: Steps per experience instead of passes, if not 0.
        batch_size: New samples per step.
        form: ``"rows"``, a sequence of 28 rows of 28 pixels, or ``"flat"``, one step of 784.
        validation: Train on five sixths of the training images and evaluate on the rest, for tuning.
    """

    protocol: Literal["default", "vandeven2022"] = "default"
    experiences: int = 5
    scenario: Literal["class", "domain", "task"] = "class"
    epochs: int = 1
    iterations: int = 0
    batch_size: int = 32
    form: Literal["rows", "flat"] = "rows"
    validation: bool = False


def prepare(data_root: Path) -> None:
    """See that the images are in the data root, and download them if they are not.

    Raises:
        UsageError: If they are missing and can't be had.
    """
    missing = [name for name in FILES if not (data_root / name).is_file()]
    if not missing:
        return
    try:
        _download(data_root)
    except (OSError, RuntimeError) as error:
        raise UsageError(
            f"MNIST is not in {data_root} (no {missing[0]}) and can't be downloaded here; "
            f"put the four unpacked IDX files into {data_root / 'MNIST' / 'raw'}, or point --data-root or MEMNET_DATA to where they are"
        ) from error


def build(config: Config, *, seed: int, data_root: Path) -> Stream:
    """Build the stream from the images in ``data_root``.

    Raises:
        UsageError: If the images are missing or not the published ones, or an option makes no sense.
    """
    prepare(data_root)
    train, test = load(data_root)
    if config.validation:
        train, test = train.split(1 / 6)
    return split_classes(
        train.samples(config.form, 255),
        test.samples(config.form, 255),
        classes=10,
        experiences=config.experiences,
        pace=Pace(epochs=config.epochs, batch_size=config.batch_size, iterations=config.iterations),
        scenario=config.scenario,
        sample_bytes=train.sample_bytes,
        seed=seed,
    )


def load(data_root: Path) -> tuple[Images, Images]:
    """Load the training and the test images.

    Raises:
        UsageError: If they can't be read or are not the published ones.
    """
    from torchvision.datasets import MNIST

    parts = []
    for train in (True, False):
        try:
            data = MNIST(data_root, train=train, download=False)
        except (OSError, RuntimeError, ValueError, AssertionError) as error:
            raise UsageError(f"MNIST in {data_root} can't be read ({error}); remove {data_root / 'MNIST'} and run again") from error
        parts.append(Images(pixels=data.data.numpy(), labels=data.targets.numpy().astype(np.uint8)))
    verify([array for part in parts for array in (part.pixels, part.labels)], DIGEST, "MNIST", str(data_root))
    return parts[0], parts[1]


def _download(data_root: Path) -> None:
    """Download into a temporary folder inside the root and rename file by file, so that nothing half-written is left."""
    from torchvision.datasets import MNIST

    created = [folder for folder in (data_root, *data_root.parents) if not folder.exists()]
    try:
        data_root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=data_root) as temporary:
            MNIST(temporary, download=True)
            (data_root / FILES[0]).parent.mkdir(parents=True, exist_ok=True)
            for name in FILES:
                (Path(temporary) / name).replace(data_root / name)
    except (OSError, RuntimeError):
        for folder in created:
            if folder.is_dir():
                folder.rmdir()
        raise
