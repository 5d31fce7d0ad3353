"""Reading policies against hand-computed cases."""

import math

import torch

from memnet.heads import open_gate
from memnet.reading_policies import (
    MetaPolicy,
    TopK,
    dispersion,
    entropy,
    mixed,
    random_entry,
    top_k,
)


def row(*values: float) -> torch.Tensor:
    return torch.tensor([[[values]]])


def visible(*values: int) -> torch.Tensor:
    return torch.tensor([[[values]]], dtype=torch.float32)


def dense(best: TopK, size: int) -> torch.Tensor:
    return torch.zeros(size).scatter_add(0, best.index.flatten(), best.weights.flatten())


def test_top_k_reads_best_by_score_and_strength() -> None:
    scores, strength = row(1.0, 2.0, 3.0, 9.0), torch.tensor([[[1.0, 0.5, 0.2, 1.0]]])
    best = top_k(scores, strength, visible(1, 1, 1, 0), None, 2)
    share = torch.tensor([0.0, 0.5 * math.exp(2), 0.2 * math.exp(3), 0.0])
    torch.testing.assert_close(dense(best, 4), share / share.sum())


def test_empty_memory_has_zero_weights() -> None:
    best = top_k(row(1.0, 2.0), torch.tensor([[[0.0, 0.0]]]), visible(0, 0), None, 2)
    assert not best.weights.any()
    pi = MetaPolicy(4, 1)(torch.zeros(1, 1, 1, 3), best)
    nodes = visible(0, 0).transpose(-1, -2)
    assert not mixed(pi, best.weights, best.index, nodes, torch.tensor([[[[1]]]])).any()


def test_closed_gate_has_no_weight_but_a_gradient() -> None:
    strength = torch.tensor([[[1.0, 0.0, 0.0]]], requires_grad=True)
    best = top_k(row(1.0, 3.0, -9.0), strength, visible(1, 0, 0), visible(1, 1), 2)
    assert dense(best, 3).tolist() == [1.0, 0.0, 0.0]
    weights = torch.zeros(3).scatter_add(0, best.index.flatten(), best.weights.flatten())
    weights[1].backward()
    assert strength.grad is not None
    assert strength.grad[0, 0, 1] > 1.0
    assert strength.grad[0, 0, 2] == 0.0


def test_random_reads_visible_entries_equally_often() -> None:
    birth, seen = torch.arange(8)[None, None], visible(1, 1, 0, 1, 1, 0, 1, 1)
    draws = torch.linspace(0, 0.999, 1000)[None, None]
    share = (
        random_entry(draws, birth, seen.expand(1, 1, 1000, 8)).flatten().bincount(minlength=8)
        / 1000
    )
    assert not share[[2, 5]].any()
    assert share[[0, 1, 3, 4, 6, 7]].min() > 0.05


def test_policy_gate_sets_mix() -> None:
    policy = MetaPolicy(4, 1)
    with torch.no_grad():
        policy.gate.bias.copy_(torch.tensor([0.2, 0.3, 0.5]).log())
    best = TopK(index=torch.tensor([[[[0]]]]), weights=row(1.0), scores=row(1.0))
    logits = policy.logits(torch.zeros(1, 1, 4))
    pi, nodes = policy(logits, best), visible(1, 1).transpose(-1, -2)
    drawn = mixed(pi, best.weights, best.index, nodes, torch.tensor([[[[1]]]]))
    torch.testing.assert_close(drawn.flatten(), torch.tensor([0.2 + 0.15, 0.15 + 0.5]))
    expected = mixed(pi, best.weights, best.index, nodes, None)
    torch.testing.assert_close(expected.flatten(), torch.tensor([0.2 + 0.4, 0.4]))


def test_entropy_is_in_nats_and_zero_for_zero_weights() -> None:
    torch.testing.assert_close(
        entropy(torch.tensor([[0.5, 0.5], [0.0, 0.0]])), torch.tensor([math.log(2), 0.0])
    )


def test_gate_reaches_both_ends_with_a_gradient() -> None:
    logits = torch.tensor([-4.0, 0.0, 4.0], requires_grad=True)
    gate = open_gate(logits)
    assert gate.tolist() == [0.0, 0.5, 1.0]
    gate.sum().backward()
    assert logits.grad is not None
    assert (logits.grad > 0).all()


def test_dispersion_is_probability_that_two_draws_differ() -> None:
    weights = torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.0, 0.0]], requires_grad=True)
    found = dispersion(weights)
    assert found.tolist() == [0.0, 0.5, 0.0]
    (slope,) = torch.autograd.grad(found.sum(), weights)
    assert slope.abs().max() <= 1.0
