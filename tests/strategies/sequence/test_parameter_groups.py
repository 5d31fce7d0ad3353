"""Weight decay: matrices alone have it."""

import pytest
import torch
from torch import nn

from baselines.interface import Signature
from baselines.models import mamba
from strategies.sequence.parameter_groups import WEIGHT_DECAY, parameter_groups
from strategies.sequence.train import training_parts


def decay_by_name(model: nn.Module) -> dict[str, float]:
    names = {parameter: name for name, parameter in model.named_parameters()}
    return {
        names[parameter]: group["weight_decay"]
        for group in parameter_groups(model)
        for parameter in group["params"]
    }


def test_mamba_has_no_decay_on_rates_skip_steps_norms_and_biases() -> None:
    model = mamba.build(mamba.Config(), Signature(vocabulary=7, outputs=7, length=16))
    found = decay_by_name(model)
    assert set(found) == {name for name, _ in model.named_parameters()}
    undecayed = {name for name, decay in found.items() if decay == 0.0}
    assert all(decay in (0.0, WEIGHT_DECAY) for decay in found.values())
    assert undecayed == {
        name for name in found if name.endswith(("log_rate", "skip", "bias")) or "norm" in name
    }
    assert "blocks.0.mixer.step.bias" in undecayed, "the steps' bias"


def test_first_update_decays_matrices_alone() -> None:
    """Without a gradient, AdamW multiplies a decayed weight by ``1 − rate · decay``."""
    model = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))
    before = {name: one.detach().clone() for name, one in model.named_parameters()}
    optimizer, _, _ = training_parts(model, steps=10, learning_rate=0.5, seed=0)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    rate = optimizer.param_groups[0]["lr"]
    optimizer.step()
    for name, parameter in model.named_parameters():
        factor = 1 - rate * WEIGHT_DECAY if name == "0.weight" else 1.0
        torch.testing.assert_close(parameter.detach(), factor * before[name])


def test_model_without_matrices_has_one_group() -> None:
    assert [group["weight_decay"] for group in parameter_groups(nn.LayerNorm(3))] == [0.0]


def test_unknown_name_is_an_error() -> None:
    model = nn.Linear(2, 2)
    model.undecayed_parameters = ("rate",)
    with pytest.raises(AttributeError, match="rate"):
        parameter_groups(model)
