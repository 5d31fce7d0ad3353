"""Steps of the methods in a real strategy, against hand-computed ones."""

import copy
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from baselines.registry import Registry
from strategies.continual.replay.sample_storage import to_bytes
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Schedule, Stream
from tests.strategies.continual.small_gru import Gru
from tests.strategies.continual.toy_stream import toy

CPU = torch.device("cpu")


def built(name: str, stream: Stream, **options: Any) -> tuple[ContinualStrategy, Any]:
    """Return a method's strategy and its plugin."""
    torch.manual_seed(0)
    method = Registry("method").get(name).load()
    strategy: ContinualStrategy = method.build(
        method.Config(**options),
        model=Gru(stream.signature),
        stream=stream,
        learning_rate=1e-2,
        seed=0,
        device=CPU,
    )
    return strategy, strategy.plugins[0]


def added(strategy: ContinualStrategy) -> float:
    """Return the difference of the loss and the cross-entropy of the mini-batch."""
    return float(
        (strategy.loss - functional.cross_entropy(strategy.mb_output, strategy.mb_y)).detach()
    )


def rows(inputs: Tensor) -> list[bytes]:
    """Return the stored bytes of each sample."""
    return [row.tobytes() for row in to_bytes(inputs).flatten(1).numpy()]


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


def test_a_gem_projects_a_gradient_that_conflicts_with_stored_samples() -> None:
    """The buffer has the size of a mini-batch, so each reference gradient uses all of it."""
    stream = toy(epochs=1)
    strategy, projection = built("a-gem", stream, mem_size=10)
    strategy.train(stream.benchmark.train_stream[0])
    inputs, labels = projection.buffer.take(torch.arange(10))
    parameters = list(strategy.model.parameters())
    before: list[Tensor] = []
    turned = []

    def flat() -> Tensor:
        return torch.cat(
            [parameter.grad.flatten() for parameter in parameters if parameter.grad is not None]
        )

    def compare(strategy: Any, **_: Any) -> None:
        loss = functional.cross_entropy(strategy.model(inputs), labels)
        reference = torch.cat(
            [gradient.flatten() for gradient in torch.autograd.grad(loss, parameters)]
        )
        along = float(before[-1] @ reference)
        turned.append(along < 0)
        expected = before[-1] - min(along, 0.0) / reference.square().sum() * reference
        torch.testing.assert_close(flat(), expected, atol=1e-5, rtol=1e-3)
        assert float(flat() @ reference) >= -1e-5

    strategy.plugins.insert(
        0, SimpleNamespace(after_backward=lambda strategy, **_: before.append(flat()))
    )
    strategy.plugins.append(SimpleNamespace(after_backward=compare))
    strategy.train(stream.benchmark.train_stream[1])
    assert any(turned)


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


@pytest.mark.parametrize(
    ("schedule", "count"),
    [
        pytest.param(Schedule(epochs=2, batch_size=9), 2 * 60, id="epochs"),
        pytest.param(Schedule(iterations=12, batch_size=8), 2 * 7 * 8, id="iterations"),
        pytest.param(Schedule(online=15, batch_size=5), 2 * 60, id="online"),
    ],
)
def test_der_stores_each_sample_once_with_the_logits_of_its_first_step(
    schedule: Schedule, count: int
) -> None:
    stream = toy(schedule=schedule)
    strategy, replay = built("der-plus-plus", stream, mem_size=1000)
    first: dict[bytes, Tensor] = {}

    def note(strategy: Any, **_: Any) -> None:
        for row, logits in zip(
            rows(strategy.mb_x[: replay.new]), strategy.mb_output.detach(), strict=False
        ):
            first.setdefault(row, logits)

    strategy.plugins.insert(0, SimpleNamespace(after_forward=note))
    for experience, _ in stream.experiences():
        strategy.train(experience)
    stored, labels = replay.buffer.take(torch.arange(len(replay.buffer)))
    assert len(stored) == len(set(rows(stored))) == count
    assert torch.equal(labels, stored.sum(-1).argmax(-1))
    assert torch.equal(
        replay.buffer.extras["logits"], torch.stack([first[row] for row in rows(stored)]).half()
    )


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
