"""Learning without forgetting: the distillation loss, by hand and in a step; the cost."""

import copy
import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.nn import functional

from strategies.continual.methods import lwf
from strategies.continual.methods.lwf import distillation
from strategies.continual.stream import Stream
from strategies.continual.train import run_stream
from tests.strategies.continual.methods.method_steps import CPU, added, built
from tests.strategies.continual.small_gru import Gru
from tests.strategies.continual.toy_stream import toy

PAIR = torch.tensor([True, True, False])
ALL = torch.tensor([True, True, True])


def test_distillation_is_minimal_for_equal_answers() -> None:
    old = torch.tensor([[2.0, 0.0, 9.0]])
    new = torch.tensor([[4.0, 2.0, -5.0]], requires_grad=True)
    found = distillation(new, old, PAIR, PAIR, temperature=2.0)
    share = math.e / (math.e + 1)
    assert float(found.detach()) == pytest.approx(
        -4 * (share * math.log(share) + (1 - share) * math.log(1 - share)), rel=1e-5
    )
    found.backward()
    assert new.grad is not None
    torch.testing.assert_close(new.grad, torch.zeros(1, 3), atol=1e-6, rtol=0)


def test_new_classes_get_a_target_of_zero() -> None:
    """Two earlier classes with targets 3/4 and 1/4; the trained model gives each class a third."""
    old = torch.tensor([[2 * math.log(3.0), 0.0, 9.0]])
    new = torch.zeros(1, 3, requires_grad=True)
    found = distillation(new, old, PAIR, ALL, temperature=2.0)
    assert float(found.detach()) == pytest.approx(4 * math.log(3))
    found.backward()
    assert new.grad is not None
    torch.testing.assert_close(2 * (1 / 3 - torch.tensor([[3 / 4, 1 / 4, 0]])), new.grad)


@pytest.mark.parametrize("weighting", ["experience", "equal"])
def test_a_step_has_the_loss_of_the_paper(weighting: str) -> None:
    """The second experience of two: weights of 1/2."""
    stream = toy(epochs=1)
    strategy, _ = built("lwf", stream, strength=3.0, temperature=2.0, weighting=weighting)
    strategy.train(stream.benchmark.train_stream[0])
    earlier, known = copy.deepcopy(strategy.model).eval(), list(stream.classes[0])
    among = known if weighting == "equal" else sorted(known + list(stream.classes[1]))
    found, by_hand = [], []

    def compare(strategy: Any, **_: Any) -> None:
        old = (earlier(strategy.mb_x)[:, known] / 2).softmax(-1)
        new = torch.full_like(strategy.mb_output, 0.0)
        new[:, among] = (strategy.mb_output[:, among] / 2).log_softmax(-1)
        distilled = 3 * 2**2 * -(old * new[:, known]).sum(-1).mean()
        whole = functional.cross_entropy(strategy.mb_output, strategy.mb_y)
        expected = distilled if weighting == "equal" else (distilled - whole) / 2
        by_hand.append(float(expected.detach()))
        found.append(added(strategy))

    strategy.plugins.append(SimpleNamespace(before_backward=compare))
    strategy.train(stream.benchmark.train_stream[1])
    assert min(map(abs, by_hand)) > 0.1
    assert found == pytest.approx(by_hand, rel=1e-4)


def test_the_earlier_model_counts_as_parameters() -> None:
    def cost(stream: Stream) -> Any:
        return run_stream(
            stream,
            Gru,
            lwf,
            method_config=lwf.Config(),
            learning_rate=0.01,
            seed=0,
            device=CPU,
            progress=lambda fraction: None,
        ).cost

    stream = toy(epochs=1)
    parameters = sum(parameter.numel() for parameter in Gru(stream.signature).parameters())
    found = cost(stream)
    assert found.parameters == 2 * parameters
    assert found.parameter_bytes == 8 * parameters
    assert found.buffer_bytes == 4, "a mask of four classes"
