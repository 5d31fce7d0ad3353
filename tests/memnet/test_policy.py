"""Reading policies against cases worked by hand."""

import math

import torch

from memnet.heads import open_gate
from memnet.policy import MetaPolicy, entropy, random_weights, top_k_weights, uniform_weights


def row(*values: float) -> torch.Tensor:
    return torch.tensor([[[values]]])


def test_top_k_reads_the_k_best_by_score_and_strength() -> None:
    scores, strength = row(1.0, 2.0, 3.0, 9.0), torch.tensor([[[1.0, 0.5, 0.25, 1.0]]])
    weights = top_k_weights(scores, strength, row(1, 1, 1, 0), 2).flatten()
    share = torch.tensor([0.0, 0.5 * math.exp(2), 0.25 * math.exp(3), 0.0])
    torch.testing.assert_close(weights, share / share.sum())


def test_an_empty_memory_is_not_read() -> None:
    assert not top_k_weights(row(1.0, 2.0), torch.tensor([[[0.0, 0.0]]]), row(1, 1), 2).any()
    assert not uniform_weights(row(0, 0)).any()
    assert not random_weights(torch.tensor([[[0.5]]]), torch.tensor([[[0, 1]]]), row(0, 0)).any()


def test_a_closed_gate_has_no_weight_but_a_gradient() -> None:
    strength = torch.tensor([[[1.0, 0.0]]], requires_grad=True)
    weights = top_k_weights(row(1.0, 3.0), strength, row(1, 1), 2)
    assert weights.flatten().tolist() == [1.0, 0.0]
    weights[..., 1].sum().backward()
    assert strength.grad is not None
    assert strength.grad[0, 0, 1] > 1.0


def test_random_reads_every_visible_entry_about_as_often() -> None:
    birth, seen = torch.arange(8)[None, None], row(1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0)
    draws = torch.linspace(0, 0.999, 1000)[None, None]
    share = random_weights(draws, birth, seen.expand(1, 1, 1000, 8)).mean(2).flatten()
    assert not share[[2, 5]].any()
    assert share[[0, 1, 3, 4, 6, 7]].min() > 0.05
    torch.testing.assert_close(share.sum(), torch.tensor(1.0))


def test_the_mix_is_the_gate_s() -> None:
    policy = MetaPolicy(4, 1)
    with torch.no_grad():
        policy.gate.bias.copy_(torch.tensor([0.2, 0.3, 0.5]).log())
    mixed = policy(torch.zeros(1, 1, 4), torch.zeros(1, 1, 1), row(1, 0), row(0.5, 0.5), row(0, 1))
    torch.testing.assert_close(mixed.flatten(), torch.tensor([0.35, 0.65]))


def test_entropy_is_in_nats_and_zero_for_nothing() -> None:
    torch.testing.assert_close(entropy(torch.tensor([[0.5, 0.5], [0.0, 0.0]])), torch.tensor([math.log(2), 0.0]))


def test_the_gate_reaches_both_ends_and_keeps_its_gradient_there() -> None:
    logits = torch.tensor([-4.0, 0.0, 4.0], requires_grad=True)
    gate = open_gate(logits)
    assert gate.tolist() == [0.0, 0.5, 1.0]
    gate.sum().backward()
    assert logits.grad is not None
    assert (logits.grad > 0).all()
