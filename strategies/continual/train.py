"""Training of one model with one method on one stream, and its evaluation after each experience."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from types import ModuleType
from typing import Any, Protocol, runtime_checkable

import torch
from avalanche.core import SupervisedPlugin
from pydantic import JsonValue

from baselines.interface import SequenceModel, Signature
from results.errors import UsageError
from results.records.record import Outcome
from results.statistics.metrics import stream_metrics
from strategies.common.batch_norm import allow_single_samples
from strategies.common.checkpoint import Checkpoint, Parts, Stateful
from strategies.common.cost import Stopwatch, measure_cost
from strategies.common.training_log import TrainingLog, diverged
from strategies.continual.checkpointing import Resume, resumable, strategy_parts
from strategies.continual.counted_bytes import networks, parameter_bytes, stored_bytes
from strategies.continual.metrics.optional_metrics import OptionalMetrics
from strategies.continual.metrics.state_size import TrainingState, evaluation_state_bytes
from strategies.continual.strategy import ContinualStrategy
from strategies.continual.stream import Stream

VERSION = 1
"""Version of the loop; raise it if a change to the loop, the data loader or the evaluation can
alter results. It is part of the identity of every stream's cells.
"""


@runtime_checkable
class HasSlots(Protocol):
    """A plugin with a memory of slots."""

    def slot_statistics(self) -> Mapping[str, JsonValue]:
        """Return occupancy, write rate, read entropy and sparsity, and lifetimes."""


class Progress(SupervisedPlugin[Any]):
    """Reports the progress of training, and ends training that has diverged.

    It reads the loss at intervals: reading it at every step would block a GPU, and a loss that is
    no longer finite remains so.

    Args:
        progress: Receives a fraction in [0, 1].
        steps: Number of steps of the whole stream.
        learning_rate: The learning rate.
        training_log: Receives the number of each training step and its loss.
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
        self._training_log = training_log
        self._done = 0
        self._loss = torch.zeros(())

    def after_training_iteration(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Count a step; at every hundredth of the steps report it, and check the loss."""
        before = 100 * self._done // self._steps
        self._done += 1
        self._loss = strategy.loss.detach()
        if self._training_log is not None:
            self._training_log(self._done, {"loss": float(self._loss)})
        if 100 * self._done // self._steps > before:
            self._check()
            self._progress(min(1.0, self._done / self._steps))

    def after_training_exp(self, strategy: Any, *args: Any, **kwargs: Any) -> None:
        """Check the last loss before a method uses the trained model."""
        self._check()

    def _check(self) -> None:
        """Check the loss.

        Raises:
            FloatingPointError: If it is not finite.
        """
        if not math.isfinite(loss := float(self._loss)):
            # A method may make more steps than the stream has.
            of = f" of {self._steps}" if self._done <= self._steps else ""
            raise diverged(f"the loss was {loss} at step {self._done}{of}", self._learning_rate)

    def state_dict(self) -> dict[str, Any]:
        """Return the steps done."""
        return {"done": self._done}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
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
    on_trained: Callable[[Parts], None] | None = None,
) -> Outcome:
    """Train on a stream and return the results.

    The model is initialised from the global generator, which the caller seeds; order, reservoir,
    dreams and noise have separate generators.

    Args:
        stream: The stream.
        build_model: Builds the model for the stream's signature.
        method: Module of a method (``build``, ``Config``).
        method_config: Its ``Config``.
        learning_rate: Learning rate.
        seed: The cell's seed.
        device: Where to train.
        progress: Receives the fraction done, in [0, 1].
        total_budget: Bytes of parameters plus bytes stored of past samples; 0 to use the method's
            own options.
        checkpoint: Holds the progress, so that an interrupted cell resumes; none by default.
            `strategies.continual.checkpointing` describes what a method does for it.
        training_log: Receives the number of each training step and its loss.
        on_trained: Receives everything that training changed, at the end of the stream.

    Returns:
        Metrics, the accuracy matrix and the initial accuracies, slot statistics, and the cost.

    Raises:
        UsageError: If the model and the method are incompatible, or the parameters alone exceed
            the total budget.
        FloatingPointError: If training diverged, or logits are not finite.
    """
    model, strategy = build_strategy(
        stream,
        build_model,
        method,
        method_config=method_config,
        learning_rate=learning_rate,
        seed=seed,
        device=device,
        total_budget=total_budget,
    )
    # Without the plugins that follow, which serve this run alone.
    parts = strategy_parts(strategy)
    train, evaluation = Stopwatch(), Stopwatch()
    strategy.plugins.insert(0, Progress(progress, stream.steps, learning_rate, training_log))
    optional = OptionalMetrics(stream, strategy, train, seed)
    training_state = TrainingState(model)
    if checkpoint is None or not resumable(strategy):
        checkpoint = Checkpoint()
    measured: dict[str, Stateful] = {
        "train": train,
        "evaluation": evaluation,
        "training state": training_state,
    }
    resume = Resume(strategy, checkpoint, {**measured, **optional.stateful()})
    _train_and_evaluate(stream, strategy, resume, optional, train, evaluation)
    training_state.remove()
    if on_trained is not None:
        on_trained(parts)
    initial, *matrix = strategy.evaluator.rows
    return Outcome(
        metrics={**stream_metrics(matrix, initial), **optional.metrics()},
        curves={
            "accuracy_matrix": [list(row) for row in matrix],
            "initial_accuracy": list(initial),
            **optional.curves(),
        },
        slots=_slots(strategy),
        cost=measure_cost(
            networks(strategy),
            state_bytes=evaluation_state_bytes(model, stream, device),
            training_state_bytes=training_state.bytes,
            train=train,
            evaluation=evaluation,
            train_examples=strategy.examples.count,
            buffer_bytes=stored_bytes(strategy),
        ),
    )


def build_strategy(
    stream: Stream,
    build_model: Callable[[Signature], SequenceModel],
    method: ModuleType,
    *,
    method_config: Any,
    learning_rate: float,
    seed: int,
    device: torch.device,
    total_budget: int = 0,
) -> tuple[SequenceModel, ContinualStrategy]:
    """Build a model, and the strategy that trains it; the arguments are those of `run_stream`.

    Raises:
        UsageError: If the model and the method are incompatible, or the parameters alone exceed
            the total budget.
    """

    def build(config: Any) -> tuple[SequenceModel, ContinualStrategy]:
        model = build_model(stream.signature)
        allow_single_samples(model)
        return model, method.build(
            config,
            model=model,
            stream=stream,
            learning_rate=learning_rate,
            seed=seed,
            device=device,
        )

    if total_budget:
        return within_total(total_budget, build, method_config)
    return build(method_config)


def _train_and_evaluate(
    stream: Stream,
    strategy: ContinualStrategy,
    resume: Resume,
    optional: OptionalMetrics,
    train: Stopwatch,
    evaluation: Stopwatch,
) -> None:
    """Train on the rest of the stream; evaluate before the first and after each experience.

    A method that trains once is evaluated once after it.
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
            optional.take(strategy)
            with evaluation:
                strategy.eval(stream.benchmark.test_stream)
        resume.after_experience()


def within_total(
    total: int, build: Callable[[Any], tuple[SequenceModel, ContinualStrategy]], config: Any
) -> tuple[SequenceModel, ContinualStrategy]:
    """Build a model and a method whose parameters and stored bytes fit a total budget.

    The memory gets the bytes that the parameters leave. Its size can change the parameters
    (MemNet's codes are wider if many fit), so both are built again, from the same random numbers,
    until they fit together.

    Raises:
        UsageError: If the parameters leave nothing.
    """
    rng_state = torch.get_rng_state()
    stored, built = 0, build(config)
    while (parameters := parameter_bytes(built[1])) + stored > total or not stored:
        stored = total - parameters
        if stored <= 0:
            raise UsageError(
                f"total_budget={total}: the parameters alone are {parameters} bytes; "
                "give more, or take a smaller model"
            )
        torch.set_rng_state(rng_state)
        built = build(replace(config, budget=stored))
    return built


def _slots(strategy: ContinualStrategy) -> dict[str, JsonValue] | None:
    for plugin in strategy.plugins:
        if isinstance(plugin, HasSlots):
            return dict(plugin.slot_statistics())
    return None
