"""States with one slot: what can be read from it alone.

Legend: ``B`` memories, ``H`` heads, ``N`` slots.
"""

from dataclasses import replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from memnet.config import MemNetConfig
from memnet.recorder import Recorder
from memnet.state import MemNetState, empty_state


def with_single_slot(
    state: MemNetState, config: MemNetConfig, head: int, slot: Int[Tensor, " B"]
) -> MemNetState:
    """Return the state in which each memory holds one slot of one head, and nothing else.

    Other slots, all links and traces, the tape, and what the controller still sees of the last
    tokens are empty: an item among these could be named without its slot. The clock is that of the
    state.

    Args:
        state: The state.
        config: Options of the model.
        head: The head.
        slot: Which of its slots remains, for each memory.
    """
    slots = state.slots
    row = torch.arange(len(slot), device=slot.device)
    kept = torch.zeros(*slots.strength.shape[:2], 1, dtype=torch.bool, device=slot.device)
    kept[:, head] = True

    def only(values: Tensor, empty: float = 0) -> Tensor:
        chosen = values[row, :, slot].unsqueeze(2)
        mask = kept.view(*kept.shape, *[1] * (values.dim() - 3))
        return torch.where(mask, chosen, torch.full_like(chosen, empty))

    edges = 1 if config.hebbian else 0
    return replace(
        state,
        slots=replace(
            slots,
            keys=only(slots.keys),
            values=only(slots.values),
            strength=only(slots.strength),
            usage=only(slots.usage),
            birth=only(slots.birth, -1),
            written=only(slots.written, -1),
            fresh=only(slots.fresh),
            links=slots.links.new_zeros(*slots.links.shape[:2], edges, slots.links.shape[-1]),
            targets=slots.targets.new_zeros(*slots.links.shape[:2], edges, slots.links.shape[-1]),
            trace=slots.trace.new_zeros(*slots.links.shape[:2], edges),
        ),
        window=torch.zeros_like(state.window),
        tail=torch.zeros_like(state.tail),
        tape=empty_state(config, len(slot), slots.keys).tape,
    )


class LastRead(Recorder):
    """Holds the weights of the last token's read, over all entries.

    Attributes:
        weights: The weights; None before the first read.
    """

    __slots__ = ("weights",)

    weights: Float[Tensor, "B H E"] | None

    def __init__(self) -> None:
        super().__init__()
        self.weights = None

    def read(self, weights: Float[Tensor, "B H C E"], visible: Bool[Tensor, "B H C E"]) -> None:
        """Hold the weights of the last token."""
        self.weights = weights[:, :, -1].detach()
