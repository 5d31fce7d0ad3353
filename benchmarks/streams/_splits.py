"""What all streams do that deal the classes of an image set to experiences."""

from typing import Protocol

from benchmarks.datasets.images import Form, Images
from results.errors import UsageError
from strategies.continual.stream import Measures, Scenario, Schedule, Stream, split_classes


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
        """Among what a sample is answered."""

    @property
    def validation(self) -> bool:
        """Whether to evaluate on a part of the training samples."""

    @property
    def track(self) -> int:
        """Steps from one evaluation within an experience to the next; 0 for none."""

    @property
    def probe(self) -> bool:
        """Whether features are probed."""


class ImageOptions(CommonOptions, Protocol):
    """Options of a stream of images."""

    @property
    def form(self) -> Form:
        """How a model reads an image."""


def schedule_of(options: CommonOptions) -> Schedule:
    """Return the pace that the options ask for.

    Raises:
        UsageError: If they make no sense.
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
            f"{schedule}: epochs and batch_size are 1 at least, iterations and online 0"
        )
    if schedule.online and schedule.iterations:
        raise UsageError(
            f"online={schedule.online} is one pass, and has no iterations: leave iterations={schedule.iterations} out"
        )
    return schedule


def measures_of(options: CommonOptions) -> Measures:
    """Return what the options ask to be measured beside the accuracy matrix.

    Raises:
        UsageError: If they make no sense.
    """
    if options.track < 0:
        raise UsageError(f"track={options.track}: it takes a number of steps, or 0")
    return Measures(track=options.track, probe=options.probe)


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
    """Deal the classes to the experiences at random.

    Args:
        options: The stream's options.
        train: Training images.
        test: Images to evaluate on.
        classes: Number of classes.
        largest: The value of a pixel that becomes 1.
        held_out: Share of the training images that is evaluated on instead of the test images, for
            tuning.
        seed: The cell's seed.

    Raises:
        UsageError: If an option makes no sense.
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
