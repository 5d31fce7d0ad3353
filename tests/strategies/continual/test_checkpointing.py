"""Streams that are interrupted at any step and resumed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from avalanche.core import SupervisedPlugin

from baselines.interface import Signature
from baselines.registry import Registry
from results.errors import UsageError
from results.records.record import Outcome
from strategies.common.checkpoint import Checkpoint, load
from strategies.continual.checkpointing import resumable
from strategies.continual.methods import er, naive
from strategies.continual.stream import Schedule
from strategies.continual.train import run_stream
from tests.strategies.continual.small_gru import Gru
from tests.strategies.continual.toy_stream import NEEDS_BOUNDARIES, toy

CPU = torch.device("cpu")


OTHER_STEP_COUNTS = ("gdumb", "joint", "ridge", "ridge_slots", "slda")
"""Methods with another number of steps than the stream: the last interruption would be too late."""


WITH_STEPS = {"slda": {"features": "model"}}
"""Options with which a method makes training steps."""


class Cut(BaseException):
    """Ends a cell like the end of its process."""


def ignore(fraction: float) -> None:
    """Ignore the progress."""


def run(
    method: Any,
    schedule: Schedule,
    checkpoint: Checkpoint | None = None,
    progress: Callable[[float], None] = ignore,
    models: list[Gru] | None = None,
) -> Outcome:
    """Train on a stream, and append the model to ``models``."""
    torch.manual_seed(0)
    config = method.Config(**WITH_STEPS.get(method.__name__.rpartition(".")[2], {}))

    def build(signature: Signature) -> Gru:
        model = Gru(signature)
        if models is not None:
            models.append(model)
        return model

    return run_stream(
        toy(schedule=schedule),
        build,
        method,
        method_config=config,
        learning_rate=1e-2,
        seed=0,
        device=CPU,
        progress=progress,
        checkpoint=checkpoint,
    )


def at(fraction: float) -> Callable[[float], None]:
    def progress(done: float) -> None:
        if done >= fraction:
            raise Cut

    return progress


EPOCHS, STEPS, ONLINE = (
    Schedule(epochs=2, batch_size=10),
    Schedule(iterations=12, batch_size=8),
    Schedule(online=15, batch_size=5),
)
CASES = [pytest.param(entry.load(), EPOCHS, id=entry.name) for entry in Registry("method")] + [
    pytest.param(method, schedule, id=f"{name}-{how}")
    for method, name in ((naive, "naive"), (er, "er"))
    for schedule, how in ((STEPS, "iterations"), (ONLINE, "online"))
]


@pytest.mark.parametrize(("method", "schedule"), CASES)
def test_a_resumed_stream_gives_the_same_numbers(
    method: Any, schedule: Schedule, tmp_path: Path
) -> None:
    """Interrupt it in the first experience and in the last."""
    models: list[Gru] = []
    whole = run(method, schedule, models=models)
    path = tmp_path / "checkpoint"
    name = method.__name__.rpartition(".")[2]
    for fraction in (0.3,) if name in OTHER_STEP_COUNTS else (0.3, 0.8):
        with pytest.raises(Cut):
            run(method, schedule, Checkpoint(path, "key", every=0.0), at(fraction))
    fractions: list[float] = []
    resumed = run(method, schedule, Checkpoint(path, "key", every=0.0), fractions.append, models)
    weights, expected = (model.state_dict() for model in models)
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    assert (resumed.metrics, resumed.curves, resumed.slots) == (
        whole.metrics,
        whole.curves,
        whole.slots,
    )
    assert resumed.cost.train_examples == whole.cost.train_examples
    assert min(fractions) > (0.25 if name in OTHER_STEP_COUNTS else 0.7), (
        "it resumes at the interruption, not at the start"
    )


@pytest.mark.parametrize("name", NEEDS_BOUNDARIES)
def test_a_method_that_needs_boundaries_is_refused_online(name: str) -> None:
    with pytest.raises(UsageError, match="has no task boundaries"):
        run(Registry("method").get(name).load(), ONLINE)


def test_a_stream_resumes_after_the_last_evaluated_experience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if mini-batches can't be resumed."""
    monkeypatch.setattr("strategies.continual.checkpointing.TensorLoader", type(None))
    schedule = Schedule(epochs=2, batch_size=10)
    whole, path = run(naive, schedule), tmp_path / "checkpoint"
    with pytest.raises(Cut):
        run(naive, schedule, Checkpoint(path, "key", every=0.0), at(0.8))
    fractions: list[float] = []
    resumed = run(naive, schedule, Checkpoint(path, "key", every=0.0), fractions.append)
    assert (resumed.metrics, resumed.curves) == (whole.metrics, whole.curves)
    assert 0.5 < min(fractions) < 0.6


class Forgetful(SupervisedPlugin[Any]):
    """Has no state_dict."""


def test_a_plugin_without_a_state_makes_a_strategy_not_resumable(tmp_path: Path) -> None:
    stream = toy()
    torch.manual_seed(0)
    strategy = naive.build(
        naive.Config(),
        model=Gru(stream.signature),
        stream=stream,
        learning_rate=1e-2,
        seed=0,
        device=CPU,
    )
    assert resumable(strategy)
    strategy.plugins.append(Forgetful())
    assert not resumable(strategy)


def test_the_time_before_an_interruption_counts(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    with pytest.raises(Cut):
        run(naive, Schedule(epochs=3, batch_size=10), Checkpoint(path, "key", every=0.0), at(0.9))
    before = load(path, "key")["parts"]["stateful"]["train"]["time"]
    after = run(naive, Schedule(epochs=3, batch_size=10), Checkpoint(path, "key", every=0.0)).cost
    assert after.train_seconds > before[0] > 0
