"""Task-shift streams as Avalanche benchmarks, built from tensors.

Shapes: ``n`` samples, ``T`` time steps, ``F`` features per step, ``K`` classes.

Class-incremental: each experience brings classes not seen before, and a test sample is answered among all of them (van de Ven et al.,
*Three types of incremental learning*, Nature Machine Intelligence 2022). The classes are dealt to the experiences by a generator of the
seed alone, so every model and method meets the same stream under the same seed.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils.data import TensorDataset

from baselines.interface import Signature
from results.errors import UsageError
from strategies.randomness import generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Labelled samples, all of one length.

    Attributes:
        inputs: What a model reads.
        labels: Classes, from 0.
    """

    inputs: Float[Tensor, "n T F"]
    labels: Int[Tensor, "n"]

    def of_classes(self, classes: tuple[int, ...]) -> "Samples":
        """Return the samples of some classes, in their order."""
        chosen = torch.isin(self.labels, torch.tensor(classes))
        return Samples(inputs=self.inputs[chosen], labels=self.labels[chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A stream of experiences, and how it is gone through.

    Attributes:
        benchmark: Avalanche's ``CLScenario`` with ``train_stream`` and ``test_stream``.
        signature: What a model is fed and asked.
        epochs: Passes over each experience.
        batch_size: New samples per step.
        sample_bytes: Bytes of one sample as it comes, label included: what keeping it costs.
        classes: Classes of each experience, in order.
    """

    benchmark: Any
    signature: Signature
    epochs: int
    batch_size: int
    sample_bytes: int
    classes: tuple[tuple[int, ...], ...]


def class_incremental(
    train: Samples, test: Samples, *, classes: int, experiences: int, epochs: int, batch_size: int, sample_bytes: int, seed: int
) -> Stream:
    """Deal the classes to the experiences at random, in equal shares.

    Args:
        train: Training samples of all classes.
        test: Samples to evaluate on, of all classes.
        classes: Number of classes ``K``.
        experiences: Number of experiences.
        epochs: Passes over each experience.
        batch_size: New samples per step.
        sample_bytes: Bytes of one sample as it comes, label included.
        seed: Seed of the classes' order.

    Raises:
        UsageError: If the classes can't be dealt in equal shares.
    """
    if experiences < 1 or classes % experiences:
        allowed = ", ".join(str(n) for n in range(1, classes + 1) if classes % n == 0)
        raise UsageError(f"{classes} classes can't be dealt to {experiences} experiences in equal shares: choose one of {allowed}")
    order = torch.randperm(classes, generator=generator("class order", seed))
    dealt = tuple(tuple(sorted(share.tolist())) for share in order.chunk(experiences))
    length, features = train.inputs.shape[1:]
    return Stream(
        benchmark=_benchmark([train.of_classes(share) for share in dealt], [test.of_classes(share) for share in dealt]),
        signature=Signature(features=features, outputs=classes, length=length),
        epochs=epochs,
        batch_size=batch_size,
        sample_bytes=sample_bytes,
        classes=dealt,
    )


def _benchmark(train: list[Samples], test: list[Samples]) -> Any:
    """Make Avalanche's benchmark, one experience per part, with the class timeline that its growing heads want."""
    from avalanche.benchmarks import benchmark_from_datasets, with_classes_timeline

    return with_classes_timeline(benchmark_from_datasets(train=[_dataset(part) for part in train], test=[_dataset(part) for part in test]))


def _dataset(samples: Samples) -> Any:
    """Make Avalanche's data set. The task label, 0 throughout, is what its LwF and DER look for."""
    from avalanche.benchmarks.utils import AvalancheDataset, DataAttribute

    labels = samples.labels.tolist()
    attributes = [DataAttribute(labels, "targets"), DataAttribute([0] * len(labels), "targets_task_labels", use_in_getitem=True)]
    return AvalancheDataset([TensorDataset(samples.inputs, samples.labels)], data_attributes=attributes)
