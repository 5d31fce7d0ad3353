"""What training costs, measured."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from torch import nn

from results.records.record import Cost


class Stopwatch:
    """Adds up the time spent within it, on the wall and on the processor, in seconds."""

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
        """Stop, and add what has passed."""
        self.wall, self.cpu = self._now()
        self._began = None

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop for a while, where it runs: what is done meanwhile is not counted."""
        running = self._began is not None
        self.wall, self.cpu = self._now()
        self._began = None
        yield
        if running:
            self.__enter__()

    def state_dict(self) -> dict[str, Any]:
        """Return the time up to now, while it runs too."""
        return {"time": self._now()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what :meth:`state_dict` returned; if it runs, from now on."""
        self.wall, self.cpu = state_dict["time"]
        if self._began is not None:
            self.__enter__()

    def _now(self) -> tuple[float, float]:
        if self._began is None:
            return self.wall, self.cpu
        return self.wall + time.perf_counter() - self._began[
            0
        ], self.cpu + time.process_time() - self._began[1]


def measure_cost(
    model: nn.Module,
    *,
    state_bytes: int,
    train: Stopwatch,
    evaluation: Stopwatch,
    train_examples: int,
    buffer_bytes: int = 0,
) -> Cost:
    """Put together what a cell used, at its end.

    All but the peaks of memory, which are its process's (`benchmarks.execution.run_cell`).

    Args:
        model: What was trained; its parameters are counted.
        state_bytes: Peak of what one sequence carries.
        train: Time spent training.
        evaluation: Time spent evaluating.
        train_examples: Samples processed in training, each as often as it was: new ones and, in
            streams, those that a method rehearses beside them
            (`strategies.continual.metrics.example_counter`).
        buffer_bytes: What is kept of the past between samples.
    """
    parameters = list(model.parameters())
    return Cost(
        parameters=sum(parameter.numel() for parameter in parameters),
        parameter_bytes=sum(
            parameter.numel() * parameter.element_size() for parameter in parameters
        ),
        state_bytes=state_bytes,
        buffer_bytes=buffer_bytes,
        train_seconds=train.wall,
        train_cpu_seconds=train.cpu,
        eval_seconds=evaluation.wall,
        train_examples=train_examples,
    )
