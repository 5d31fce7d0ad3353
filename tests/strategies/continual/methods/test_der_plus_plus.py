"""Dark experience replay++: the loss by hand, the stored logits, and a step."""

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from strategies.continual.methods.der_plus_plus import dark_loss
from strategies.continual.stream import Schedule
from tests.strategies.continual.methods.method_steps import added, built, rows
from tests.strategies.continual.toy_stream import toy


def test_der_loss_by_hand() -> None:
    """Logits of two classes; a difference of log 3 between them gives shares of 3/4 and 1/4."""
    log3 = math.log(3)
    logits = torch.tensor([[log3, 0.0], [1.0, 2.0], [0.0, log3]])
    found = dark_loss(
        logits, torch.tensor([0, 1, 0]), torch.tensor([[0.0, 4.0]]), alpha=0.5, beta=2.0
    )
    assert float(found) == pytest.approx(
        -math.log(3 / 4) + 0.5 * (1 + 4) / 2 + 2.0 * -math.log(1 / 4)
    )


@pytest.mark.parametrize(
    "schedule",
    [
        pytest.param(Schedule(epochs=2, batch_size=9), id="epochs"),
        pytest.param(Schedule(iterations=12, batch_size=8), id="iterations"),
        pytest.param(Schedule(online=15, batch_size=5), id="online"),
    ],
)
def test_der_offers_every_step_with_its_logits(schedule: Schedule) -> None:
    stream = toy(schedule=schedule)
    strategy, replay = built("der-plus-plus", stream, mem_size=1000)
    offered: list[tuple[bytes, Tensor]] = []

    def note(strategy: Any, **_: Any) -> None:
        new = rows(strategy.mb_x[: replay.new])
        offered.extend(zip(new, strategy.mb_output.detach()[: replay.new], strict=True))

    strategy.plugins.insert(0, SimpleNamespace(after_forward=note))
    for experience, _ in stream.experiences():
        strategy.train(experience)
    stored, labels = replay.buffer.take(torch.arange(len(replay.buffer)))
    passes = 1 if schedule.online else 2
    assert len(offered) == (12 * 8 * 2 if schedule.iterations else passes * 120)
    assert rows(stored) == [row for row, _ in offered], "a large buffer holds all in their order"
    assert torch.equal(labels, stored.sum(-1).argmax(-1))
    assert int(replay.buffer.seen.sum()) == len(offered)
    logits = torch.stack([logits for _, logits in offered]).half()
    assert torch.equal(replay.buffer.extras["logits"], logits)


def test_der_adds_both_terms_of_its_loss() -> None:
    stream = toy(epochs=1)
    strategy, replay = built("der-plus-plus", stream, mem_size=1000, alpha=0.3, beta=0.7)
    drawn: list[tuple[list[bytes], list[bytes]]] = []

    def compare(strategy: Any, **_: Any) -> None:
        if not len(replay.buffer):
            assert len(strategy.mb_y) == 10
            assert added(strategy) == 0.0
            return
        (new, one, two), (fresh, _, again) = strategy.mb_output.split(10), strategy.mb_y.split(10)
        draws = rows(strategy.mb_x[10:20]), rows(strategy.mb_x[20:])
        drawn.append(draws)
        places = {
            row: place
            for place, row in enumerate(
                rows(replay.buffer.take(torch.arange(len(replay.buffer)))[0])
            )
        }
        logits = replay.buffer.extras["logits"][[places[row] for row in draws[0]]].float()
        by_hand = (
            functional.cross_entropy(new, fresh)
            + 0.3 * (one - logits).square().mean()
            + 0.7 * functional.cross_entropy(two, again)
        )
        assert float(strategy.loss.detach()) == pytest.approx(float(by_hand.detach()), abs=1e-5)
        assert set(draws[1]) <= set(places)

    strategy.plugins.append(SimpleNamespace(before_backward=compare))
    for experience in stream.benchmark.train_stream:
        strategy.train(experience)
    assert len(drawn) == 11, "all steps but the first, which finds an empty buffer"
    assert any(set(one) & set(two) for one, two in drawn), "two independent draws from the buffer"
    assert all(one != two for one, two in drawn)
