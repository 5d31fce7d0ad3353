"""A buffer of past samples within a budget of bytes.

Shapes: ``n`` stored samples, ``m`` offered ones, ``T`` time steps, ``F`` features, ``K`` classes.
"""

import math
from collections.abc import Mapping
from typing import Any, Protocol

import torch
from jaxtyping import Float, Int
from torch import Tensor

from results.errors import UsageError
from strategies.common.rng import generator
from strategies.continual.replay.bit_storage import BitStorage
from strategies.continual.replay.sample_storage import RowStorage, SampleStorage
from strategies.continual.replay.sampling import Shares, admit
from strategies.continual.stream import Stream

COUNT_BYTES = 4
"""Bytes of the count of samples seen, per class."""


class BufferSize(Protocol):
    """Options of a method that give the size of its buffer."""

    @property
    def budget(self) -> int:
        """Bytes stored, if not 0."""

    @property
    def mem_size(self) -> int:
        """Capacity as a number of raw samples, if ``budget`` is 0."""


class Buffer:
    """Stores samples, their labels and further data of each sample.

    Args:
        store: An empty storage in the form for the inputs.
        classes: Number of classes ``K``.
        capacity: Bytes for the samples and all data that belong to them.
        shares: How the capacity is divided among the classes.
        seed: Seed of the draws, which are the same for every model.

    Attributes:
        labels: Classes of the samples; one byte each for up to 256 classes.
        extras: Further data of each sample, by name.
        seen: Number of offered samples of each class.
    """

    def __init__(
        self, store: SampleStorage, *, classes: int, capacity: int, shares: Shares, seed: int
    ) -> None:
        self.store = store
        self.capacity = capacity
        self.shares = shares
        self.labels = torch.zeros(0, dtype=torch.uint8 if classes <= 256 else torch.int16)
        self.extras: dict[str, Tensor] = {}
        self.seen = torch.zeros(classes, dtype=torch.int32)
        self._draws = generator("what is kept", seed)

    def __len__(self) -> int:
        return len(self.labels)

    def offer(
        self,
        inputs: Float[Tensor, "m T F"],
        labels: Int[Tensor, "m"],
        extras: Mapping[str, Float[Tensor, "m ..."]] | None = None,
    ) -> None:
        """Offer samples; those that enter replace others.

        Args:
            inputs: The samples.
            labels: Their classes.
            extras: Further data of each, with the same names at every call.
        """
        extras = dict(extras or {})
        packed, labels = self.store.pack(inputs), labels.cpu()
        per_sample = self.labels.element_size() + sum(e[:1].nbytes for e in extras.values())
        sizes = packed.sizes + per_sample
        stay, enter = admit(
            self.labels.long(),
            self.store.sizes + per_sample,
            labels,
            sizes,
            self.seen.long(),
            capacity=self.capacity,
            shares=self.shares,
            generator=self._draws,
        )
        self.store = self.store.join(stay, packed, enter)
        self.labels = torch.cat((self.labels[stay], labels[enter].to(self.labels.dtype)))
        self.extras = {
            name: torch.cat((self.extras[name][stay], extra[enter]))
            if name in self.extras
            else extra[enter]
            for name, extra in extras.items()
        }
        self.seen += torch.bincount(labels, minlength=len(self.seen)).int()

    def take(self, places: Int[Tensor, "b"]) -> tuple[Float[Tensor, "b T F"], Int[Tensor, "b"]]:
        """Return some of the samples as model inputs, with their labels."""
        return self.store.unpack(places), self.labels[places].long()

    def stored_bytes(self) -> int:
        """Return all stored bytes, the counts of samples seen included."""
        samples = int(self.store.sizes.sum()) + self.labels.nbytes
        return samples + sum(extra.nbytes for extra in self.extras.values()) + self.seen.nbytes

    def state_dict(self) -> dict[str, Any]:
        """Return the stored samples, the counts, and the generator of the draws."""
        return {
            "store": self.store.tensors(),
            "labels": self.labels,
            "extras": dict(self.extras),
            "seen": self.seen,
            "draws": self._draws.get_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.store = self.store.filled(state["store"])
        self.labels, self.seen = state["labels"].clone(), state["seen"].clone()
        self.extras = {name: extra.clone() for name, extra in state["extras"].items()}
        self._draws.set_state(state["draws"])


def raw_storage(stream: Stream) -> SampleStorage:
    """Return an empty storage of raw samples: bits, bytes, half floats or floats, by the stream."""
    shape = (stream.signature.length, stream.signature.features or 1)
    if 8 * (stream.sample_bytes - 1) == math.prod(shape):
        return BitStorage(shape)
    value_bytes = (stream.sample_bytes - 1) // math.prod(shape)
    return RowStorage.empty(
        shape, {1: torch.uint8, 2: torch.float16}.get(value_bytes, torch.float32)
    )


def has_bytes(stream: Stream) -> bool:
    """Return whether the values of a stream's samples are bytes."""
    signature = stream.signature
    return stream.sample_bytes - 1 == signature.length * (signature.features or 1)


def capacity_bytes(size: BufferSize, stream: Stream) -> int:
    """Return the bytes for stored samples; zero or less if the budget holds nothing.

    Args:
        size: ``budget``, if not 0, includes the counts of samples seen (4 bytes per class);
            ``mem_size`` does not.
        stream: Provides the size of a raw sample.
    """
    if size.budget:
        return size.budget - COUNT_BYTES * stream.signature.outputs
    return size.mem_size * stream.sample_bytes


def build_buffer(
    storage: SampleStorage,
    stream: Stream,
    size: BufferSize,
    *,
    shares: Shares,
    seed: int,
    extra_bytes: int = 0,
) -> Buffer:
    """Build the buffer of a method.

    Args:
        storage: An empty storage in the form for the inputs.
        stream: The stream.
        size: Options of the method; see :func:`capacity_bytes`.
        shares: How the capacity is divided among the classes.
        seed: The cell's seed.
        extra_bytes: Bytes of further data of each sample.

    Raises:
        UsageError: If the capacity, or the share of a class with ``shares=per-class``, does not
            hold one sample.
    """
    classes, capacity = stream.signature.outputs, capacity_bytes(size, stream)
    buffer = Buffer(storage, classes=classes, capacity=capacity, shares=shares, seed=seed)
    groups = classes if shares == "per-class" else 1
    attached = buffer.labels.element_size() + extra_bytes
    needed = groups * (storage.max_bytes + attached)
    if capacity < needed:
        raise UsageError(_too_small(size, groups, needed, stream))
    return buffer


def _too_small(size: BufferSize, groups: int, needed: int, stream: Stream) -> str:
    """Return the message for a capacity below one sample of each group.

    Args:
        size: Options of the method.
        groups: Number of equal shares of the capacity.
        needed: Bytes that hold one sample in each share.
        stream: The stream.
    """
    least_size = math.ceil(needed / stream.sample_bytes)
    least_budget = needed + COUNT_BYTES * stream.signature.outputs
    by_size, by_budget = f"mem_size={least_size}", f"budget={least_budget}"
    given, least, other = (
        (f"budget = {size.budget} bytes", by_budget, by_size)
        if size.budget
        else (f"mem_size = {size.mem_size}", by_size, f"{by_budget} bytes")
    )
    divided = f" in {groups} equal shares, one per class" if groups > 1 else ""
    way_out = " or shares=balanced" if groups > 1 else ""
    return f"{given} can't hold a sample{divided}: give at least {least}, or {other}{way_out}"
