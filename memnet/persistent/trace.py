"""StreamTrace: a recording of what the persistent memory does over a stream of samples.

Set as ``memory.trace``. Its table is that of :mod:`memnet.tracing.table`: ``time`` counts samples
seen, a content is the number of a sample in the stream, and ``token`` is its class.

Legend: ``N`` slots, ``B`` batch, ``k`` slots read.
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from memnet.tracing.table import NONE, Event, columns


@dataclass(slots=True)
class StreamTrace:
    """The events of a persistent memory, from when it is set.

    Samples that were stored before are not named.

    Attributes:
        contents: Number of the sample in each slot.
        reads: Number of reads so far.
    """

    contents: Int[Tensor, " N"] = field(default_factory=lambda: torch.zeros(0, dtype=torch.int64))
    reads: int = 0
    _events: list[Event] = field(default_factory=list)

    def columns(self) -> dict[str, Shaped[Tensor, " R"]]:
        """Return the table as columns; see :func:`memnet.tracing.table.columns`."""
        return columns(self._events)

    def met(
        self,
        gone: Int[Tensor, " g"],
        taken: Int[Tensor, " c"],
        samples: Int[Tensor, " c"],
        labels: Int[Tensor, " c"],
        *,
        slots: int,
        clock: int,
    ) -> None:
        """Record new samples.

        Args:
            gone: Slots that lost their samples.
            taken: Slots that hold new samples.
            samples: Their numbers in the stream.
            labels: Their classes.
            slots: N.
            clock: Samples seen, the new ones included.
        """
        if len(self.contents) != slots:
            self.contents = torch.full((slots,), NONE, device=gone.device)
        self._add("evict", clock, slot=gone, content=self.contents[gone])
        self.contents[gone] = NONE
        self.contents[taken] = samples
        self._add("place", clock, slot=taken, content=samples, token=labels)

    def forgot(self, slots: Int[Tensor, " g"], clock: int) -> None:
        """Record slots that lost their samples on request."""
        self._add("forget", clock, slot=slots, content=self._of(slots))
        self.contents[slots] = NONE

    def slept(self, recoded: Int[Tensor, " n"], clock: int) -> None:
        """Record a sleep, which encoded these slots again."""
        self._add("dream", clock, slot=recoded, content=self._of(recoded))

    def read(self, slots: Int[Tensor, "B k"], weights: Float[Tensor, "B k"], clock: int) -> None:
        """Record the reads of a batch."""
        reader = torch.arange(len(slots), device=slots.device).unsqueeze(1) + self.reads
        self.reads += len(slots)
        flat = slots.flatten()
        self._add(
            "read",
            clock,
            slot=flat,
            content=self._of(flat),
            other_content=reader.expand_as(slots).flatten(),
            weight=weights.detach().flatten(),
        )

    def _of(self, slots: Int[Tensor, " n"]) -> Int[Tensor, " n"]:
        if len(self.contents) == 0:
            return torch.full_like(slots, NONE)
        return self.contents[slots]

    def _add(self, event: str, clock: int, **given: Tensor) -> None:
        slot = given["slot"]
        here = {"memory": torch.zeros_like(slot), "head": torch.zeros_like(slot)}
        self._events.append((event, {**here, "time": torch.full_like(slot, clock), **given}))
