"""Elastic weight consolidation: penalty and Fisher information, by hand and in a step."""

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from strategies.continual.methods.ewc import add_penalty, fisher, penalty
from tests.strategies.continual.methods.method_steps import added, built
from tests.strategies.continual.toy_stream import toy


def test_ewc_penalty_by_hand() -> None:
    theta = [nn.Parameter(torch.tensor([1.0, 2.0])), nn.Parameter(torch.tensor([3.0]))]
    found = penalty(
        theta,
        [torch.tensor([2.0, 0.0]), torch.tensor([1.0])],
        [torch.tensor([0.0, 7.0]), torch.tensor([1.0])],
        strength=10.0,
    )
    assert float(found.detach()) == 0.5 * 10 * (2 * 1 + 0 + 1 * 4)
    found.backward()
    assert theta[0].grad is not None
    assert theta[0].grad.tolist() == [20.0, 0.0]


def test_ewc_one_penalty_equals_the_sum_of_two() -> None:
    """A weight without importance has no penalty."""
    stiff, rest = torch.tensor([2.0, 0.0]), torch.tensor([1.0, 1.0])
    more, place = torch.tensor([6.0, 0.0]), torch.tensor([5.0, 5.0])
    total, centre = add_penalty(stiff, rest, more, place)
    theta = torch.tensor([3.0, 9.0])
    assert total.tolist() == [8.0, 0.0]
    assert centre[0] == 4.0
    torch.testing.assert_close(
        total * (theta - centre), stiff * (theta - rest) + more * (theta - place)
    )


class Logistic(nn.Module):
    """Two classes, one weight: logits ``(w x, 0)``."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.stack((self.weight * inputs, torch.zeros_like(inputs)), dim=-1)


def test_ewc_fisher_of_a_logistic_regression() -> None:
    """It is the mean of ``p (1 − p) x²`` over single samples.

    Squares of their mean gradient would vanish here.
    """
    model, inputs = Logistic(0.3), torch.tensor([1.0, -1.0, 2.0])
    (found,) = fisher(model, list(model.parameters()), inputs, torch.zeros(3, dtype=torch.long))
    shares = [1 / (1 + math.exp(-0.3 * x)) for x in inputs.tolist()]
    assert float(found) == pytest.approx(
        sum(p * (1 - p) * x * x for p, x in zip(shares, inputs.tolist(), strict=True)) / 3, rel=1e-5
    )


def test_ewc_adds_its_penalty() -> None:
    stream = toy(epochs=1, count=60)
    strategy, _ = built("ewc", stream, strength=1e4)
    first, second = stream.benchmark.train_stream
    strategy.train(first)
    model, parameters = strategy.model, list(strategy.model.parameters())
    anchor = [parameter.detach().clone() for parameter in parameters]
    stiffness = [torch.zeros_like(parameter) for parameter in parameters]
    model.eval()
    for inputs, *_ in first.dataset:
        logits = model(inputs[None])[0].log_softmax(-1)
        for log_share in logits:
            for total, gradient in zip(
                stiffness,
                torch.autograd.grad(log_share, parameters, retain_graph=True),
                strict=True,
            ):
                total += log_share.detach().exp() * gradient.square() / len(first.dataset)
    found, by_hand = [], []

    def compare(strategy: Any, **_: Any) -> None:
        moved = [
            (a * (p - c).square()).sum()
            for p, a, c in zip(parameters, stiffness, anchor, strict=True)
        ]
        by_hand.append(float(0.5 * 1e4 * torch.stack(moved).sum().detach()))
        found.append(added(strategy))

    strategy.plugins.append(SimpleNamespace(before_backward=compare))
    strategy.train(second)
    assert by_hand[0] == 0.0
    assert by_hand[1] > 1e-3
    assert found == pytest.approx(by_hand, rel=1e-3, abs=1e-5)
