"""A task-shift stream: its experiences, its training schedule and its optional measurements.

`strategies.continual.build_stream` builds streams from tensors, as Avalanche benchmarks.

Shapes: ``n`` samples, ``T`` time steps, ``F`` features per step, ``K`` outputs.

The three scenarios are those of van de Ven, Tuytelaars & Tolias, *Three types of incremental
learning*, Nature Machine Intelligence 2022. *class*: the model chooses among all classes.
*domain*: it chooses among as many labels as an experience has classes; a label means a different
class in each experience. *task*: it receives the sample's experience and chooses among its classes.
All draws for a stream are from its seed, so every model and method sees the same stream under the
same seed.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from baselines.interface import Signature
from strategies.common.rng import generator
from strategies.continual.online import small_experiences

Scenario = Literal["class", "domain", "task"]


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


NO_MEASURES = Measures()
"""No optional measurements."""


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
    measures: Measures = NO_MEASURES
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
    def steps(self) -> int:
        """Number of training steps of the whole stream."""
        sizes = [len(experience.dataset) for experience in self.benchmark.train_stream]
        return sum(self.schedule.steps(size) for size in sizes)

    @property
    def heads(self) -> Bool[Tensor, "experiences K"] | None:
        """Mask of the outputs of each experience's task; None outside the *task* scenario."""
        if self.scenario != "task":
            return None
        heads = torch.zeros(len(self.classes), self.signature.outputs, dtype=torch.bool)
        for place, classes in enumerate(self.classes):
            heads[place, list(classes)] = True
        return heads
