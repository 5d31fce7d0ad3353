"""The selective scan and its own gradient against a plain loop, and the initial values of Mamba."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from baselines.interface import Signature
from baselines.models import mamba
from baselines.models._selective_scan import CHUNK, selective_scan
from baselines.models._step_size import LONGEST, SHORTEST, inverse_softplus

LENGTHS = (1, CHUNK - 1, CHUNK, 3 * CHUNK + 2)
CHANNELS, STATES = 5, 4


def loop(
    written: Tensor, step: Tensor, rate: Tensor, write: Tensor, read: Tensor, state: Tensor
) -> tuple[Tensor, Tensor]:
    """``h_t = exp(Δ_t A) ⊙ h_{t−1} + (Δ_t x_t) B_tᵀ``, ``y_t = C_t h_t``."""
    outputs = []
    for t in range(written.shape[1]):
        state = (step[:, t].unsqueeze(1) * rate).exp() * state + write[:, t].unsqueeze(2) * written[
            :, t
        ].unsqueeze(1)
        outputs.append((read[:, t].unsqueeze(2) * state).sum(1))
    return torch.stack(outputs, dim=1), state


def drawn(length: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(length)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    step, rate = functional.softplus(normal(3, length, CHANNELS)), -normal(STATES, CHANNELS).exp()
    return [
        normal(3, length, CHANNELS),
        step,
        rate,
        normal(3, length, STATES),
        normal(3, length, STATES),
        normal(3, STATES, CHANNELS),
    ]


@pytest.mark.parametrize("length", LENGTHS)
def test_scan_equals_loop(length: int) -> None:
    inputs = drawn(length)
    for found, expected in zip(selective_scan(*inputs), loop(*inputs), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("length", LENGTHS)
def test_scan_gradients_equal_loop(length: int) -> None:
    grads = []
    for run in (selective_scan, loop):
        inputs = [tensor.requires_grad_() for tensor in drawn(length)]
        outputs, state = run(*inputs)
        (outputs.sin().sum() + state.cos().sum()).backward()
        grads.append([tensor.grad for tensor in inputs])
    for found, expected in zip(*grads, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


def test_scan_does_not_change_inputs() -> None:
    inputs = drawn(9)
    before = [tensor.clone() for tensor in inputs]
    outputs, state = selective_scan(*(tensor.requires_grad_() for tensor in inputs))
    (outputs.sum() + state.sum()).backward()
    for tensor, expected in zip(inputs, before, strict=True):
        torch.testing.assert_close(tensor.detach(), expected, rtol=0, atol=0)


def test_step_of_log_two_halves_state() -> None:
    """State 8, A = −1 and Δ = log 2: 8/2 + 3·1 = 7, read by 10.

    Then 7/2 + 1·2 = 5.5, read by 1.
    """
    half = torch.full((1, 2, 1), 2.0).log()
    written, write, read = (
        torch.tensor(row).view(1, 2, 1) for row in ([3.0, 2.0], [1.0, 1.0], [10.0, 1.0])
    )
    outputs, state = selective_scan(
        written, half, -torch.ones(1, 1), write, read, torch.full((1, 1, 1), 8.0)
    )
    torch.testing.assert_close(outputs.flatten(), torch.tensor([70.0, 5.5]))
    torch.testing.assert_close(state.flatten(), torch.tensor([5.5]))


def test_initial_values_are_as_published() -> None:
    torch.manual_seed(0)
    model = mamba.build(mamba.Config(width=64), Signature(vocabulary=11, outputs=11, length=24))
    parameters = dict(model.named_parameters())
    rates = parameters["blocks.0.mixer.log_rate"].exp()
    torch.testing.assert_close(rates, torch.arange(1.0, 17.0).unsqueeze(1).expand(16, 128))
    steps = functional.softplus(parameters["blocks.0.mixer.step.bias"])
    assert steps.min() >= 0.999 * SHORTEST
    assert steps.max() <= 1.001 * LONGEST
    assert float(steps.detach().log().mean()) == pytest.approx(
        math.log(SHORTEST * LONGEST) / 2, abs=0.5
    )
    assert parameters["blocks.0.mixer.step.weight"].shape == (128, 4)
    torch.testing.assert_close(parameters["blocks.0.mixer.skip"], torch.ones(128))


def test_inverse_softplus_inverts_softplus() -> None:
    lengths = torch.tensor([1e-4, 1e-2, 1.0, 30.0, 100.0])
    torch.testing.assert_close(functional.softplus(inverse_softplus(lengths)), lengths)


@pytest.mark.parametrize("options", [{"states": 0}, {"step_rank": 0}, {"layers": 0}])
def test_invalid_options_are_an_error(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(options))} = 0"):
        mamba.Config(**options)
