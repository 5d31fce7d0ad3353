"""Builds task-shift streams from tensors, as Avalanche benchmarks.

Shapes: ``K`` outputs.
"""

import math
from dataclasses import replace
from typing import Any

import torch
from torch.utils.data import TensorDataset

from baselines.interface import Signature
from results.errors import UsageError
from strategies.common.rng import generator
from strategies.continual.datasets import Pixels, labelled
from strategies.continual.stream import NO_MEASURES, Measures, Samples, Scenario, Schedule, Stream

LARGEST_HALF = 65_504.0
"""Largest finite half float."""


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
    measures: Measures = NO_MEASURES,
) -> Stream:
    """Assign the classes to the experiences at random, as equally as possible.

    If the number of classes is no multiple of that of the experiences, the first ones have a class
    more than the others.

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
        UsageError: If there are more experiences than classes, or, in the *domain* scenario, the
            number of classes is no multiple of the number of experiences.
    """
    if not 1 <= experiences <= classes:
        raise UsageError(
            f"{classes} classes can't be divided among {experiences} experiences: choose 1 to "
            f"{classes}"
        )
    if scenario == "domain" and classes % experiences:
        allowed = ", ".join(str(n) for n in range(1, classes + 1) if classes % n == 0)
        raise UsageError(
            f"scenario=domain: {classes} classes can't be divided equally among {experiences} "
            f"experiences: choose one of {allowed}, or another scenario"
        )
    order = torch.randperm(classes, generator=generator("class order", seed))
    shares = [tuple(share.tolist()) for share in order.tensor_split(experiences)]
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
