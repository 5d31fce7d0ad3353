"""Ridge and slots: against `ridge`, the surprise of each step, the gain of the slots, the bytes."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from results.errors import UsageError
from strategies.continual.methods import ridge_slots
from strategies.continual.methods.ridge_slots import Config, sizes_within
from strategies.continual.stream import Schedule, Stream
from strategies.continual.train import run_stream
from tests.strategies.continual.methods.method_steps import CPU, built
from tests.strategies.continual.small_gru import Gru
from tests.strategies.continual.toy_stream import toy

SMALL = {"count": 20, "slots": 12, "code": 8}


def trained(name: str, stream: Stream, **options: Any) -> tuple[Any, Any]:
    strategy, plugin = built(name, stream, **options)
    for experience, _ in stream.experiences():
        strategy.train(experience)
    return strategy, plugin


@pytest.mark.parametrize("features", ["auto", "smooth"])
def test_without_votes_it_equals_ridge(features: str) -> None:
    stream = toy(epochs=2)
    one, _ = trained("ridge-slots", stream, vote=0.0, features=features, **SMALL)
    two, _ = trained("ridge", stream, count=20, features=features)
    samples = torch.rand(7, 4, 4)
    torch.testing.assert_close(one.model.eval()(samples), two.model.eval()(samples))


@pytest.mark.parametrize(
    "schedule", [Schedule(epochs=2, batch_size=7), Schedule(online=10, batch_size=10)]
)
def test_slots_hold_the_most_surprising_samples_at_arrival(schedule: Schedule) -> None:
    """Margins by a loop with the solution of the moment."""
    stream = toy(schedule=schedule)
    strategy, plugin = built("ridge-slots", stream, **{**SMALL, "slots": 1000})
    regression, margins = plugin.regression, []

    def note(strategy: Any, **_: Any) -> None:
        scores = regression.features(strategy.mb_x) @ plugin.solution
        seen = set(torch.nonzero(regression.seen).flatten().tolist()) | set(strategy.mb_y.tolist())
        for row, label in zip(scores.tolist(), strategy.mb_y.tolist(), strict=True):
            others = [row[k] for k in seen if k != label]
            margins.append(row[label] - max(others, default=-1e4))

    strategy.plugins.insert(0, SimpleNamespace(before_forward=note))
    for experience, _ in stream.experiences():
        strategy.train(experience)
    missing = 0 if schedule.online else 7  # the first mini-batch has too few samples for a mean
    assert len(margins) == 120
    found = plugin.model.slots.margins
    torch.testing.assert_close(found, torch.tensor(margins[missing:]).half())


def test_slots_correct_a_narrow_ridge() -> None:
    """Three features cannot separate four classes; slots can."""
    stream = toy(epochs=1)
    accuracies = []
    for vote in (0.0, 2.0):
        outcome = run_stream(
            stream,
            Gru,
            ridge_slots,
            method_config=Config(count=3, vote=vote, slots=40),
            learning_rate=0.1,
            seed=0,
            device=CPU,
            progress=lambda fraction: None,
        )
        accuracies.append(outcome.metrics["accuracy"])
    assert accuracies[0] < 0.8
    assert accuracies[1] > accuracies[0] + 0.1


@pytest.mark.parametrize("budget", [400, 3000, 157_000])
@pytest.mark.parametrize("share", [0.1, 0.33, 0.9])
def test_a_budget_is_divided(budget: int, share: float) -> None:
    config = Config(code=8, share=share)
    count, slots = sizes_within(budget, 10, config)
    _, plugin = built("ridge-slots", toy(), code=8, share=share, budget=budget)
    slow = 4 * (count * (count + 1) // 2 + 2 * count * 10 + 10)
    both = slow + 4 * (8 + 3) + 7 * slots
    assert budget - 60 < both <= budget
    assert slots >= 10
    if budget > 1000:
        assert 7 * slots == pytest.approx(share * budget, rel=0.1, abs=4 * count + 200)
    assert plugin.stored_bytes() <= budget


def test_a_budget_without_a_slot_per_class_is_refused() -> None:
    with pytest.raises(UsageError, match="a slot for each of 4 classes: give at least") as refusal:
        built("ridge-slots", toy(), budget=100)
    least = int(str(refusal.value).rpartition("budget=")[2])
    assert built("ridge-slots", toy(), budget=least)[1].model.slots.capacity >= 4
    with pytest.raises(UsageError, match="give at least"):
        built("ridge-slots", toy(), budget=least - 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slots": 3}, "slots = 3 must be at least 4"),
        ({"vote": -1.0}, "vote = -1.0 must be at least 0"),
        ({"share": 1.0}, "share = 1.0 must be between 0 and 1"),
        ({"code": 7}, "code = 7 entries of 4 bits do not fill whole bytes"),
        ({"count": 1}, "count = 1: give at least count=2"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        built("ridge-slots", toy(), **options)
