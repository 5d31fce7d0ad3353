"""A stack of blocks: the residual sums of a block, and streaming in pieces of any length.

Pieces also cross the boundaries of the pieces that the stack makes itself.
"""

from typing import Any

import pytest
import torch
from torch.nn import functional

from baselines.interface import Signature, state_bytes
from baselines.models._gate import OpenGate
from baselines.models._layer_stack import STEPS_PER_PIECE, GatedMLP, Mixer, ResidualBlock
from baselines.registry import Registry

LENGTH = 2 * STEPS_PER_PIECE + 40
STACKS = ("delta-rule", "gated-delta-rule", "mamba")


class Sum(Mixer):
    """Adds up all steps so far; its state is the sum."""

    def initial_state(self, batch: int) -> torch.Tensor:
        return torch.zeros(batch, 1, 4)

    def forward(self, hidden: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        total = state + hidden.cumsum(dim=1)
        return total, total[:, -1:]


@pytest.mark.parametrize("name", STACKS)
def test_pieces_of_any_length_equal_whole_sequence(name: str) -> None:
    module = Registry("model").get(name).load()
    torch.manual_seed(0)
    model = module.build(
        module.Config(width=16), Signature(vocabulary=11, outputs=11, length=LENGTH)
    ).double()
    inputs = torch.randint(11, (2, LENGTH), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        whole = model(inputs)
        for cuts in (
            [1, 2, 3, LENGTH - 6],
            [STEPS_PER_PIECE, STEPS_PER_PIECE, 40],
            [STEPS_PER_PIECE + 1, 1, LENGTH - STEPS_PER_PIECE - 2],
        ):
            state: Any = None
            pieces = []
            for piece in inputs.split(cuts, dim=1):
                output = model(piece, state)
                state = output.state
                pieces.append(output.logits)
            torch.testing.assert_close(torch.cat(pieces, dim=1), whole.logits, rtol=1e-9, atol=1e-9)
            for found, expected in zip(state.layers, whole.state.layers, strict=True):
                for field in found.__dataclass_fields__:
                    torch.testing.assert_close(
                        getattr(found, field), getattr(expected, field), rtol=1e-9, atol=1e-9
                    )
            assert state_bytes(state) == state_bytes(model.initial_state(2))


def test_block_adds_mixer_and_mlp() -> None:
    torch.manual_seed(0)
    block, hidden = ResidualBlock(4, Sum(), inner=3), torch.randn(2, 5, 4)
    found, state = block(hidden, block.mixer.initial_state(2))
    assert isinstance(block.mlp, GatedMLP)

    def norm(vectors: torch.Tensor) -> torch.Tensor:
        return functional.rms_norm(vectors, (4,))

    mixed = hidden + norm(hidden).cumsum(dim=1)
    gate, value = (norm(mixed) @ block.mlp.into.weight.T).split(3, dim=-1)
    torch.testing.assert_close(
        found, mixed + (gate * gate.sigmoid() * value) @ block.mlp.out.weight.T
    )
    torch.testing.assert_close(state.squeeze(1), norm(hidden).sum(dim=1))


def test_block_without_mlp_adds_only_mixer() -> None:
    block, hidden = ResidualBlock(4, Sum()), torch.ones(1, 2, 4)
    found, _ = block(hidden, block.mixer.initial_state(1))
    torch.testing.assert_close(found, torch.tensor([2.0, 3.0]).view(1, 2, 1).expand(1, 2, 4))


def test_gate_is_initially_open() -> None:
    torch.testing.assert_close(OpenGate(4, 3)(torch.zeros(1, 1, 4)), torch.ones(1, 1, 3))
