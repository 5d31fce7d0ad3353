"""Measured cost of training."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from torch import nn

from results.records.record_parts import Cost


class Stopwatch:
    """Adds up the wall-clock and CPU time of its ``with`` blocks, in seconds."""

    def __init__(self) -> None:
        self.wall = 0.0
        self.cpu = 0.0
        self._began: tuple[float, float] | None = None

    def __enter__(self) -> Self:
        """Start."""
        self._began = (time.perf_counter(), time.process_time())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop, and add the elapsed time."""
        self.wall, self.cpu = self._now()
        self._began = None

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Pause a running stopwatch for the duration of this block."""
        running = self._began is not None
        self.wall, self.cpu = self._now()
        self._began = None
        yield
        if running:
            self.__enter__()

    def state_dict(self) -> dict[str, Any]:
        """Return the time so far, also while it runs."""
        return {"time": self._now()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned; a running stopwatch counts on from now."""
        self.wall, self.cpu = state_dict["time"]
        if self._began is not None:
            self.__enter__()

    def _now(self) -> tuple[float, float]:
        if self._began is None:
            return self.wall, self.cpu
        wall, cpu = self._began
        return self.wall + time.perf_counter() - wall, self.cpu + time.process_time() - cpu


def measure_cost(
    model: nn.Module,
    *,
    state_bytes: int,
    training_state_bytes: int | None = None,
    train: Stopwatch,
    evaluation: Stopwatch,
    train_examples: int,
    buffer_bytes: int = 0,
) -> Cost:
    """Return the cost of a cell.

    Memory peaks are those of its process; `benchmarks.execution.run_cell` adds them.

    Args:
        model: The trained model, whose parameters are counted.
        state_bytes: Peak size of the state of one sequence, in bytes.
        training_state_bytes: The same in training; None if it was not measured.
        train: Time spent training.
        evaluation: Time spent evaluating.
        train_examples: Samples processed in training, repetitions included: new ones and, on
            streams, rehearsed ones (`strategies.continual.metrics.example_counter`).
        buffer_bytes: Bytes stored of past samples.
    """
    parameters = list(model.parameters())
    return Cost(
        parameters=sum(parameter.numel() for parameter in parameters),
        parameter_bytes=sum(
            parameter.numel() * parameter.element_size() for parameter in parameters
        ),
        state_bytes=state_bytes,
        training_state_bytes=training_state_bytes,
        buffer_bytes=buffer_bytes,
        regenerated_bytes=regenerated_bytes(model),
        train_seconds=train.wall,
        train_cpu_seconds=train.cpu,
        eval_seconds=evaluation.wall,
        train_examples=train_examples,
    )


def regenerated_bytes(model: nn.Module) -> int:
    """Return the bytes of the parameters that the seed alone determines.

    The model and each of its modules may name them in ``regenerated_parameters``; see
    `baselines.interface.SequenceModel`.

    Raises:
        KeyError: If a module names a parameter that it does not have.
    """
    parameters = dict(model.named_parameters())
    names = {
        f"{prefix}.{name}" if prefix else name
        for prefix, module in model.named_modules()
        for name in getattr(module, "regenerated_parameters", ())
    }
    return sum(parameters[name].numel() * parameters[name].element_size() for name in names)
