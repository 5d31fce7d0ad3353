"""The contract of methods (`strategies.continual.strategy`), on a stream of 120 samples."""

import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from avalanche.training.plugins.clock import Clock
from torch import Tensor

from baselines.interface import SequenceModel, Signature
from benchmarks.checks.common import options, summary
from benchmarks.checks.rule import BrokenRuleError, Case, expect, rule
from benchmarks.checks.small_stream import SmallGru, small_stream
from benchmarks.execution.entry_functions import build as build_entry
from results.error_text import one_line
from results.errors import UsageError
from results.records.record import Outcome
from strategies.common.checkpoint import Checkpoint, Stateful
from strategies.continual.checkpointing import STATELESS, resumable
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Schedule, Stream
from strategies.continual.train import run_stream

SMALL_LEARNING_RATE = 1e-2
ONLINE = Schedule(batch_size=10, online=10)
FEW_SAMPLES_BYTES = (200, 1000)
"""Budgets in bytes of a few samples of 17 bytes."""

TOO_LITTLE = 1
"""A budget that is too small for anything."""


class _Cut(BaseException):
    """Ends a cell like the end of its process."""


def build(case: Case, stream: Stream, **given: Any) -> ContinualStrategy:
    """Build the method with a small model."""
    torch.manual_seed(0)
    strategy: ContinualStrategy = build_entry(
        case.entry,
        case.config(**given),
        model=SmallGru(stream.signature),
        stream=stream,
        learning_rate=SMALL_LEARNING_RATE,
        seed=0,
        device=torch.device("cpu"),
    )
    return strategy


def run(
    case: Case,
    stream: Stream,
    *,
    checkpoint: Checkpoint | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
    **given: Any,
) -> Outcome:
    """Train a small model by the method, and evaluate it."""
    torch.manual_seed(0)
    method: Any = SimpleNamespace(
        build=lambda *parts, **more: build_entry(case.entry, *parts, **more)
    )

    def small(signature: Signature) -> SequenceModel:
        return SmallGru(signature)

    return run_stream(
        stream,
        small,
        method,
        method_config=case.config(**given),
        learning_rate=SMALL_LEARNING_RATE,
        seed=0,
        device=torch.device("cpu"),
        progress=progress,
        checkpoint=checkpoint,
    )


def _numbers(outcome: Outcome) -> tuple[Any, ...]:
    return outcome.metrics, outcome.curves, outcome.slots


@rule(
    "the method trains and is evaluated in the scenarios class, domain and task",
    "give ContinualStrategy strategies.continual.classifier.classifier(model, stream)",
)
def works_in_every_scenario(case: Case) -> None:
    """Train in each scenario."""
    for scenario in ("class", "domain", "task"):
        found = run(case, small_stream(scenario=scenario, epochs=1)).metrics["accuracy"]
        expect(
            found is not None and math.isfinite(found) and 0 <= found <= 1,
            f"the accuracy in scenario {scenario} is {found}",
        )


@rule(
    "training twice gives the same numbers and parameters",
    "draw from strategies.common.rng.generator(purpose, seed), and use the seed that build gets",
)
def training_twice_gives_same_numbers(case: Case) -> None:
    """Train twice, and compare the results and the parameters."""
    one, other = (_numbers(run(case, small_stream())) for _ in range(2))
    expect(one == other, "the results of two runs with seed 0 differ")
    different = _different(*(_trained(case, small_stream()) for _ in range(2)))
    expect(not different, f"after two runs with seed 0 {', '.join(different[:3])} differ")


def _trained(case: Case, stream: Stream) -> dict[str, Tensor]:
    """Train on a stream with evaluations, and return the parameters."""
    strategy = build(case, stream)
    for experience in stream.benchmark.train_stream:
        strategy.train(experience)
        strategy.eval(stream.benchmark.test_stream)
    return {name: tensor.clone() for name, tensor in strategy.model.state_dict().items()}


def _different(one: dict[str, Tensor], other: dict[str, Tensor]) -> list[str]:
    return [name for name in one if not torch.equal(one[name], other[name])]


@rule(
    "test samples do not affect training",
    "train on the experience that train receives; change nothing in evaluation",
)
def test_samples_do_not_affect_training(case: Case) -> None:
    """Train with other test samples, and compare the parameters."""
    different = _different(
        *(_trained(case, small_stream(garbled_test=garbled)) for garbled in (False, True))
    )
    expect(not different, f"with other test samples {', '.join(different[:3])} differ")


@rule(
    "on an online stream the method runs, or refuses it in build",
    "call strategies.continual.method_requirements.require_boundaries(stream, NAME) in build",
)
def runs_online_or_refuses(case: Case) -> None:
    """Build and train on an online stream."""
    try:
        build(case, small_stream(schedule=ONLINE))
    except UsageError:
        return
    run(case, small_stream(schedule=ONLINE))


@rule(
    "stored_bytes() counts what is stored, and stays within the option budget",
    "return the bytes of all stored tensors, and store fewer samples if they exceed the budget",
)
def stored_bytes_stay_within_the_budget(case: Case) -> None:
    """Train under two budgets, and under one that is too small for a sample."""
    if "budget" not in case.option_names:
        return
    for budget in FEW_SAMPLES_BYTES:
        stored = run(case, small_stream(epochs=1), budget=budget).cost.buffer_bytes
        expect(0 < stored <= budget, f"budget={budget} and {stored} bytes are stored")
    try:
        run(case, small_stream(epochs=1), budget=TOO_LITTLE)
    except UsageError as error:
        expect("budget" in str(error), f"the refusal does not name the budget: {one_line(error)}")
        return
    raise BrokenRuleError(f"budget={TOO_LITTLE} is too small for a sample, and is accepted")


@rule(
    "a training that is interrupted within an experience, and continued by the same command, gives "
    "the numbers of an uninterrupted one",
    "give each plugin state_dict() and load_state_dict(state), with all that it will use again",
)
def an_interrupted_cell_resumes(case: Case) -> None:
    """Interrupt the training in the first experience, and resume it."""
    stream = small_stream(schedule=Schedule(epochs=2, batch_size=10))
    strategy = build(case, stream)
    if not resumable(strategy):
        plugins = [
            type(one).__name__
            for one in strategy.plugins
            if not isinstance(one, (Stateful, Clock, *STATELESS))
        ]
        raise BrokenRuleError(f"no state_dict() and load_state_dict() in {', '.join(plugins)}")
    whole = run(case, stream)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint"
        try:
            run(case, stream, checkpoint=Checkpoint(path, "check", every=0.0), progress=_cut)
        except _Cut:
            pass
        else:
            return  # the method has fewer steps than the stream
        expect(path.is_file(), "no checkpoint was written: a module has state outside state_dict()")
        resumed = run(case, stream, checkpoint=Checkpoint(path, "check", every=0.0))
    expect(_numbers(resumed) == _numbers(whole), "the resumed cell has other numbers")


def _cut(fraction: float) -> None:
    if fraction >= 0.3:
        raise _Cut


METHOD_RULES = (
    summary,
    options,
    works_in_every_scenario,
    training_twice_gives_same_numbers,
    test_samples_do_not_affect_training,
    runs_online_or_refuses,
    stored_bytes_stay_within_the_budget,
    an_interrupted_cell_resumes,
)
"""The rules of methods."""
