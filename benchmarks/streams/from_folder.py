"""Your own images in a folder per class, or your own sequences in an .npz file, as a stream (class-, domain- or task-incremental).

``--set data=flowers`` takes the folder ``flowers`` or the file ``flowers.npz`` of the data root
(``--data-root``, ``MEMNET_DATA``). A folder holds a folder of images per class, or two folders
``train`` and ``test`` that do; a file the arrays ``inputs [n, T, F]`` and ``labels [n]``, and
``test_inputs`` and ``test_labels`` where there are any. Where no test samples are set apart, a
fifth of every class becomes the test set, the same for every seed. A class is known by its name (in
a file by its number), which ``test`` need not hold of every class, and has no others. What the data
hold, and not where they stand, is part of a cell's identity.
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
CHANCE = None  # what guessing gives depends on how many classes the data hold
DATA = "data"
"""The option that names the data, whose content is hashed into a cell's identity."""

HELD_OUT = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the stream.

    Attributes:
        data: Name of a folder or, without its ``.npz``, of a file in the data root.
        size: Images are brought to so many pixels in height and width.
        colour: Whether images keep their colours.
        experiences: Number of experiences; the classes are dealt to them in equal shares.
        scenario: ``"class"``: an answer is one of all classes; ``"domain"``: which of its
            experience's classes it is, by their order in the experience; ``"task"``: one of its
            experience's classes, the experience being told.
        epochs: Passes over each experience.
        iterations: Steps per experience instead of passes, if not 0.
        batch_size: New samples per step.
        online: If not 0, everything is met once, in experiences of so many samples, and no boundary
            is told.
        form: For images: ``"rows"``, a row of pixels per step, or ``"flat"``, all of them in one
            step.
        validation: Train on four fifths of the training samples and evaluate on the rest, for
            tuning.
        track: If not 0, accuracy is also taken within experiences, every so many steps.
        probe: After each experience, also see what a linear probe makes of the model's frozen
            features.
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
    """Do nothing: which data are wanted is an option, and whether they are there is seen when it is planned."""


def build(config: Config, *, seed: int, data_root: Path) -> Stream:
    """Build the stream from the data in ``data_root``.

    Raises:
        UsageError: If the data are missing or not of the form, or an option makes no sense.
    """
    train, test, sample_bytes = load(config, data_root)
    if config.validation:
        train, test = parted(train)
    classes = int(train.labels.max()) + 1
    if len(train.labels.unique()) < classes or int(test.labels.max()) >= classes:
        raise UsageError(
            f"{config.data}: every class from 0 to {classes - 1} needs training samples, and no other may be tested"
        )
    untested = sorted(set(range(classes)) - set(test.labels.tolist()))
    if len(untested) >= max(1, classes // config.experiences):
        raise UsageError(
            f"{config.data}: {len(untested)} of {classes} classes have no test samples (by number: {untested}), so that an experience "
            "could have none to be evaluated on; give more of them some, or take fewer experiences"
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
    """Load training samples, test samples, and the bytes that keeping one takes.

    Raises:
        UsageError: If they are missing or not of the form.
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
    return (*(parted(train) if test is None else (train, test)), sample_bytes)


def parted(samples: Samples) -> tuple[Samples, Samples]:
    """Part the samples in two, the second holding a fifth of every class.

    The same at every call.
    """
    second = torch.from_numpy(
        stratified(samples.labels.numpy(), HELD_OUT, np.random.default_rng(SPLIT_SEED))
    )
    first, held_out = (
        Samples(inputs=samples.inputs[chosen], labels=samples.labels[chosen])
        for chosen in (~second, second)
    )
    return first, held_out
