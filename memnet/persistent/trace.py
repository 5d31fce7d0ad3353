"""StreamTrace: a recording of what the persistent memory does over a stream of samples.

Set as ``memory.trace``. Its table is that of :mod:`memnet.tracing.table`: ``time`` counts samples
seen, a content is the number of a sample in the stream, and ``token`` is its class.

Legend: ``N`` slots, ``B`` batch, ``k`` slots read.
"""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int, Shaped, UInt8
from torch import Tensor

from memnet.tracing.table import NONE, Event, columns


@dataclass(slots=True)
class StreamTrace:
    """The events of a persistent memory, from when it is set.

    Samples that were stored before are not named.

    Attributes:
        contents: Number of the sample in each slot.
        seen: Samples of the stream so far. It is a count of its own, since the bank's clock does
            not count samples that were forgotten on request. None until it is known.
        reads: Number of reads so far.
    """

    contents: Int[Tensor, " N"] = field(default_factory=lambda: torch.zeros(0, dtype=torch.int64))
    seen: int | None = None
    reads: int = 0
    _events: list[Event] = field(default_factory=list)

    def columns(self) -> dict[str, Shaped[Tensor, " R"]]:
        """Return the table as columns; see :func:`memnet.tracing.table.columns`."""
        return columns(self._events)

    def record_samples(
        self,
        gone: Int[Tensor, " g"],
        gone_strengths: UInt8[Tensor, " g"],
        taken: Int[Tensor, " c"],
        strengths: UInt8[Tensor, " c"],
        samples: Int[Tensor, " c"],
        labels: Int[Tensor, " c"],
        *,
        slots: int,
        offered: int,
        clock: int,
    ) -> None:
        """Record new samples.

        Args:
            gone: Slots that lost their samples.
            gone_strengths: Strengths of their edges.
            taken: Slots that hold new samples.
            strengths: Strengths of their edges.
            samples: Their numbers among the samples offered.
            labels: Their classes.
            slots: N.
            offered: Number of samples offered.
            clock: The bank's clock, the new samples included.
        """
        if len(self.contents) != slots:
            self.contents = torch.full((slots,), NONE, device=gone.device)
        before = clock - offered if self.seen is None else self.seen
        self.seen, contents = before + offered, before + samples
        self._add(
            "evict",
            self.seen,
            slot=gone,
            content=self.contents[gone],
            weight=gone_strengths.float(),
        )
        self.contents[gone] = NONE
        self.contents[taken] = contents
        self._add(
            "place",
            self.seen,
            slot=taken,
            content=contents,
            token=labels,
            weight=strengths.float(),
        )

    def forgot(self, slots: Int[Tensor, " g"], clock: int) -> None:
        """Record slots that lost their samples on request."""
        self._add("forget", self._now(clock), slot=slots, content=self._of(slots))
        if len(self.contents):
            self.contents[slots] = NONE

    def slept(self, dreamt: Int[Tensor, " n"], strengths: UInt8[Tensor, " n"], clock: int) -> None:
        """Record a sleep, and the strengths of the edges of the slots that were dreamt of."""
        now = self._now(clock)
        self._add("sleep", now, slot=torch.full((1,), NONE, device=dreamt.device))
        self._add("dream", now, slot=dreamt, content=self._of(dreamt), weight=strengths.float())

    def read(self, slots: Int[Tensor, "B k"], weights: Float[Tensor, "B k"], clock: int) -> None:
        """Record the reads of a batch."""
        reader = torch.arange(len(slots), device=slots.device).unsqueeze(1) + self.reads
        self.reads += len(slots)
        flat = slots.flatten()
        self._add(
            "read",
            self._now(clock),
            slot=flat,
            content=self._of(flat),
            other_content=reader.expand_as(slots).flatten(),
            weight=weights.detach().flatten(),
        )

    def _now(self, clock: int) -> int:
        return clock if self.seen is None else self.seen

    def _of(self, slots: Int[Tensor, " n"]) -> Int[Tensor, " n"]:
        if len(self.contents) == 0:
            return torch.full_like(slots, NONE)
        return self.contents[slots]

    def _add(self, event: str, clock: int, **given: Tensor) -> None:
        slot = given["slot"]
        here = {"memory": torch.zeros_like(slot), "head": torch.zeros_like(slot)}
        self._events.append((event, {**here, "time": torch.full_like(slot, clock), **given}))
