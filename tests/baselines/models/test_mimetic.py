"""``init=mimetic``: the first layer initially answers with what followed the present input."""

import math
from types import ModuleType
from typing import cast

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from baselines.interface import Signature
from baselines.models import delta_rule, gated_delta_rule, mamba
from baselines.models._layer_stack import Mixer, ResidualBlock, Stack

MODULES = pytest.mark.parametrize(
    "module", [delta_rule, gated_delta_rule, mamba], ids=["delta-rule", "gated-delta-rule", "mamba"]
)
FIRST, SECOND, THIRD, NOTHING = range(4)


def build(module: ModuleType, init: str) -> Stack:
    torch.manual_seed(0)
    model = module.build(module.Config(init=init), Signature(vocabulary=16, outputs=16, length=256))
    return cast(Stack, model)


def answer(module: ModuleType, init: str, order: list[int]) -> tuple[Tensor, Tensor]:
    """Return what the first layer adds at the last of some inputs, and the three inputs.

    The input `NOTHING` is zero.
    """
    mixer = cast(Mixer, cast(ResidualBlock, build(module, init).blocks[0]).mixer)
    width = module.Config().width
    vectors = torch.randn(3, width, generator=torch.Generator().manual_seed(1))
    vectors = functional.normalize(vectors, dim=-1) * width**0.5
    inputs = torch.cat([vectors, torch.zeros(1, width)])[order]
    with torch.no_grad():
        outputs, _ = mixer(inputs.unsqueeze(0), mixer.initial_state(1))
    return outputs[0, -1], vectors


@MODULES
def test_first_layer_answers_with_the_successor(module: ModuleType) -> None:
    for order, successor in (
        ([FIRST, SECOND, THIRD, FIRST], SECOND),
        ([FIRST, SECOND, THIRD, SECOND], THIRD),
        ([SECOND, FIRST, THIRD, THIRD, FIRST], THIRD),
    ):
        for init in ("mimetic", "plain"):
            output, vectors = answer(module, init, order)
            cosine = float(functional.cosine_similarity(output, vectors[successor], dim=0))
            assert (cosine > 0.7) == (init == "mimetic"), cosine


def test_mamba_forgets_a_thousandth_per_step() -> None:
    near, vectors = answer(mamba, "mimetic", [FIRST, SECOND, FIRST])
    far, _ = answer(mamba, "mimetic", [FIRST, SECOND, *[NOTHING] * 100, FIRST])
    torch.testing.assert_close(far, math.exp(-0.1) * near, rtol=0.1, atol=0.05)
    assert near @ vectors[SECOND] > 0.5 * len(near), "about as long as the input"


@MODULES
def test_other_layers_are_unchanged(module: ModuleType) -> None:
    plain, mimetic = (build(module, init).state_dict() for init in ("plain", "mimetic"))
    changed = {name for name in plain if not torch.equal(plain[name], mimetic[name])}
    assert changed
    assert all(name.startswith("blocks.0.mixer.") for name in changed)


def test_mamba_needs_channels_for_two_inputs() -> None:
    with pytest.raises(ValueError, match="expansion = 1"):
        mamba.Config(init="mimetic", expansion=1)
