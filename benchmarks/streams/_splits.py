"""Shared parts of streams that split the classes of an image set among experiences."""

from collections.abc import Sequence
from typing import Protocol

import torch

from benchmarks.datasets.held_out import held_out as held_out_of
from benchmarks.datasets.labelled_images import Form, Images
from results.errors import UsageError
from strategies.continual.build_stream import split_classes
from strategies.continual.stream import Measures, Samples, Scenario, Schedule, Stream

MOST_EXPERIENCES = 5
"""Largest number of experiences of user data whose number is not given."""


class CommonOptions(Protocol):
    """Options that every stream has, in its ``Config``."""

    @property
    def epochs(self) -> int:
        """Passes over each experience."""

    @property
    def iterations(self) -> int:
        """Steps per experience instead of passes, if not 0."""

    @property
    def batch_size(self) -> int:
        """New samples per step."""

    @property
    def online(self) -> int:
        """Samples per experience online; 0 offline."""

    @property
    def experiences(self) -> int:
        """Number of experiences."""

    @property
    def scenario(self) -> Scenario:
        """Which labels a prediction chooses from."""

    @property
    def validation(self) -> bool:
        """Whether to evaluate on a part of the training samples."""

    @property
    def track(self) -> int:
        """Steps from one evaluation within an experience to the next; 0 for none."""

    @property
    def probe(self) -> bool:
        """Whether a linear probe is trained on the features."""


class ImageOptions(CommonOptions, Protocol):
    """Options of a stream of images."""

    @property
    def form(self) -> Form:
        """The shape in which a model reads an image."""


def schedule_of(options: CommonOptions) -> Schedule:
    """Return the schedule that the options define.

    Raises:
        UsageError: If they are not valid.
    """
    schedule = Schedule(
        epochs=options.epochs,
        batch_size=options.batch_size,
        iterations=options.iterations,
        online=options.online,
    )
    if (
        min(schedule.epochs, schedule.batch_size) < 1
        or min(schedule.iterations, schedule.online) < 0
    ):
        raise UsageError(
            f"{schedule}: epochs and batch_size must be at least 1, "
            "iterations and online at least 0"
        )
    if schedule.online and schedule.iterations:
        raise UsageError(
            f"online={schedule.online} is a single pass and takes no iterations: "
            f"leave iterations={schedule.iterations} out"
        )
    return schedule


def measures_of(options: CommonOptions) -> Measures:
    """Return the optional metrics that the options request.

    Raises:
        UsageError: If they are not valid.
    """
    if options.track < 0:
        raise UsageError(f"track={options.track} must be a number of steps, or 0")
    return Measures(track=options.track, probe=options.probe)


def experiences_of(options: CommonOptions, classes: int) -> int:
    """Return the number of experiences of user data: the given one, else one that fits the classes.

    That is `MOST_EXPERIENCES`, or as many as have two classes each, but at least two; in the
    *domain* scenario the largest one that divides the classes equally.

    Raises:
        UsageError: If there is a single class, and no number is given.
    """
    if options.experiences:
        return options.experiences
    if classes < 2:
        raise UsageError(f"{classes} class can't be divided among experiences: give at least two")
    most = min(MOST_EXPERIENCES, max(2, classes // 2))
    if options.scenario == "domain":
        return next((count for count in range(most, 1, -1) if classes % count == 0), most)
    return most


def split_samples(samples: Samples, names: Sequence[str]) -> tuple[Samples, Samples]:
    """Split samples in two, the second with a fifth of every class.

    The split is the same at every call.

    Args:
        samples: The samples.
        names: Names of the classes, for error messages.

    Raises:
        UsageError: If a class has too few samples.
    """
    second = torch.from_numpy(held_out_of(samples.labels.numpy(), names))
    first, other = (
        Samples(inputs=samples.inputs[chosen], labels=samples.labels[chosen])
        for chosen in (~second, second)
    )
    return first, other


def require_test_samples(data: str, test: Samples, names: Sequence[str], experiences: int) -> None:
    """Refuse user data of which an experience could have no sample to evaluate on.

    Args:
        data: Name of the data.
        test: The samples to evaluate on.
        names: Names of the classes.
        experiences: Number of experiences.

    Raises:
        UsageError: If as many classes as an experience has are without test samples.
    """
    found = set(test.labels.tolist())
    untested = [name for label, name in enumerate(names) if label not in found]
    if len(untested) >= max(1, len(names) // max(1, experiences)):
        raise UsageError(
            f"{data}: {len(untested)} of {len(names)} classes have no test samples "
            f"({', '.join(untested)}), so an experience could have none to evaluate on; "
            "add test samples, or set fewer experiences"
        )


def split_images(
    options: ImageOptions,
    train: Images,
    test: Images,
    *,
    classes: int,
    largest: int,
    held_out: float,
    seed: int,
) -> Stream:
    """Assign the classes to the experiences at random.

    Args:
        options: The stream's options.
        train: Training images.
        test: Images to evaluate on.
        classes: Number of classes.
        largest: The value of a pixel that becomes 1.
        held_out: Fraction of the training images to evaluate on instead of the test images, for
            tuning.
        seed: The cell's seed.

    Raises:
        UsageError: If an option is not valid.
    """
    if options.validation:
        train, test = train.split(held_out)
    return split_classes(
        train.samples(options.form, largest),
        test.samples(options.form, largest),
        classes=classes,
        experiences=options.experiences,
        schedule=schedule_of(options),
        measures=measures_of(options),
        sample_bytes=train.sample_bytes,
        seed=seed,
        scenario=options.scenario,
    )
