"""The initial gates of the GRU: how long a state is retained before any training."""

from typing import Literal

import torch
from torch import Tensor

from baselines.interface import Signature
from baselines.models.gru import GRU, Config, GRUState

LENGTH, STEPS, LAYERS = 200, 7, 2


def share_kept(init: Literal["chrono", "plain"]) -> Tensor:
    """Return the share of each state that a step keeps, ``[layers, D]``.

    Without weights and without a candidate, ``h_t = z ⊙ h_{t−1}``.
    """
    torch.manual_seed(0)
    config = Config(width=8, layers=LAYERS, init=init)
    model = GRU(config, Signature(vocabulary=5, outputs=5, length=LENGTH))
    with torch.no_grad():
        for layer in range(LAYERS):
            for name in ("weight_ih", "weight_hh"):
                getattr(model.recurrence, f"{name}_l{layer}").zero_()
            for name in ("bias_ih", "bias_hh"):
                getattr(model.recurrence, f"{name}_l{layer}").view(3, -1)[2] = 0.0
        ones = torch.ones(1, LAYERS, 8)
        hidden = model(torch.zeros(1, STEPS, dtype=torch.long), GRUState(hidden=ones)).state.hidden
    return hidden[0] ** (1 / STEPS)


def test_chrono_time_constants_are_uniform_over_the_training_length() -> None:
    """Tallec & Ollivier 2018: ``σ(log u) = u / (1 + u)``, so a state is lost within 1 + u steps."""
    constant = 1 / (1 - share_kept("chrono"))
    assert ((constant >= 2 - 1e-2) & (constant <= LENGTH + 1e-1)).all()
    assert constant.min() < LENGTH / 4
    assert constant.max() > 3 * LENGTH / 4


def test_plain_gates_are_half_open() -> None:
    assert (share_kept("plain") < 0.7).all()
