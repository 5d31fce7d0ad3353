"""A buffer of past samples within a budget of bytes.

Shapes: ``n`` samples kept, ``m`` samples offered, ``T`` time steps, ``F`` features, ``K`` classes.
"""

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from results.errors import UsageError
from strategies.common.rng import generator
from strategies.continual.replay.sample_storage import RowStorage, SampleStorage
from strategies.continual.replay.sampling import Shares, admit
from strategies.continual.stream import Stream


class Buffer:
    """Keeps samples, their labels and whatever else of them is needed.

    Args:
        store: An empty store of the form in which inputs are kept.
        classes: Number of classes ``K``.
        room: Bytes that the samples may take, all that belongs to them included.
        shares: How the room is shared between the classes.
        seed: Seed of the draws: equal samples are kept for every model.

    Attributes:
        labels: Classes of the samples, a byte each where there are no more than 256.
        extras: What else is kept of each sample, by name.
        met: Samples of each class that were offered.
    """

    def __init__(
        self, store: SampleStorage, *, classes: int, room: int, shares: Shares, seed: int
    ) -> None:
        self.store = store
        self.room = room
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
        """Offer samples; those that enter take the places of others.

        Args:
            inputs: The samples.
            labels: Their classes.
            extras: What else is to be kept of each; the same names at every call.

        Raises:
            UsageError: If there is no room for a single sample.
        """
        extras = dict(extras or {})
        packed, labels = self.store.pack(inputs), labels.cpu()
        beside = self.labels.element_size() + sum(extra[:1].nbytes for extra in extras.values())
        sizes = packed.sizes + beside
        if self.room < int(sizes.min()):
            raise UsageError(
                f"a budget of {self.room} bytes holds not one sample, which takes {int(sizes.min())}: give more by budget"
            )
        stay, enter = admit(
            self.labels.long(),
            self.store.sizes + beside,
            labels,
            sizes,
            self.seen.long(),
            room=self.room,
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
        """Return some of the samples, as a model reads them, with their labels."""
        return self.store.unpack(places), self.labels[places].long()

    def stored_bytes(self) -> int:
        """Return the bytes of all that is kept, the counts of samples met included."""
        samples = int(self.store.sizes.sum()) + self.labels.nbytes
        return samples + sum(extra.nbytes for extra in self.extras.values()) + self.seen.nbytes

    def state_dict(self) -> dict[str, Any]:
        """Return all that is kept, and the generator of the draws."""
        return {
            "store": self.store.tensors(),
            "labels": self.labels,
            "extras": dict(self.extras),
            "seen": self.seen,
            "draws": self._draws.get_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what :meth:`state_dict` returned."""
        self.store = self.store.filled(state["store"])
        self.labels, self.seen = state["labels"].clone(), state["seen"].clone()
        self.extras = {name: extra.clone() for name, extra in state["extras"].items()}
        self._draws.set_state(state["draws"])


def raw_storage(stream: Stream) -> RowStorage:
    """Return an empty store of samples as they come: bytes where a stream counts a byte per value, half floats or floats else."""
    length, features = stream.signature.length, stream.signature.features or 1
    value_bytes = (stream.sample_bytes - 1) // (length * features)
    return RowStorage.empty(
        (length, features), {1: torch.uint8, 2: torch.float16}.get(value_bytes, torch.float32)
    )


def room_for(budget: int, mem_size: int, stream: Stream) -> int:
    """Return the bytes that samples may take.

    Args:
        budget: Bytes of all that is kept, the counts of samples met (4 bytes per class) included; 0
            to go by ``mem_size``.
        mem_size: As many bytes as this many raw samples.
        stream: Says what a raw sample takes.

    Raises:
        UsageError: If either is negative, or both leave no room.
    """
    room = budget - 4 * stream.signature.outputs if budget else mem_size * stream.sample_bytes
    if room < stream.sample_bytes and not budget:
        raise UsageError(
            f"mem_size = {mem_size} keeps nothing: it takes a number of samples from 1, or give bytes by budget"
        )
    if room <= 0:
        raise UsageError(
            f"budget = {budget} bytes holds nothing: it takes more than {4 * stream.signature.outputs}, such as 16000"
        )
    return room
