"""One model, one method, one stream: trained experience by experience, evaluated on all of them after each; or once, on all together."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from types import ModuleType
from typing import Any, Protocol, runtime_checkable

import torch
from avalanche.core import SupervisedPlugin
from pydantic import JsonValue

from baselines.interface import SequenceModel, Signature, state_bytes
from results.errors import UsageError
from results.records.record import Outcome
from results.statistics.metrics import stream_metrics
from strategies.common.checkpoint import Checkpoint
from strategies.common.cost import Stopwatch, measure_cost
from strategies.common.training_log import TrainingLog, diverged
from strategies.continual.checkpointing import Resume, resumable
from strategies.continual.metrics.optional_metrics import OptionalMetrics
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 1
"""Raise it when a change to the loop, the feeding or the evaluation can alter results: it is part of every stream cell's identity."""


@runtime_checkable
class StoresPast(Protocol):
    """A plugin that keeps something of past experiences."""

    def stored_bytes(self) -> int:
        """Return the bytes of what is kept, with everything needed to use it."""


@runtime_checkable
class HasSlots(Protocol):
    """A plugin that keeps a memory of slots."""

    def slot_statistics(self) -> Mapping[str, JsonValue]:
        """Return occupancy, write rate, read entropy and sparsity, and lifetimes."""


class Progress(SupervisedPlugin[Any]):
    """Tells how much of the training is done, and ends it if it diverged.

    The loss is looked at now and then alone: to read it at every step would hold up a device, and
    one that is no longer finite stays so.

    Args:
        progress: Called with a fraction in [0, 1].
        steps: Number of steps of the whole stream.
        learning_rate: The rate trained at.
        signals: Told of each training step: its number and its loss.
    """

    def __init__(
        self,
        progress: Callable[[float], None],
        steps: int,
        learning_rate: float,
        training_log: TrainingLog | None = None,
    ) -> None:
        super().__init__()
        self._progress = progress
        self._steps = steps
        self._learning_rate = learning_rate
        self._signals = training_log
        self._done = 0
        self._loss = torch.zeros(())

    def after_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Count a step; at every hundredth of the way tell of it, and look at the loss."""
        before = 100 * self._done // self._steps
        self._done += 1
        self._loss = strategy.loss.detach()
        if self._signals is not None:
            self._signals(self._done, {"loss": float(self._loss)})
        if 100 * self._done // self._steps > before:
            self._check()
            self._progress(min(1.0, self._done / self._steps))

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Look at the last loss, before a method takes anything from what was learnt."""
        self._check()

    def _check(self) -> None:
        """See that the loss is finite.

        Raises:
            FloatingPointError: If it is not.
        """
        if not math.isfinite(loss := float(self._loss)):
            of = (
                f" of {self._steps}" if self._done <= self._steps else ""
            )  # a method may make more steps than the stream has
            raise diverged(f"the loss was {loss} at step {self._done}{of}", self._learning_rate)

    def state_dict(self) -> dict[str, Any]:
        """Return the steps done."""
        return {"done": self._done}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what :meth:`state_dict` returned."""
        self._done = state["done"]


def run_stream(
    stream: Stream,
    build_model: Callable[[Signature], SequenceModel],
    method: ModuleType,
    *,
    method_config: Any,
    learning_rate: float,
    seed: int,
    device: torch.device,
    progress: Callable[[float], None],
    total_budget: int = 0,
    checkpoint: Checkpoint | None = None,
    training_log: TrainingLog | None = None,
) -> Outcome:
    """Learn a stream and say how it went.

    The model is initialised from the global generator, which the caller seeds; order, reservoir,
    dreams and noise have generators of their own.

    Args:
        stream: The stream.
        build_model: Makes the model for the stream's signature.
        method: Module of a method (``build``, ``Config``).
        method_config: Its ``Config``.
        learning_rate: Learning rate.
        seed: The cell's seed.
        device: Where to train.
        progress: Called with the fraction done, in [0, 1].
        total_budget: Bytes of parameters and of what is kept of the past together; 0 for what the
            method's own options say.
        checkpoint: Where it is kept how far the cell has come, which goes on from there if it was
            cut short; by default it is not kept. See `strategies.continual.checkpointing` for what
            a method does for it.
        signals: Told of each training step: its number and its loss.

    Returns:
        Metrics, the accuracy matrix and the initial accuracies, slot statistics, and the cost.

    Raises:
        UsageError: If the model and the method do not go together, or the parameters alone are
            beyond the total budget.
        FloatingPointError: If the training diverged, or answers are not finite.
    """

    def build(config: Any) -> tuple[SequenceModel, ContinualStrategy]:
        model = build_model(stream.signature)
        return model, method.build(
            config,
            model=model,
            stream=stream,
            learning_rate=learning_rate,
            seed=seed,
            device=device,
        )

    model, strategy = (
        build(method_config)
        if not total_budget
        else within_total(total_budget, build, method_config)
    )
    train, evaluation = Stopwatch(), Stopwatch()
    sizes = [len(experience.dataset) for experience in stream.benchmark.train_stream]
    strategy.plugins.insert(
        0,
        Progress(
            progress,
            sum(stream.schedule.steps(size) for size in sizes),
            learning_rate,
            training_log,
        ),
    )
    beside = OptionalMetrics(stream, strategy, train, seed)
    if checkpoint is None or not resumable(strategy):
        checkpoint = Checkpoint()
    resume = Resume(
        strategy, checkpoint, {"train": train, "evaluation": evaluation, **beside.stateful()}
    )
    _go_through(stream, strategy, resume, beside, train, evaluation)
    initial, *matrix = strategy.evaluator.rows
    return Outcome(
        metrics={**stream_metrics(matrix, initial), **beside.metrics()},
        curves={
            "accuracy_matrix": [list(row) for row in matrix],
            "initial_accuracy": list(initial),
            **beside.curves(),
        },
        slots=_slots(strategy),
        cost=measure_cost(
            strategy.model,
            state_bytes=_carried(model, stream, device),
            train=train,
            evaluation=evaluation,
            train_examples=strategy.examples.count,
            buffer_bytes=sum(
                plugin.stored_bytes()
                for plugin in strategy.plugins
                if isinstance(plugin, StoresPast)
            ),
        ),
    )


def _go_through(
    stream: Stream,
    strategy: ContinualStrategy,
    resume: Resume,
    beside: OptionalMetrics,
    train: Stopwatch,
    evaluation: Stopwatch,
) -> None:
    """Train on what is left of the stream, and evaluate before all and after each experience.

    What trains once is evaluated once after.
    """
    if not strategy.evaluator.rows:
        with evaluation:
            strategy.eval(stream.benchmark.test_stream)
    for experience, evaluated in islice(
        stream.experiences(), resume.trained, 1 if strategy.trains_once else None
    ):
        with train:
            strategy.train(experience, eval_streams=[])
        if evaluated or strategy.trains_once:
            beside.take(strategy)
            with evaluation:
                strategy.eval(stream.benchmark.test_stream)
        resume.between()


def within_total(
    total: int, build: Callable[[Any], tuple[SequenceModel, ContinualStrategy]], config: Any
) -> tuple[SequenceModel, ContinualStrategy]:
    """Build again and again from the same random numbers.

    To see what the parameters leave of the budget, and to keep so much.

    What may be kept can itself change the parameters (MemNet's codes are wider where many fit);
    then less is kept, until both fit.

    Raises:
        UsageError: If they leave nothing.
    """
    drawn = torch.get_rng_state()
    kept, built = 0, build(config)
    while (parameters := _parameter_bytes(built[1])) + kept > total or not kept:
        kept = total - parameters
        if kept <= 0:
            raise UsageError(
                f"total_budget={total}: the parameters alone are {parameters} bytes; give more, or take a smaller model"
            )
        torch.set_rng_state(drawn)
        built = build(replace(config, budget=kept))
    return built


def _parameter_bytes(strategy: ContinualStrategy) -> int:
    return sum(
        parameter.numel() * parameter.element_size() for parameter in strategy.model.parameters()
    )


def _slots(strategy: ContinualStrategy) -> dict[str, JsonValue] | None:
    for plugin in strategy.plugins:
        if isinstance(plugin, HasSlots):
            return dict(plugin.slot_statistics())
    return None


def _carried(model: SequenceModel, stream: Stream, device: torch.device) -> int:
    """Measure the state that one sample leaves."""
    sample = torch.zeros(1, stream.signature.length, stream.signature.features or 1, device=device)
    with torch.no_grad():
        return state_bytes(model(sample).state)
