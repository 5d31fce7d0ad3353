"""Streams of items, some of which are worth remembering: what a memory stores, against policies.

An *item* is a key with a value. An *event* of a stream shows an item, or queries its value, which
follows the query. Streams are cut into blocks; all queries of a block are its first events. So the
state at the start of a block shows which of them can be answered from the slots.

Shapes: ``B`` streams, ``T`` tokens, ``G`` blocks, ``J`` events of a block, ``I`` items.
"""

from abc import abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from strategies.sequence.task import Batch, WholeSequenceTask

NO_ITEM = -1
"""Item of an event that is padding."""

ITEM_ROLES = ("again", "once", "never")
"""Usefulness of an item: queried again and again, queried once, never queried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStream:
    """Streams with their ground truth.

    Attributes:
        batch: The tokens, with a position and a target for each query.
        item: Item of each event; items are numbered per stream, in the order of their first event.
        query: Whether the event is a query.
        role: Index in `ITEM_ROLES` of each item; NO_ITEM beyond a stream's last item.
        key: Token of each item's key.
        value: Token of each item's value.
    """

    batch: Batch
    item: Int[Tensor, "B G J"]
    query: Bool[Tensor, "B G J"]
    role: Int[Tensor, "B I"]
    key: Int[Tensor, "B I"]
    value: Int[Tensor, "B I"]

    @property
    def block_tokens(self) -> int:
        """Tokens of a block."""
        return self.batch.inputs.shape[1] // self.item.shape[1]


class ItemTask(WholeSequenceTask):
    """A task of item streams, whose evaluation also measures what is forgotten.

    Attributes:
        slots: Slots of the simulated policies.
    """

    slots: int

    @abstractmethod
    def item_stream(self, length: int, batch: int, generator: torch.Generator) -> ItemStream:
        """Draw streams of ``length`` tokens."""

    @abstractmethod
    def item_queries(self, stream: ItemStream) -> Int[Tensor, "B I L"]:
        """Return for each item the tokens of its query, with the target at the last one."""
