"""Rivals take turns at the same work, so that what else the machine does falls on all of them alike; the median of the rounds counts."""

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

Work = Callable[[], Callable[[], object]]
"""Prepares the work and returns what does it: only that is timed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long one rival took.

    Attributes:
        work: What was done.
        rival: Who did it.
        seconds: Of the processor, the median of all rounds.
        ratio: Of these to the first rival's: the median of the rounds' ratios.
    """

    work: str
    baseline: str
    seconds: float
    ratio: float


def compare(work: str, baselines: Mapping[str, Work], rounds: int) -> list[Timing]:
    """Let rivals do the same work by turns; the first is what the others are held against."""
    spent: dict[str, list[float]] = {name: [] for name in baselines}
    for _ in range(rounds):
        for name, prepare in baselines.items():
            do = prepare()
            gc.collect()
            began = time.process_time()
            do()
            spent[name].append(time.process_time() - began)
    first = spent[next(iter(baselines))]
    return [
        Timing(
            work=work,
            baseline=name,
            seconds=median(seconds),
            ratio=median(its / base for its, base in zip(seconds, first, strict=True)),
        )
        for name, seconds in spent.items()
    ]
