"""Learning without forgetting: the distillation loss, by hand and in a step."""

import copy
import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from strategies.continual.methods.lwf import distillation
from tests.strategies.continual.methods.method_steps import added, built
from tests.strategies.continual.toy_stream import toy


def test_distillation_is_minimal_for_equal_answers() -> None:
    old = torch.tensor([[2.0, 0.0, 9.0]])
    among = torch.tensor([True, True, False])
    new = torch.tensor([[4.0, 2.0, -5.0]], requires_grad=True)
    found = distillation(new, old, among, temperature=2.0)
    share = math.e / (math.e + 1)
    assert float(found.detach()) == pytest.approx(
        -4 * (share * math.log(share) + (1 - share) * math.log(1 - share)), rel=1e-5
    )
    found.backward()
    assert new.grad is not None
    torch.testing.assert_close(new.grad, torch.zeros(1, 3), atol=1e-6, rtol=0)


def test_lwf_adds_the_distillation_of_the_earlier_model() -> None:
    stream = toy(epochs=1)
    strategy, _ = built("lwf", stream, strength=3.0, temperature=2.0)
    strategy.train(stream.benchmark.train_stream[0])
    earlier, known = copy.deepcopy(strategy.model).eval(), list(stream.classes[0])
    found, by_hand = [], []

    def compare(strategy: Any, **_: Any) -> None:
        old = (earlier(strategy.mb_x)[:, known] / 2).softmax(-1)
        new = (strategy.mb_output[:, known] / 2).log_softmax(-1)
        by_hand.append(float((3 * 2**2 * -(old * new).sum(-1).mean()).detach()))
        found.append(added(strategy))

    strategy.plugins.append(SimpleNamespace(before_backward=compare))
    strategy.train(stream.benchmark.train_stream[1])
    assert min(by_hand) > 0.1
    assert found == pytest.approx(by_hand, rel=1e-4)
