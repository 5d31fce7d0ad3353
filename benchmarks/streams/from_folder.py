"""Your own data: images in a folder per class, or sequences in an .npz file.

``--set data=flowers`` takes the folder ``flowers`` or the file ``flowers.npz`` of the data root
(``--data-root``, ``MEMNET_DATA``). A folder holds a folder of images per class, or two folders
``train`` and ``test`` that do; a file holds the arrays ``inputs [n, T, F]`` and ``labels [n]``, and
optionally ``test_inputs`` and ``test_labels``. Without test samples, a fifth of every class becomes
the test set, the same for every seed. A class is identified by its name (in a file by its number);
``test`` may have fewer classes than ``train``, but no others. The content of the data, not its
location, is part of a cell's id.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from benchmarks.datasets.images import SPLIT_SEED, Form, stratified
from benchmarks.datasets.paths import located
from benchmarks.datasets.user_data import array_samples, class_names, folder_images
from benchmarks.streams._splits import measures_of, schedule_of
from results.errors import UsageError
from strategies.continual.stream import Samples, Stream, split_classes

VERSION = 2
PRIMARY = "accuracy"
CHANCE = None  # it depends on the number of classes in the data
DATA = "data"
"""The option that names the data; a cell's id includes a hash of their content."""

HELD_OUT = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the stream.

    Attributes:
        data: Name of a folder or, without its ``.npz``, of a file in the data root.
        size: Images are resized to this many pixels in height and width.
        colour: Whether images are read in colour.
        experiences: Number of experiences; the classes are split equally among them.
        scenario: ``"class"``: predict among all classes; ``"domain"``: predict a class's index
            within its experience; ``"task"``: predict among the classes of the sample's experience,
            which is given.
        epochs: Passes over each experience.
        iterations: Steps per experience instead of passes, if not 0.
        batch_size: New samples per step.
        online: If not 0, each sample is seen once, in experiences of this many samples, without
            task boundaries.
        form: For images: ``"rows"``, a row of pixels per step, or ``"flat"``, all of them in one
            step.
        validation: Train on four fifths of the training samples and evaluate on the rest, for
            tuning.
        track: If not 0, accuracy is also measured within experiences, every this many steps.
        probe: After each experience, also train a linear probe on the model's frozen features.
    """

    data: str = ""
    size: int = 28
    colour: bool = False
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
    """Do nothing: an option names the data, and the plan checks that they exist."""


def build(config: Config, *, seed: int, data_root: Path) -> Stream:
    """Build the stream from the data in ``data_root``.

    Raises:
        UsageError: If the data are missing or malformed, or an option is not valid.
    """
    train, test, sample_bytes = load(config, data_root)
    if config.validation:
        train, test = split(train)
    classes = int(train.labels.max()) + 1
    if len(train.labels.unique()) < classes or int(test.labels.max()) >= classes:
        raise UsageError(
            f"{config.data}: every class from 0 to {classes - 1} needs training samples, "
            "and the test samples must be of these classes"
        )
    untested = sorted(set(range(classes)) - set(test.labels.tolist()))
    if len(untested) >= max(1, classes // config.experiences):
        raise UsageError(
            f"{config.data}: {len(untested)} of {classes} classes have no test samples "
            f"(by number: {untested}), so an experience could have none to evaluate on; "
            "add test samples, or set fewer experiences"
        )
    return split_classes(
        train,
        test,
        classes=classes,
        experiences=config.experiences,
        schedule=schedule_of(config),
        measures=measures_of(config),
        sample_bytes=sample_bytes,
        seed=seed,
        scenario=config.scenario,
    )


def load(config: Config, data_root: Path) -> tuple[Samples, Samples, int]:
    """Load training samples, test samples, and the bytes of a stored sample.

    Raises:
        UsageError: If they are missing or malformed.
    """
    place = located(config.data, data_root)
    if place.is_file():
        train, test, sample_bytes = array_samples(place)
    else:
        parts = (
            [place / "train", place / "test"]
            if (place / "train").is_dir() and (place / "test").is_dir()
            else [place]
        )
        images = [
            folder_images(part, config.size, config.colour, class_names(parts[0])) for part in parts
        ]
        form: Form = config.form
        train, *rest = [part.samples(form, 255) for part in images]
        test, sample_bytes = (rest[0] if rest else None), images[0].sample_bytes
    return (*(split(train) if test is None else (train, test)), sample_bytes)


def split(samples: Samples) -> tuple[Samples, Samples]:
    """Split the samples in two, the second with a fifth of every class.

    The split is the same at every call.
    """
    second = torch.from_numpy(
        stratified(samples.labels.numpy(), HELD_OUT, np.random.default_rng(SPLIT_SEED))
    )
    first, held_out = (
        Samples(inputs=samples.inputs[chosen], labels=samples.labels[chosen])
        for chosen in (~second, second)
    )
    return first, held_out
