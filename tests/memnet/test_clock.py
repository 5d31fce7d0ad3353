"""The clock: its count, its code, and its gradient to the gates."""

import torch

from memnet import clock
from tests.memnet.active_model import active_model, run_with_chunks, tokens


def test_write_counts_one_and_passes_its_whole_gradient() -> None:
    gate = torch.tensor([0.0, 0.3, 1.0], requires_grad=True)
    count = clock.straight_through_count(gate)
    assert count.tolist() == [0.0, 1.0, 1.0]
    count.backward(torch.tensor([2.0, 3.0, 4.0]))
    assert gate.grad is not None
    assert gate.grad.tolist() == [2.0, 3.0, 4.0]


def test_count_before_a_token_is_sum_of_earlier_steps() -> None:
    assert clock.before(torch.tensor([2.0]), torch.tensor([[1.0, 0.0, 1.0, 1.0]])).tolist() == [
        [2.0, 3.0, 3.0, 4.0]
    ]


def test_code_of_one_is_sines_and_cosines_of_powers_of_a_quarter() -> None:
    sines, cosines = (
        [0.841471, 0.247404, 0.062459, 0.015624],
        [0.540302, 0.968912, 0.998047, 0.999878],
    )
    torch.testing.assert_close(
        clock.code(torch.tensor(1.0)), torch.tensor(sines + cosines), rtol=0, atol=1e-6
    )


def test_counts_have_gradients_of_all_earlier_gates() -> None:
    output, (found,) = run_with_chunks(active_model(chunk=8, dreaming=False), tokens(length=8))
    gates = found.written.logits
    slope = 1.2 * gates.sigmoid() * (1.0 - gates.sigmoid())
    (of_last,) = torch.autograd.grad(found.written.count[..., -1].sum(), gates, retain_graph=True)
    torch.testing.assert_close(
        of_last, torch.cat([slope[..., :-1], torch.zeros_like(slope[..., -1:])], dim=-1)
    )
    (of_state,) = torch.autograd.grad(output.state.slots.count.sum(), gates)
    torch.testing.assert_close(of_state, slope)
