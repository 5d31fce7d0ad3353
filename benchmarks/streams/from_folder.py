"""Your own data: images in a folder per class, or sequences in an .npz file.

``--set data=flowers`` takes the folder ``flowers`` or the file ``flowers.npz`` of the data root
(``--data-root``, ``MEMNET_DATA``). A folder holds a folder of pictures per class, or a training and
a test folder that do (``train`` with ``test``, else ``val``; other usual spellings and any case are
understood, and the plan states what was). A file holds the arrays ``inputs [n, T, F]`` and ``labels
[n]``, and optionally ``test_inputs`` and ``test_labels``. Without test samples, a fifth of every
class becomes the test set, the same for every seed. A class is identified by its name (in a file by
its number); ``test`` may have fewer classes than ``train``, but no others. Links are followed,
hidden files and backups are skipped.

A model sees a picture as a viewer shows it: upright, in sRGB, with 8 bits per channel. Transparent
pictures are on white; if that hides the content of a picture, all of them are on black. Arrays of
bytes (``uint8``) are scaled to [0, 1], other numbers are not. What has no single meaning is an
error: animations, 32-bit integer pictures, training and test arrays of different scale.

The content that is read, not its location, is part of a cell's id.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from benchmarks.datasets.class_folders import read_layout
from benchmarks.datasets.labelled_images import Form, Images
from benchmarks.datasets.npz_arrays import Arrays, read_arrays
from benchmarks.datasets.paths import located
from benchmarks.datasets.user_pictures import load_pictures
from benchmarks.streams._splits import (
    experiences_of,
    measures_of,
    require_test_samples,
    schedule_of,
    split_samples,
)
from strategies.continual.build_stream import split_classes
from strategies.continual.stream import Samples, Stream

VERSION = 3
TITLE = "Your own data"
PRIMARY = "accuracy"
CHANCE = None  # it depends on the number of classes in the data
DATA = "data"
"""The option that names the data; a cell's id includes a hash of their content."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Options of the stream.

    Attributes:
        data: Name of a folder or, without its ``.npz``, of a file in the data root. A folder holds
            a folder of pictures per class, or ``train`` and ``test`` folders that do.
        size: Pictures are resized to this many pixels in height and width.
        colour: Whether pictures are read in colour, or as grey values. Transparent pictures are on
            white, or all on black if white hides the content of one.
        experiences: Number of experiences, among which the classes are split as equally as
            possible; 0 for up to 5 with at least two classes each.
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
    experiences: int = 0
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
    train, test, sample_bytes, names = load(config, data_root)
    if config.validation:
        train, test = split_samples(train, names)
    experiences = experiences_of(config, len(names))
    require_test_samples(config.data, test, names, experiences)
    return split_classes(
        train,
        test,
        classes=len(names),
        experiences=experiences,
        schedule=schedule_of(config),
        measures=measures_of(config),
        sample_bytes=sample_bytes,
        seed=seed,
        scenario=config.scenario,
    )


def load(config: Config, data_root: Path) -> tuple[Samples, Samples, int, tuple[str, ...]]:
    """Load training samples, test samples, the bytes of a stored sample, and the class names.

    Raises:
        UsageError: If they are missing or malformed.
    """
    place = located(config.data, data_root)
    if place.is_file():
        arrays, test_arrays, sample_bytes = read_arrays(place)
        parts = [_samples(one) for one in (arrays, test_arrays) if one is not None]
        names = tuple(str(label) for label in range(int(arrays.labels.max()) + 1))
    else:
        form: Form = config.form
        images = [
            Images(pixels=one.pixels, labels=one.labels)
            for one in load_pictures(place, config.size, config.colour)
        ]
        parts, sample_bytes = [one.samples(form, 255) for one in images], images[0].sample_bytes
        names = read_layout(place).classes
    train, test = parts if len(parts) > 1 else split_samples(parts[0], names)
    return train, test, sample_bytes, names


def _samples(arrays: Arrays) -> Samples:
    return Samples(inputs=torch.from_numpy(arrays.inputs), labels=torch.from_numpy(arrays.labels))
