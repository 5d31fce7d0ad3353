"""Exemplars: the samples that represent the mean features of their class (Rebuffi et al. 2017).

Of the features ``φ``, scaled to norm 1, of a class with mean ``μ``, the k-th exemplar is the sample
for which the mean of the first k is closest to ``μ`` (algorithms 4 and 5 of the paper). Each class
has the same number; when classes are added, the last exemplars of each are dropped.

Shapes: ``n`` samples, ``D`` width of the features, ``T`` time steps, ``F`` features per step.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

from results.errors import UsageError
from strategies.continual.replay.buffer import (
    COUNT_BYTES,
    Buffer,
    BufferSize,
    capacity_bytes,
    raw_storage,
)
from strategies.continual.stream import Stream


class Exemplars(Buffer):
    """Exemplars of each group in the order of their choice; ``seen`` holds their numbers."""

    def add(
        self,
        inputs: Float[Tensor, "n T F"],
        labels: Int[Tensor, "n"],
        features: Float[Tensor, "n D"],
    ) -> None:
        """Choose exemplars of the classes of an experience, and shorten the earlier groups.

        Args:
            inputs: The samples.
            labels: Their classes.
            features: Their features, of norm 1.
        """
        counts = self.seen[self.seen > 0].tolist()
        classes = labels.unique().tolist()
        per_sample = self.store.max_bytes + self.labels.element_size()
        share = self.capacity // (per_sample * (len(counts) + len(classes)))
        groups = torch.arange(len(self)).split(counts)
        stay = torch.cat([self.labels.new_zeros(0).long(), *(group[:share] for group in groups)])
        chosen = []
        for label in classes:
            places = torch.nonzero(labels == label).flatten()
            chosen.append(places[herded(features[places], share)])
        enter = torch.cat(chosen)
        packed = self.store.pack(inputs[enter])
        self.store = self.store.join(stay, packed, torch.arange(len(enter)))
        self.labels = torch.cat((self.labels[stay], labels[enter].to(self.labels.dtype)))
        numbers = [min(count, share) for count in counts] + [len(places) for places in chosen]
        self.seen = torch.zeros_like(self.seen)
        self.seen[: len(numbers)] = torch.tensor(numbers, dtype=self.seen.dtype)


def herded(features: Float[Tensor, "n D"], count: int) -> Int[Tensor, "m"]:
    """Return the places of the exemplars of a class, in the order of their choice.

    With norm 1, the sample that brings the mean of k exemplars closest to ``μ`` is the one with the
    largest ``φ(x) · (k μ − Σ φ(p))``, over the k − 1 earlier exemplars ``p``.

    Args:
        features: Features of norm 1.
        count: Number of exemplars, or all samples if these are fewer.
    """
    mean, total = features.mean(0), torch.zeros_like(features[0])
    free = torch.ones(len(features), dtype=torch.bool)
    chosen: list[int] = []
    for number in range(1, min(count, len(features)) + 1):
        fit = features @ (number * mean - total)
        place = int(fit.masked_fill(~free, -torch.inf).argmax())
        free[place] = False
        total = total + features[place]
        chosen.append(place)
    return torch.tensor(chosen, dtype=torch.long)


def exemplars_for(size: BufferSize, stream: Stream, seed: int) -> Exemplars:
    """Return empty storage for exemplars.

    Raises:
        UsageError: If the budget does not hold an exemplar of each class.
    """
    groups, classes = sum(map(len, stream.classes)), stream.signature.outputs
    capacity = capacity_bytes(size, stream)
    if size.budget:
        capacity -= COUNT_BYTES * (groups - classes)
    exemplars = Exemplars(
        raw_storage(stream), classes=groups, capacity=capacity, shares="per-class", seed=seed
    )
    needed = groups * (exemplars.store.max_bytes + exemplars.labels.element_size())
    if capacity < needed:
        least = math.ceil(needed / stream.sample_bytes)
        given = f"budget = {size.budget}" if size.budget else f"mem_size = {size.mem_size}"
        raise UsageError(
            f"{given} can't hold an exemplar of each of {groups} classes: give at least "
            f"budget={needed + COUNT_BYTES * groups}, or mem_size={least}"
        )
    return exemplars
