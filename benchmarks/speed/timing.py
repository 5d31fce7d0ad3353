"""Timing of several implementations in turn, so that other load affects all alike."""

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

Work = Callable[[], Callable[[], object]]
"""Prepares the work and returns a function that does it; only that function is timed."""
Clock = Callable[[], float]
"""Returns seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Time of one implementation.

    Attributes:
        work: The work.
        baseline: Name of the implementation.
        seconds: Seconds, the median of all rounds.
        ratio: Seconds relative to the first implementation, the median of all rounds.
    """

    work: str
    baseline: str
    seconds: float
    ratio: float


def compare(
    work: str, baselines: Mapping[str, Work], rounds: int, clock: Clock = time.process_time
) -> list[Timing]:
    """Time implementations of the same work in turn; the first is the reference of the ratios.

    Args:
        work: Name of the work.
        baselines: The implementations by name.
        rounds: How often each does the work.
        clock: What measures the time; CPU time by default.
    """
    seconds_of: dict[str, list[float]] = {name: [] for name in baselines}
    for _ in range(rounds):
        for name, prepare in baselines.items():
            do = prepare()
            gc.collect()
            began = clock()
            do()
            seconds_of[name].append(clock() - began)
    first = seconds_of[next(iter(baselines))]
    return [
        Timing(
            work=work,
            baseline=name,
            seconds=median(seconds),
            ratio=median(own / base for own, base in zip(seconds, first, strict=True)),
        )
        for name, seconds in seconds_of.items()
    ]
