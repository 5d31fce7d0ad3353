"""Streams whose experiences are transformed copies of the same images: permuted, rotated."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import UInt8

from benchmarks.datasets.labelled_images import Images
from benchmarks.streams._splits import ImageOptions, measures_of, schedule_of
from results.errors import UsageError
from strategies.continual.build_stream import assemble
from strategies.continual.stream import Stream

Pixels = UInt8[np.ndarray, "n height width"]


def changed_images(
    options: ImageOptions,
    train: Images,
    test: Images,
    changes: Sequence[Callable[[Pixels], Pixels]],
    *,
    classes: int,
    largest: int,
    held_out: float,
    seed: int,
) -> Stream:
    """Make an experience per transformation.

    In the *domain* scenario all experiences share their labels. In *class* and *task* every
    experience has classes of its own: class k of experience i has the label ``i · classes + k``.

    Args:
        options: The stream's options.
        train: Training images.
        test: Images to evaluate on.
        changes: The transformation of each experience.
        classes: Number of classes of the images.
        largest: The value of a pixel that becomes 1.
        held_out: Fraction of the training images to evaluate on instead of the test images, for
            tuning.
        seed: The cell's seed.

    Raises:
        UsageError: If an option is not valid.
    """
    if options.validation:
        train, test = train.split(held_out)
    stride = 0 if options.scenario == "domain" else classes
    parts = [
        [
            images.changed(change).packed(options.form, largest, place * stride)
            for place, change in enumerate(changes)
        ]
        for images in (train, test)
    ]
    return assemble(
        *parts,
        outputs=stride * len(changes) or classes,
        classes=tuple(
            tuple(range(place * stride, place * stride + classes)) for place in range(len(changes))
        ),
        schedule=schedule_of(options),
        measures=measures_of(options),
        sample_bytes=train.sample_bytes,
        seed=seed,
        scenario=options.scenario,
    )


def count_of(options: ImageOptions) -> int:
    """Return the number of experiences.

    Raises:
        UsageError: If it is less than 1.
    """
    if options.experiences < 1:
        raise UsageError(f"experiences={options.experiences} must be at least 1")
    return options.experiences
