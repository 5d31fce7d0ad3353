"""Streams whose experiences are the same images, changed in another way each: permuted, rotated."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import UInt8

from benchmarks.datasets.images import Images
from benchmarks.streams._splits import ImageOptions, measures_of, schedule_of
from results.errors import UsageError
from strategies.continual.stream import Stream, assemble

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
    """Make an experience of every change.

    In the *domain* scenario the answers are the classes themselves, the same in each experience. In
    *class* and *task* every experience has classes of its own: class k of experience i is number
    ``i · classes + k``.

    Args:
        options: The stream's options.
        train: Training images.
        test: Images to evaluate on.
        changes: How each experience changes them.
        classes: Number of classes of the images.
        largest: The value of a pixel that becomes 1.
        held_out: Share of the training images that is evaluated on instead of the test images, for
            tuning.
        seed: The cell's seed.

    Raises:
        UsageError: If an option makes no sense.
    """
    if options.validation:
        train, test = train.split(held_out)
    apart = 0 if options.scenario == "domain" else classes
    parts = [
        [
            images.changed(change).packed(options.form, largest, place * apart)
            for place, change in enumerate(changes)
        ]
        for images in (train, test)
    ]
    return assemble(
        *parts,
        outputs=apart * len(changes) or classes,
        classes=tuple(
            tuple(range(place * apart, place * apart + classes)) for place in range(len(changes))
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
        UsageError: If there is none.
    """
    if options.experiences < 1:
        raise UsageError(f"experiences={options.experiences}: a stream has one at least")
    return options.experiences
