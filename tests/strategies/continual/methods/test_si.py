"""Synaptic intelligence: the path integral against a hand-computed case."""

import pytest
import torch
from torch import nn

from strategies.continual.methods.si import Config as Intelligence
from strategies.continual.methods.si import SynapticIntelligence


def test_si_path_integral_by_hand() -> None:
    """Two steps on ``½ (θ − 1)²`` from 0 at rate 0.5 have gradients −1, −0.5, moves 0.5, 0.25."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    plugin = SynapticIntelligence(model, Intelligence(strength=2.0, damping=0.1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

    def step(target: float) -> None:
        optimizer.zero_grad()
        (0.5 * (model.weight - target).square()).sum().backward()
        plugin.after_backward(None)
        optimizer.step()
        plugin.after_update(None)

    step(1.0)
    step(1.0)
    assert plugin.path[0].item() == pytest.approx(0.5 + 0.125)
    plugin.after_training_exp(None)
    assert plugin.importance[0].item() == pytest.approx(0.625 / (0.75**2 + 0.1))
    assert plugin.anchor[0].item() == 0.75
    assert plugin.path[0].item() == 0.0
    step(0.0)  # gradient 0.75, and no penalty at the anchor
    assert model.weight.item() == pytest.approx(0.375)
    assert plugin.path[0].item() == pytest.approx(0.75 * 0.375)
    pull = 2 * 2.0 * plugin.importance[0].item() * (0.375 - 0.75)
    step(
        0.375
    )  # the task has no gradient; the penalty alone moves it, and does not count for the path
    assert model.weight.item() == pytest.approx(0.375 - 0.5 * pull)
    assert plugin.path[0].item() == pytest.approx(0.75 * 0.375)
