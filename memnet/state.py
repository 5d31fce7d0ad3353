"""The state that MemNet carries from one token to the next.

Legend: ``B`` memories, ``H`` heads, ``G`` linked ones (the last), ``N`` slots, ``K`` key width,
``V`` value width, ``W`` controller window, ``D`` width, ``Z`` bottleneck, ``L`` links of a slot.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from memnet.config import MemNetConfig
from memnet.tape import Tape


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """The bank's slots and their graph.

    A slot is occupied if its strength is above zero, otherwise empty.

    Attributes:
        keys: Unit-norm keys.
        values: Contents.
        strength: Write gate at the last write, in (0, 1]; merging adds, so a merged slot may exceed
            1; 0 in an empty slot.
        usage: Read weight that a slot has received since its birth.
        birth: Token of the first write to the slot.
        written: Token of its last write.
        fresh: Whether it was written since the last dream.
        links: The strongest links of each slot of the linked heads: positive, or 0 where there is
            none; of no slots if the graph is switched off.
        targets: The slots to which they lead.
        trace: Pre-synaptic trace of each slot of the linked heads.
        count: The memory clock: writes so far.
    """

    keys: Float[Tensor, "B H N K"]
    values: Float[Tensor, "B H N V"]
    strength: Float[Tensor, "B H N"]
    usage: Float[Tensor, "B H N"]
    birth: Int[Tensor, "B H N"]
    written: Int[Tensor, "B H N"]
    fresh: Bool[Tensor, "B H N"]
    links: Float[Tensor, "B G N L"]
    targets: Int[Tensor, "B G N L"]
    trace: Float[Tensor, "B G N"]
    count: Float[Tensor, "B H"]

    @property
    def occupied(self) -> Bool[Tensor, "B H N"]:
        """Slots that are not empty."""
        return self.strength > 0

    @property
    def unlinked(self) -> int:
        """Number of heads before the linked ones."""
        return self.strength.shape[1] - self.links.shape[1]

    @property
    def adjacency(self) -> Float[Tensor, "B G N N"]:
        """Links ``A[i, j]`` from slot i to slot j as a table: non-negative, zero diagonal."""
        return self.graph(self.links.shape[2])

    def graph(self, size: int) -> Float[Tensor, "B G size size"]:
        """Return the links of the first ``size`` slots as a table; later ones must have none."""
        links, targets = self.links[:, :, :size], self.targets[:, :, :size]
        empty = links.new_zeros(*links.shape[:3], size)
        return empty.scatter_add(-1, targets.long(), links) if size else empty

    def linked(self, adjacency: Float[Tensor, "B G N N"]) -> "Slots":
        """Return the slots with these links; each keeps its L strongest ones."""
        links, targets = strongest(adjacency, self.links.shape[-1])
        return replace(self, links=links, targets=targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemNetState:
    """State of one pass over a sequence.

    Attributes:
        slots: The bank.
        window: The controller's last ``W`` inputs.
        tail: The last bottleneck codes, which the taps of keys and queries still reach.
        tape: The tape of serial recall, or None if it is switched off.
        time: Tokens read so far.
    """

    slots: Slots
    window: Float[Tensor, "B W D"]
    tail: Float[Tensor, "B taps-1 Z"]
    tape: Tape | None
    time: int


def strongest(
    adjacency: Float[Tensor, "B G N N"], degree: int
) -> tuple[Float[Tensor, "B G N L"], Int[Tensor, "B G N L"]]:
    """Return the ``degree`` strongest links of each slot and their targets."""
    kept = min(degree, adjacency.shape[-1])
    links, targets = adjacency.topk(kept, dim=-1)
    targets = targets.masked_fill(links <= 0, 0).to(torch.int16)
    room = (0, degree - kept)
    return functional.pad(links, room), functional.pad(targets, room)


NO_STEP = -1
"""Time at which an empty slot was written."""


def widen(slots: Slots, extra: int, *, linked: bool) -> Slots:
    """Add ``extra`` empty slots at the end; ``linked`` if there is a graph."""
    edges = extra if linked else 0

    def times(written: Int[Tensor, "B H N"]) -> Int[Tensor, "B H N+extra"]:
        return functional.pad(written, (0, extra), value=NO_STEP)

    return Slots(
        keys=functional.pad(slots.keys, (0, 0, 0, extra)),
        values=functional.pad(slots.values, (0, 0, 0, extra)),
        strength=functional.pad(slots.strength, (0, extra)),
        usage=functional.pad(slots.usage, (0, extra)),
        birth=times(slots.birth),
        written=times(slots.written),
        fresh=functional.pad(slots.fresh, (0, extra)),
        links=functional.pad(slots.links, (0, 0, 0, edges)),
        targets=functional.pad(slots.targets, (0, 0, 0, edges)),
        trace=functional.pad(slots.trace, (0, edges)),
        count=slots.count,
    )


def empty_state(config: MemNetConfig, batch: int, like: Tensor) -> MemNetState:
    """Return the state before the first token, on the device and in the type of ``like``.

    Slots are created when needed.
    """
    b, h, g = batch, config.heads, config.linked_heads
    never = torch.full((b, h, 0), NO_STEP, dtype=torch.int64, device=like.device)
    return MemNetState(
        slots=Slots(
            keys=like.new_zeros(b, h, 0, config.key_width),
            values=like.new_zeros(b, h, 0, config.width // config.heads),
            strength=like.new_zeros(b, h, 0),
            usage=like.new_zeros(b, h, 0),
            birth=never,
            written=never,
            fresh=never >= 0,
            links=like.new_zeros(b, g, 0, config.degree),
            targets=never.new_zeros(b, g, 0, config.degree, dtype=torch.int16),
            trace=like.new_zeros(b, g, 0),
            count=like.new_zeros(b, h),
        ),
        window=like.new_zeros(b, config.window, config.width),
        tail=like.new_zeros(b, config.key_taps - 1, config.bottleneck),
        tape=Tape.empty(b, config.width, like) if config.serial else None,
        time=0,
    )
