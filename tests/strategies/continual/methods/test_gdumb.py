"""GDumb: every experience trains a new model on the buffer alone."""

from types import SimpleNamespace
from typing import Any

import torch

from tests.strategies.continual.methods.method_steps import built, rows
from tests.strategies.continual.toy_stream import toy


def test_gdumb_resets_the_model_and_trains_on_the_buffer_alone() -> None:
    stream = toy(epochs=1)
    strategy, replay = built("gdumb", stream, mem_size=20, passes=2)
    initial = [parameter.detach().clone() for parameter in strategy.model.parameters()]
    fed: list[list[bytes]] = []

    def begin(strategy: Any, **_: Any) -> None:
        assert all(
            torch.equal(now, then)
            for now, then in zip(strategy.model.parameters(), initial, strict=True)
        )
        assert not strategy.optimizer.state
        fed.append([])

    spy = SimpleNamespace(
        before_training_epoch=begin,
        before_backward=lambda strategy, **_: fed[-1].extend(rows(strategy.mb_x)),
    )
    strategy.plugins.append(spy)
    for experience in stream.benchmark.train_stream:
        strategy.train(experience)
        stored, labels = replay.buffer.take(torch.arange(len(replay.buffer)))
        assert sorted(fed[-1]) == sorted(2 * rows(stored))
    assert len(labels.unique()) == 4
    assert not torch.equal(next(strategy.model.parameters()), initial[0])
