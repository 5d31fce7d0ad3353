"""The clock: its count, its code, and what it passes back to the gates."""

import torch

from memnet import clock
from tests.memnet.active_model import lively, tokens, watched


def test_a_write_counts_one_however_far_its_gate_is_open_and_each_gate_gets_the_whole_gradient() -> (
    None
):
    gate = torch.tensor([0.0, 0.3, 1.0], requires_grad=True)
    count = clock.straight_through_count(gate)
    assert count.tolist() == [0.0, 1.0, 1.0]
    count.backward(torch.tensor([2.0, 3.0, 4.0]))
    assert gate.grad is not None
    assert gate.grad.tolist() == [2.0, 3.0, 4.0]


def test_before_a_token_stands_what_the_earlier_ones_have_counted() -> None:
    assert clock.before(torch.tensor([2.0]), torch.tensor([[1.0, 0.0, 1.0, 1.0]])).tolist() == [
        [2.0, 3.0, 3.0, 4.0]
    ]


def test_the_code_of_one_is_the_sines_and_cosines_of_1_and_a_quarter_and_so_on() -> None:
    sines, cosines = (
        [0.841471, 0.247404, 0.062459, 0.015624],
        [0.540302, 0.968912, 0.998047, 0.999878],
    )
    torch.testing.assert_close(
        clock.code(torch.tensor(1.0)), torch.tensor(sines + cosines), rtol=0, atol=1e-6
    )


def test_counts_in_a_chunk_and_after_it_learn_from_every_gate_before() -> None:
    output, (found,) = watched(lively(chunk=8, dreaming=False), tokens(length=8))
    gates = found.written.logits
    slope = 1.2 * gates.sigmoid() * (1.0 - gates.sigmoid())
    (of_last,) = torch.autograd.grad(found.written.count[..., -1].sum(), gates, retain_graph=True)
    torch.testing.assert_close(
        of_last, torch.cat([slope[..., :-1], torch.zeros_like(slope[..., -1:])], dim=-1)
    )
    (of_state,) = torch.autograd.grad(output.state.slots.count.sum(), gates)
    torch.testing.assert_close(of_state, slope)
