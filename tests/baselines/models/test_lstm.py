"""The initial gates of the LSTM: how long a cell keeps its content before any training."""

from typing import Literal

import pytest
import torch
from torch import Tensor

from baselines.interface import Signature
from baselines.models.lstm import LSTM, Config, LSTMState

LENGTH, STEPS, LAYERS = 200, 7, 2
Init = Literal["chrono", "forget", "plain"]


def build(init: Init, length: int = LENGTH) -> LSTM:
    torch.manual_seed(0)
    config = Config(width=8, layers=LAYERS, init=init)
    return LSTM(config, Signature(vocabulary=5, outputs=5, length=length))


def share_kept(model: LSTM) -> Tensor:
    """Return the share of each cell that a step keeps, ``[layers, D]``.

    Without weights and without a candidate, ``c_t = σ(b_f) ⊙ c_{t−1}``.
    """
    with torch.no_grad():
        for layer in range(LAYERS):
            for name in ("weight_ih", "weight_hh"):
                getattr(model.recurrence, f"{name}_l{layer}").zero_()
            for name in ("bias_ih", "bias_hh"):
                getattr(model.recurrence, f"{name}_l{layer}").view(4, -1)[2] = 0.0
        ones = torch.ones(1, LAYERS, 8)
        inputs = torch.zeros(1, STEPS, dtype=torch.long)
        cell = model(inputs, LSTMState(hidden=torch.zeros_like(ones), cell=ones)).state.cell
    return cell[0] ** (1 / STEPS)


def test_chrono_time_constants_are_uniform_over_the_training_length() -> None:
    """Tallec & Ollivier 2018: ``σ(log u) = u / (1 + u)``, so a cell forgets within 1 + u steps."""
    constant = 1 / (1 - share_kept(build("chrono")))
    assert ((constant >= 2 - 1e-2) & (constant <= LENGTH + 1e-1)).all()
    assert constant.min() < LENGTH / 4
    assert constant.max() > 3 * LENGTH / 4


def test_chrono_closes_input_gates_as_far_as_forget_gates_are_open() -> None:
    """``b_i = −b_f`` in the sum of both biases; the other two gates are unchanged."""
    chrono, plain = build("chrono"), build("plain")
    for layer in range(LAYERS):
        found, before = (
            sum(
                getattr(one.recurrence, f"bias_{name}_l{layer}").view(4, -1)
                for name in ("ih", "hh")
            )
            for one in (chrono, plain)
        )
        torch.testing.assert_close(found[0], -found[1])
        torch.testing.assert_close(found[2:], before[2:])


def test_forget_bias_is_one() -> None:
    """Jozefowicz et al. 2015: a bias of 1 in every forget gate, ``σ(1) = 0.731``."""
    kept = share_kept(build("forget"))
    torch.testing.assert_close(kept, torch.full_like(kept, 0.7310586))


def test_plain_gates_are_half_open() -> None:
    kept = share_kept(build("plain"))
    assert (kept < 0.7).all()


@pytest.mark.parametrize("length", [1, 2])
def test_shortest_sequences_have_finite_biases(length: int) -> None:
    assert all(one.isfinite().all() for one in build("chrono", length).parameters())
