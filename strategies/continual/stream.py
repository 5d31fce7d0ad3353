"""Task-shift streams as Avalanche benchmarks, built from tensors.

Shapes: ``n`` samples, ``T`` time steps, ``F`` features per step, ``K`` outputs.

The three scenarios are those of van de Ven, Tuytelaars & Tolias, *Three types of incremental
learning*, Nature Machine Intelligence 2022: *class*: a sample is answered among all classes;
*domain*: among as many answers as an experience has, which mean something else in each; *task*:
among the classes of the sample's own experience, which is told. What is drawn for a stream is drawn
from its seed alone, so every model and method meets the same stream under the same seed.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Labelled samples, all of one length.

    Attributes:
        inputs: What a model reads; as bytes, if ``largest`` is given.
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
    """How a stream is gone through.

    Attributes:
        epochs: Passes over each experience.
        batch_size: New samples per step.
        iterations: Steps per experience, instead of passes: mini-batches are cut from one order
            after the other, and what is left of an order when it holds no whole mini-batch is
            passed over. 0 for passes.
        online: Samples that are met at a time, each once, as an experience of their own; 0 offline.
    """

    epochs: int = 1
    batch_size: int = 32
    iterations: int = 0
    online: int = 0

    def steps(self, samples: int) -> int:
        """Return the steps that an experience of so many samples takes."""
        if self.online:
            whole, rest = divmod(samples, self.online)
            return whole * math.ceil(self.online / self.batch_size) + math.ceil(
                rest / self.batch_size
            )
        return self.iterations or self.epochs * math.ceil(samples / self.batch_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What is measured beside the accuracy matrix.

    It costs time that is not counted, and changes nothing that is learnt.

    Attributes:
        track: Steps from one evaluation within an experience to the next; 0 for none.
        probe: Whether a linear probe is put to the frozen features after each experience.
    """

    track: int = 0
    probe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A stream of experiences, and how it is gone through.

    Attributes:
        benchmark: Avalanche's ``CLScenario`` with ``train_stream`` and ``test_stream``.
        signature: What a model is fed and asked.
        pace: How it is gone through.
        sample_bytes: Bytes of one sample as it comes, label included: what keeping it costs.
        classes: Classes of each experience. In the *domain* scenario a class's place among those of
            its experience is its label.
        scenario: Among what a sample is answered.
        measures: What is measured beside the accuracy matrix.
        seed: Seed of the order in which samples are met online.
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
        """Yield what is trained on, in order, and whether an experience of the benchmark ends with it: then all of them are evaluated.

        Offline they are the benchmark's own experiences; online small ones, cut from them as they
        are asked for.
        """
        for place, experience in enumerate(self.benchmark.train_stream):
            if not self.schedule.online:
                yield experience, True
            else:
                order = generator(f"order online {place}", self.seed)
                yield from small_experiences(experience, self.schedule.online, order)

    @property
    def heads(self) -> Bool[Tensor, "experiences K"] | None:
        """Which outputs are those of each experience's task.

        None where a sample is answered among all.
        """
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
    """Deal the classes to the experiences at random, in equal shares.

    Args:
        train: Training samples of all classes.
        test: Samples to evaluate on, of all classes.
        classes: Number of classes.
        experiences: Number of experiences.
        pace: How the stream is gone through.
        sample_bytes: Bytes of one sample as it comes, label included.
        seed: The cell's seed.
        scenario: Among what a sample is answered.
        measures: What is measured beside the accuracy matrix.

    Raises:
        UsageError: If the classes can't be dealt in equal shares.
    """
    if experiences < 1 or classes % experiences:
        allowed = ", ".join(str(n) for n in range(1, classes + 1) if classes % n == 0)
        raise UsageError(
            f"{classes} classes can't be dealt to {experiences} experiences in equal shares: choose one of {allowed}"
        )
    order = torch.randperm(classes, generator=generator("class order", seed))
    shares = [tuple(share.tolist()) for share in order.chunk(experiences)]
    dealt = tuple(shares if scenario == "domain" else map(_in_order, shares))
    parts = [[_share(samples, share, scenario) for share in dealt] for samples in (train, test)]
    return assemble(
        *parts,
        outputs=classes // experiences if scenario == "domain" else classes,
        classes=dealt,
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
    """Make a stream of its experiences.

    Args:
        train: Training samples of each experience.
        test: Samples to evaluate on, of each experience.
        outputs: Number of outputs K.
        classes: Classes of each experience.
        pace: How the stream is gone through.
        sample_bytes: Bytes of one sample as it comes, label included.
        seed: The cell's seed.
        scenario: Among what a sample is answered.
        measures: What is measured beside the accuracy matrix.
    """
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


def _in_order(share: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(share))


def _share(samples: Samples, classes: tuple[int, ...], scenario: Scenario) -> Samples:
    """Return an experience's samples.

    In the *domain* scenario labelled with their class's place in the experience.
    """
    chosen = samples.of_classes(classes)
    if scenario != "domain":
        return chosen
    places = torch.zeros(int(samples.labels.max()) + 1, dtype=torch.long)
    places[list(classes)] = torch.arange(len(classes))
    return replace(chosen, labels=places[chosen.labels])


def _benchmark(train: list[Samples], test: list[Samples], scenario: Scenario) -> Any:
    """Make Avalanche's benchmark, one experience per part, with the class timeline and the task labels that its modules look for."""
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
    """Make Avalanche's data set of samples."""
    if samples.largest is None:
        return labelled(TensorDataset(samples.inputs, samples.labels), samples.labels, task)
    return labelled(Pixels(samples.inputs, samples.labels, samples.largest), samples.labels, task)


def require_boundaries(
    stream: Stream, method: str, because: str = "must be told where an experience ends"
) -> None:
    """Refuse a method that does something when an experience is over which makes no sense after a handful of samples.

    Args:
        stream: The stream.
        method: Name of the method, or of its option.
        because: What it needs them for.

    Raises:
        UsageError: If the stream is online.
    """
    if stream.schedule.online:
        raise UsageError(
            f"method '{method}' {because}, and online = {stream.schedule.online} tells no boundaries: "
            "use er, er-compressed, er-encoder, latent-replay, a-gem, der-plus-plus or memnet, or leave online out"
        )
