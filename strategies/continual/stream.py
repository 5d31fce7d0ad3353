"""Task-shift streams as Avalanche benchmarks, built from tensors.

Shapes: ``n`` samples, ``T`` time steps, ``F`` features per step, ``K`` outputs.

The three scenarios are those of van de Ven, Tuytelaars & Tolias, *Three types of incremental
learning*, Nature Machine Intelligence 2022. *class*: the model chooses among all classes.
*domain*: it chooses among as many labels as an experience has classes; a label means a different
class in each experience. *task*: it receives the sample's experience and chooses among its classes.
All draws for a stream come from its seed, so every model and method sees the same stream under the
same seed.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor
from torch.utils.data import TensorDataset

from baselines.interface import Signature
from results.errors import UsageError
from strategies.common.rng import generator
from strategies.continual.datasets import Pixels, labelled
from strategies.continual.online import small_experiences

Scenario = Literal["class", "domain", "task"]

LARGEST_HALF = 65_504.0
"""Largest finite half float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Labelled samples, all of one length.

    Attributes:
        inputs: The model's inputs; bytes if ``largest`` is given.
        labels: Classes, from 0.
        largest: The byte that is read as 1.
    """

    inputs: Float[Tensor, "n T F"] | UInt8[Tensor, "n T F"]
    labels: Int[Tensor, "n"]
    largest: int | None = None

    def of_classes(self, classes: tuple[int, ...]) -> "Samples":
        """Return the samples of some classes, in their order."""
        chosen = torch.isin(self.labels, torch.tensor(classes))
        return replace(self, inputs=self.inputs[chosen], labels=self.labels[chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Training schedule of a stream.

    Attributes:
        epochs: Passes over each experience.
        batch_size: New samples per step; `strategies.common.batch_norm` states how models with
            batch normalisation treat mini-batches of one sample.
        iterations: Steps per experience, instead of passes: mini-batches of full size, from one
            order after the other; the rest of an order is skipped. 0 for passes.
        online: Samples per small experience, each seen once; 0 for offline training.
    """

    epochs: int = 1
    batch_size: int = 32
    iterations: int = 0
    online: int = 0

    def steps(self, samples: int) -> int:
        """Return the number of steps for an experience of so many samples."""
        if self.online:
            whole, rest = divmod(samples, self.online)
            return whole * math.ceil(self.online / self.batch_size) + math.ceil(
                rest / self.batch_size
            )
        return self.iterations or self.epochs * math.ceil(samples / self.batch_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Optional measurements in addition to the accuracy matrix.

    They do not change training, and their time is not counted.

    Attributes:
        track: Steps between two evaluations within an experience; 0 for none.
        probe: Whether a linear probe is fitted to the frozen features after each experience.
        bits: Whether the cross-entropy is measured, in bits per sample.
    """

    track: int = 0
    probe: bool = False
    bits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A stream of experiences with its training schedule.

    Attributes:
        benchmark: Avalanche's ``CLScenario`` with ``train_stream`` and ``test_stream``.
        signature: Inputs and outputs that models are built for.
        schedule: Training schedule.
        sample_bytes: Bytes of one raw sample with its label, which is the cost of storing it.
        classes: Classes of each experience. In the *domain* scenario a class's place among those of
            its experience is its label.
        scenario: The classes among which a model chooses.
        measures: Optional measurements.
        seed: Seed of the order of samples in online training.
    """

    benchmark: Any
    signature: Signature
    schedule: Schedule
    sample_bytes: int
    classes: tuple[tuple[int, ...], ...]
    scenario: Scenario = "class"
    measures: Measures = Measures()
    seed: int = 0

    def experiences(self) -> Iterator[tuple[Any, bool]]:
        """Yield the training experiences in order, each with whether an evaluation follows.

        Offline they are the benchmark's experiences; online they are small parts of these, made on
        demand, and an evaluation follows the last part of each.
        """
        for place, experience in enumerate(self.benchmark.train_stream):
            if not self.schedule.online:
                yield experience, True
            else:
                order = generator(f"order online {place}", self.seed)
                yield from small_experiences(experience, self.schedule.online, order)

    @property
    def heads(self) -> Bool[Tensor, "experiences K"] | None:
        """Mask of the outputs of each experience's task; None outside the *task* scenario."""
        if self.scenario != "task":
            return None
        heads = torch.zeros(len(self.classes), self.signature.outputs, dtype=torch.bool)
        for place, classes in enumerate(self.classes):
            heads[place, list(classes)] = True
        return heads


def split_classes(
    train: Samples,
    test: Samples,
    *,
    classes: int,
    experiences: int,
    schedule: Schedule,
    sample_bytes: int,
    seed: int,
    scenario: Scenario = "class",
    measures: Measures = Measures(),
) -> Stream:
    """Assign the classes to the experiences at random, the same number to each.

    Args:
        train: Training samples of all classes.
        test: Samples to evaluate on, of all classes.
        classes: Number of classes.
        experiences: Number of experiences.
        schedule: Training schedule.
        sample_bytes: Bytes of one raw sample with its label.
        seed: The cell's seed.
        scenario: The classes among which a model chooses.
        measures: Optional measurements.

    Raises:
        UsageError: If the number of classes is no multiple of the number of experiences.
    """
    if experiences < 1 or classes % experiences:
        allowed = ", ".join(str(n) for n in range(1, classes + 1) if classes % n == 0)
        raise UsageError(
            f"{classes} classes can't be divided equally among {experiences} experiences: "
            f"choose one of {allowed}"
        )
    order = torch.randperm(classes, generator=generator("class order", seed))
    shares = [tuple(share.tolist()) for share in order.chunk(experiences)]
    assigned = tuple(shares if scenario == "domain" else map(_in_order, shares))
    parts = [[_share(samples, share, scenario) for share in assigned] for samples in (train, test)]
    return assemble(
        *parts,
        outputs=classes // experiences if scenario == "domain" else classes,
        classes=assigned,
        schedule=schedule,
        sample_bytes=sample_bytes,
        seed=seed,
        scenario=scenario,
        measures=measures,
    )


def assemble(
    train: list[Samples],
    test: list[Samples],
    *,
    outputs: int,
    classes: tuple[tuple[int, ...], ...],
    schedule: Schedule,
    sample_bytes: int,
    seed: int,
    scenario: Scenario,
    measures: Measures,
) -> Stream:
    """Build a stream from the samples of its experiences.

    Args:
        train: Training samples of each experience.
        test: Samples to evaluate on, of each experience.
        outputs: Number of outputs K.
        classes: Classes of each experience.
        schedule: Training schedule.
        sample_bytes: Bytes of one raw sample with its label.
        seed: The cell's seed.
        scenario: The classes among which a model chooses.
        measures: Optional measurements.

    Raises:
        UsageError: If an experience has no samples, or values that ``sample_bytes`` can't store.
    """
    for part, experiences in (("training", train), ("test", test)):
        for place, samples in enumerate(experiences, start=1):
            if not len(samples.labels):
                raise UsageError(f"experience {place} of {len(train)} has no {part} samples")
            _check_values(samples, sample_bytes, part)
    length, features = train[0].inputs.shape[1:]
    return Stream(
        benchmark=_benchmark(train, test, scenario),
        signature=Signature(features=features, outputs=outputs, length=length),
        schedule=schedule,
        sample_bytes=sample_bytes,
        classes=classes,
        scenario=scenario,
        measures=measures,
        seed=seed,
    )


def _check_values(samples: Samples, sample_bytes: int, part: str) -> None:
    """Refuse values that a buffer of samples would not give back.

    Values in [0, 1] are stored in a byte each, or in a bit if all are 0 or 1; half floats end at
    `LARGEST_HALF`.

    Raises:
        UsageError: If a value is not finite, or beyond the largest of its type.
    """
    low, high = (float(value) for value in samples.inputs.aminmax())
    count = samples.inputs[0].numel()
    stored = (sample_bytes - 1) / count
    least, largest = {1: (0.0, 1.0), 1 / 8: (0.0, 1.0), 2: (-LARGEST_HALF, LARGEST_HALF)}.get(
        stored, (-math.inf, math.inf)
    )
    scale = samples.largest or 1
    if not least <= low / scale <= high / scale <= largest or math.isinf(low) or math.isinf(high):
        raise UsageError(
            f"{part} samples have values from {low / scale:g} to {high / scale:g}, and "
            f"sample_bytes={sample_bytes} states {stored:g} bytes per value, which hold "
            f"{least:g} to {largest:g}: scale them, or store floats (sample_bytes={4 * count + 1})"
        )


def _in_order(share: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(share))


def _share(samples: Samples, classes: tuple[int, ...], scenario: Scenario) -> Samples:
    """Return an experience's samples; in the *domain* scenario a label is the class's place."""
    chosen = samples.of_classes(classes)
    if scenario != "domain":
        return chosen
    places = torch.zeros(max(classes) + 1, dtype=torch.long)
    places[list(classes)] = torch.arange(len(classes))
    return replace(chosen, labels=places[chosen.labels])


def _benchmark(train: list[Samples], test: list[Samples], scenario: Scenario) -> Any:
    """Build Avalanche's benchmark, one experience per part.

    It has the class timeline and the task labels that Avalanche's modules require.
    """
    from avalanche.benchmarks import (
        benchmark_from_datasets,
        with_classes_timeline,
        with_task_labels,
    )

    def tagged(parts: list[Samples]) -> list[Any]:
        return [
            _dataset(part, place if scenario == "task" else 0) for place, part in enumerate(parts)
        ]

    benchmark = with_classes_timeline(
        benchmark_from_datasets(train=tagged(train), test=tagged(test))
    )
    return with_task_labels(benchmark) if scenario == "task" else benchmark


def _dataset(samples: Samples, task: int) -> Any:
    """Return samples as an Avalanche data set."""
    if samples.largest is None:
        return labelled(TensorDataset(samples.inputs, samples.labels), samples.labels, task)
    return labelled(Pixels(samples.inputs, samples.labels, samples.largest), samples.labels, task)


def require_positive(method: str, **options: int) -> None:
    """Refuse options of a method below 1, with which it would do nothing.

    Args:
        method: Name of the method.
        options: Values by name.

    Raises:
        UsageError: If one is below 1.
    """
    for name, value in options.items():
        if value < 1:
            raise UsageError(
                f"method '{method}' does nothing with {name} = {value}: give at least {name}=1"
            )


def require_at_least(method: str, bound: float, **options: float) -> None:
    """Refuse options of a method below a bound, such as negative weights of losses.

    Args:
        method: Name of the method.
        bound: The smallest allowed value.
        options: Values by name.

    Raises:
        UsageError: If one is below the bound, or not a number.
    """
    for name, value in options.items():
        if not value >= bound:
            raise UsageError(f"method '{method}': {name} = {value} must be at least {bound:g}")


def require_above_zero(method: str, **options: float) -> None:
    """Refuse options of a method that must be greater than 0, such as temperatures.

    Args:
        method: Name of the method.
        options: Values by name.

    Raises:
        UsageError: If one is not greater than 0.
    """
    for name, value in options.items():
        if not value > 0:
            raise UsageError(f"method '{method}': {name} = {value} must be greater than 0")


def require_boundaries(
    stream: Stream, method: str, because: str = "needs to know where an experience ends"
) -> None:
    """Refuse online streams for a method that needs whole experiences.

    Args:
        stream: The stream.
        method: Name of the method, or of its option.
        because: Why it needs task boundaries.

    Raises:
        UsageError: If the stream is online.
    """
    if stream.schedule.online:
        raise UsageError(
            f"method '{method}' {because}, and a stream with online = {stream.schedule.online} has "
            "no task boundaries: use er, er-ace, er-compressed, er-lossy, er-encoder, "
            "latent-replay, a-gem, der-plus-plus, generative-classifier, slda, ridge, ridge-slots "
            "or memnet, or leave online out"
        )
