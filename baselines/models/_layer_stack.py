"""A stack of mixing layers.

Encoder, pre-norm residual blocks and head; each block has a state that is carried between pieces.

Legend: ``B`` batch, ``T`` time, ``F`` features, ``P`` query positions, ``D`` width.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from baselines.interface import ModelOutput, SequenceModel, Signature
from memnet.encoder import Encoder, Head, at_positions

STEPS_PER_PIECE = 128
"""Steps that go through all blocks together."""


class Mixer(nn.Module, ABC):
    """A layer that mixes time steps: vectors and state in, vectors and state out."""

    @abstractmethod
    def initial_state(self, batch: int) -> Any:
        """Return the state before the first step.

        It is a frozen dataclass whose tensors are all batch-first.
        """

    @abstractmethod
    def forward(
        self, hidden: Float[Tensor, "B T D"], state: Any
    ) -> tuple[Float[Tensor, "B T D"], Any]:
        """Return the vectors to add to the hidden vectors, and the state after the last step."""


class GatedMLP(nn.Module):
    """``W_o(silu(W_g h) ⊙ W_v h)``, SwiGLU (Shazeer 2020)."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.into = nn.Linear(width, 2 * inner, bias=False)
        self.out = nn.Linear(inner, width, bias=False)

    def forward(self, hidden: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        """Map each step separately."""
        gate, value = self.into(hidden).chunk(2, dim=-1)
        mapped: Tensor = self.out(functional.silu(gate) * value)
        return mapped


class ResidualBlock(nn.Module):
    """Pre-norm residual mixing, then a pre-norm residual MLP.

    ``h + mix(norm(h))``, ``h + mlp(norm(h))``.

    Args:
        width: D.
        mixer: The mixing layer.
        inner: Hidden width of the MLP; 0 for none.
    """

    def __init__(self, width: int, mixer: Mixer, inner: int = 0) -> None:
        super().__init__()
        self.norm_mixer = nn.RMSNorm(width)
        self.mixer = mixer
        self.norm_mlp = nn.RMSNorm(width) if inner else None
        self.mlp = GatedMLP(width, inner) if inner else None

    def forward(
        self, hidden: Float[Tensor, "B T D"], state: Any
    ) -> tuple[Float[Tensor, "B T D"], Any]:
        """Return the new hidden vectors, and the mixer's state after the last step."""
        mixed, state = self.mixer(self.norm_mixer(hidden), state)
        hidden = hidden + mixed
        if self.mlp is not None and self.norm_mlp is not None:
            hidden = hidden + self.mlp(self.norm_mlp(hidden))
        return hidden, state


@dataclass(frozen=True, slots=True, kw_only=True)
class StackState:
    """The state of each block's mixer, first block first."""

    layers: tuple[Any, ...]


class Stack(SequenceModel):
    """Encoder, blocks, head. It streams exactly if its mixers do.

    Args:
        signature: Inputs and outputs.
        width: D.
        blocks: The blocks, first to last.
    """

    def __init__(self, signature: Signature, width: int, blocks: Sequence[ResidualBlock]) -> None:
        super().__init__()
        self.encoder = Encoder(signature.vocabulary, signature.features, width)
        self.blocks = nn.ModuleList(blocks)
        self.head = Head(self.encoder, signature.outputs)

    def initial_state(self, batch: int) -> StackState:
        """Return each mixer's state before the first step."""
        return StackState(
            layers=tuple(
                cast(ResidualBlock, block).mixer.initial_state(batch) for block in self.blocks
            )
        )

    def forward(
        self,
        inputs: Int[Tensor, "B T"] | Float[Tensor, "B T F"],
        state: StackState | None = None,
        *,
        targets: Int[Tensor, "B P"] | None = None,
        positions: Int[Tensor, "B P"] | None = None,
        record: object = None,
        generator: torch.Generator | None = None,
    ) -> ModelOutput:
        """See :class:`baselines.interface.SequenceModel`."""
        if state is None:
            state = self.initial_state(inputs.shape[0])
        outputs = []
        # A whole batch's intermediates would not fit in the processor's cache; pieces give the same
        # result in less time.
        for piece in torch.split(inputs, STEPS_PER_PIECE, dim=1):
            hidden, state = self._piece(piece, state)
            outputs.append(hidden)
        return ModelOutput(
            logits=self.head(at_positions(torch.cat(outputs, dim=1), positions)), state=state
        )

    def _piece(
        self, inputs: Tensor, state: StackState
    ) -> tuple[Float[Tensor, "B T D"], StackState]:
        hidden, after = self.encoder(inputs), []
        for block, before in zip(self.blocks, state.layers, strict=True):
            hidden, carried = block(hidden, before)
            after.append(carried)
        return hidden, StackState(layers=tuple(after))
