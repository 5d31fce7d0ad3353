"""What MemNet carries from one token to the next.

Legend: ``B`` memories, ``H`` heads, ``N`` slots, ``K`` key width, ``V`` value width, ``W`` controller window, ``D`` width, ``Z``
bottleneck.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from memnet.config import MemNetConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """The bank's slots and their graph. A slot is full or empty: it is occupied where its strength is above zero.

    Attributes:
        keys: Unit-norm keys.
        values: Contents.
        strength: Write gate at the last write, in (0, 1]; merging adds, so a merged slot may exceed 1; 0 in an empty slot.
        usage: Read weight that a slot has received since it was taken.
        birth: Token at which the slot was taken.
        written: Token of its last write.
        fresh: Written since the last dream.
        adjacency: Links ``A[i, j]`` from slot i to slot j: non-negative, zero diagonal; empty where the graph is switched off.
        trace: Pre-synaptic trace of each slot.
        count: The memory clock: writes so far.
    """

    keys: Float[Tensor, "B H N K"]
    values: Float[Tensor, "B H N V"]
    strength: Float[Tensor, "B H N"]
    usage: Float[Tensor, "B H N"]
    birth: Int[Tensor, "B H N"]
    written: Int[Tensor, "B H N"]
    fresh: Bool[Tensor, "B H N"]
    adjacency: Float[Tensor, "B H N N"]
    trace: Float[Tensor, "B H N"]
    count: Float[Tensor, "B H"]

    @property
    def occupied(self) -> Bool[Tensor, "B H N"]:
        """Which slots hold something."""
        return self.strength > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MemNetState:
    """State of one pass over a sequence.

    Attributes:
        slots: The bank.
        window: The controller's last ``W`` inputs.
        tail: The last bottleneck codes that the taps of keys and queries still reach.
        time: Tokens read so far.
    """

    slots: Slots
    window: Float[Tensor, "B W D"]
    tail: Float[Tensor, "B taps-1 Z"]
    time: int


def empty_state(config: MemNetConfig, batch: int, like: Tensor) -> MemNetState:
    """Return the state before the first token, on the device and in the type of ``like``."""
    b, h, n = batch, config.heads, config.slots
    linked = n if config.hebbian else 0

    def times() -> Tensor:
        return torch.full((b, h, n), -1, dtype=torch.int64, device=like.device)

    return MemNetState(
        slots=Slots(
            keys=like.new_zeros(b, h, n, config.key_width),
            values=like.new_zeros(b, h, n, config.width // config.heads),
            strength=like.new_zeros(b, h, n),
            usage=like.new_zeros(b, h, n),
            birth=times(),
            written=times(),
            fresh=torch.zeros(b, h, n, dtype=torch.bool, device=like.device),
            adjacency=like.new_zeros(b, h, linked, linked),
            trace=like.new_zeros(b, h, linked),
            count=like.new_zeros(b, h),
        ),
        window=like.new_zeros(b, config.window, config.width),
        tail=like.new_zeros(b, config.key_taps - 1, config.bottleneck),
        time=0,
    )
