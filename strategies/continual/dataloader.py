"""Mini-batches taken from tensors by index.

Avalanche's loaders collate sample by sample. This module turns a data set that consists of tensors,
however often it was split and concatenated, back into tensors; plugins see the same mini-batches.
Data sets of other kinds, or with transforms, use Avalanche's loaders.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from avalanche.benchmarks.utils import AvalancheDataset
from avalanche.benchmarks.utils.flat_data import FlatData
from jaxtyping import Int
from torch import Tensor
from torch.utils.data import TensorDataset

from strategies.continual.datasets import Pixels

Columns = tuple[Tensor, ...]
"""Inputs, labels and further attributes of samples: tensors of equal first dimension ``n``."""


class TensorLoader:
    """Mini-batches of tensors, by index.

    Args:
        columns: Inputs, labels and further attributes of the samples.
        batch_size: Samples per mini-batch; the last one may be smaller.
        generator: Source of a new order at every pass; without it the order is that of the data.
        iterations: Number of mini-batches of full size; a new order begins when the last one has
            no full mini-batch left. 0 for one pass.
    """

    def __init__(
        self,
        columns: Columns,
        batch_size: int,
        generator: torch.Generator | None,
        iterations: int = 0,
    ) -> None:
        self.columns = columns
        self.batch_size = batch_size
        self.generator = generator
        self.iterations = iterations
        self._order = torch.empty(0, dtype=torch.long)
        self._place = 0
        self._given = 0
        self._resumed = False

    def __len__(self) -> int:
        if self.iterations:
            return self.iterations
        return -(-len(self.columns[0]) // self.batch_size)

    def __iter__(self) -> Iterator[list[Tensor]]:
        if not self._resumed:
            self._order, self._place, self._given = self._draw(), 0, 0
        self._resumed = False
        size = min(self.batch_size, len(self._order))
        while self._given < len(self):
            if self.iterations and self._place + size > len(self._order):
                self._order, self._place = self._draw(), 0
            here = slice(self._place, self._place + size)
            chosen = here if self.generator is None else self._order[here]  # a slice copies nothing
            self._place, self._given = self._place + size, self._given + 1
            yield [column[chosen] for column in self.columns]

    def state_dict(self) -> dict[str, Any]:
        """Return the order and the position in it; the owner of the generator saves that."""
        return {"order": self._order, "place": self._place, "given": self._given}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Begin the next pass at the position that :meth:`state_dict` returned."""
        self._order, self._place, self._given = state["order"], state["place"], state["given"]
        self._resumed = True

    def _draw(self) -> Int[Tensor, "n"]:
        count = len(self.columns[0])
        return (
            torch.arange(count)
            if self.generator is None
            else torch.randperm(count, generator=self.generator)
        )


class Cycle:
    """Repeats the places of a buffer endlessly, in a new order each round.

    Args:
        count: Number of stored samples; at least 1.
        generator: Source of the orders.
    """

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self.count = count
        self.generator = generator
        self._queue = torch.empty(0, dtype=torch.long)

    def take(self, number: int) -> Int[Tensor, "number"]:
        """Return the next places."""
        while len(self._queue) < number:
            self._queue = torch.cat(
                (self._queue, torch.randperm(self.count, generator=self.generator))
            )
        taken, self._queue = self._queue[:number], self._queue[number:]
        return taken

    def state_dict(self) -> dict[str, Tensor]:
        """Return the rest of this round; the owner of the generator saves that."""
        return {"queue": self._queue}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self._queue = state["queue"].clone()


def columns_of(dataset: AvalancheDataset[Any]) -> Columns | None:
    """Return a data set's tensors, or None if it consists of something else."""
    columns = _gather(dataset._flat_data, None)
    if columns is None:
        return None
    extra = [
        _values(attribute.data)
        for attribute in dataset._data_attributes.values()
        if attribute.use_in_getitem
    ]
    return (*columns, *extra)


def _values(data: FlatData[Any]) -> Tensor:
    """Return an attribute's values.

    A list that was never split is returned whole: reading it sample by sample took a sixth of the
    time of an evaluation.
    """
    parts = data._datasets
    if data._indices is None and all(isinstance(part, list) for part in parts):
        return torch.tensor([value for part in parts for value in part])
    return torch.tensor(list(data))


def _gather(data: Any, indices: Int[Tensor, "n"] | None) -> Columns | None:
    """Return the tensors at some indices of a tree of split and concatenated data sets.

    None as indices gives all of them, without a copy if they are whole.
    """
    if isinstance(data, TensorDataset):
        return (
            tuple(data.tensors)
            if indices is None
            else tuple(tensor[indices] for tensor in data.tensors)
        )
    if isinstance(data, Pixels):
        return data[:] if indices is None else data[indices]
    if not isinstance(data, FlatData) or _transforms(data):
        return None
    if data._indices is not None:
        own = torch.as_tensor(list(data._indices), dtype=torch.long)
        indices = own if indices is None else own[indices]
    if len(data._datasets) == 1:
        return _gather(data._datasets[0], indices)
    return _joined(data, torch.arange(len(data)) if indices is None else indices)


def _joined(data: Any, indices: Int[Tensor, "n"]) -> Columns | None:
    """Return the tensors at some indices of several concatenated data sets."""
    places = torch.searchsorted(torch.tensor(data._cumulative_sizes), indices, right=True)
    parts, order, start = [], [], 0
    for place, part in enumerate(data._datasets):
        here = torch.nonzero(places == place).flatten()
        if len(here):
            columns = _gather(part, indices[here] - start)
            if columns is None:
                return None
            parts.append(columns)
            order.append(here)
        start = data._cumulative_sizes[place]
    if not parts:
        return None
    back = torch.argsort(torch.cat(order))
    return tuple(torch.cat(column)[back] for column in zip(*parts, strict=True))


def _transforms(data: Any) -> bool:
    """Return whether samples are transformed when they are read."""
    for groups in (
        getattr(data, "_transform_groups", None),
        getattr(data, "_frozen_transform_groups", None),
    ):
        if groups is not None and any(
            transform is not None for transform in groups.transform_groups.values()
        ):
            return True
    return False
