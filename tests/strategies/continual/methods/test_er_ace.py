"""ER-ACE: the loss by hand, its gradients, and its sets of classes during training."""

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.nn import functional

from strategies.continual.methods.er_ace import asymmetric_loss
from strategies.continual.stream import Schedule
from tests.strategies.continual.methods.method_steps import built
from tests.strategies.continual.toy_stream import toy


def test_the_loss_by_hand() -> None:
    """A difference of log 3 between two logits gives shares of 3/4 and 1/4."""
    log3 = math.log(3)
    logits = torch.tensor([[log3, 0.0, 5.0, 5.0], [log3, 0.0, 5.0, 5.0], [0.0, 0.0, log3, 9.0]])
    seen = torch.tensor([True, True, True, False])
    found = asymmetric_loss(logits, torch.tensor([0, 1, 2]), 2, seen)
    new = (-math.log(3 / 4) - math.log(1 / 4)) / 2
    assert float(found) == pytest.approx(new - math.log(3 / 5))
    first = asymmetric_loss(logits[:2], torch.tensor([0, 1]), 2, seen)
    assert float(first) == pytest.approx(new), "nothing to replay"


def test_new_samples_do_not_push_down_earlier_classes() -> None:
    logits = torch.zeros(3, 4, requires_grad=True)
    seen = torch.tensor([True, True, True, False])
    asymmetric_loss(logits, torch.tensor([0, 1, 2]), 2, seen).backward()
    assert logits.grad is not None
    assert (logits.grad[:2, 2:] == 0).all()
    assert (logits.grad[:2, :2] != 0).all()
    assert (logits.grad[2, :3] != 0).all()
    assert logits.grad[2, 3] == 0


@pytest.mark.parametrize(
    "schedule", [Schedule(epochs=2, batch_size=4), Schedule(online=4, batch_size=2)]
)
def test_training_uses_the_classes_of_the_batch_and_those_seen(schedule: Schedule) -> None:
    stream = toy(count=40, schedule=schedule)
    strategy, replay = built("er-ace", stream, mem_size=1000)
    seen: set[int] = set()
    steps = {"new": 0, "replayed": 0}

    def compare(strategy: Any, **_: Any) -> None:
        new, labels = replay.new, strategy.mb_y
        seen.update(labels[:new].tolist())
        present = sorted(set(labels[:new].tolist()))
        expected = functional.cross_entropy(
            strategy.mb_output[:new, present],
            torch.tensor([present.index(int(label)) for label in labels[:new]]),
        )
        if len(labels) > new:
            known = sorted(seen)
            assert set(labels[new:].tolist()) <= seen
            expected = expected + functional.cross_entropy(
                strategy.mb_output[new:, known],
                torch.tensor([known.index(int(label)) for label in labels[new:]]),
            )
        torch.testing.assert_close(strategy.loss.squeeze(), expected)
        steps["replayed" if len(labels) > new else "new"] += 1

    strategy.plugins.append(SimpleNamespace(before_backward=compare))
    for experience, _ in stream.experiences():
        strategy.train(experience)
    assert steps["new"] == 1, "all steps but the first, which finds an empty buffer"
    assert len(replay.buffer) == 40
    assert len(seen) == 4
