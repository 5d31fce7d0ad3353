"""Limits of a cell's time, memory and attempts, and how the first two are enforced.

The local engine checks the time and the resident memory of each cell's process, and ends a process
that exceeds one of them. On a Ray cluster every machine does the same for its cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.execution.engines.cell_process import CellProcess, log_end
from results.error_text import OUT_OF_MEMORY
from results.records.record_parts import Failure

MEMORY_POLL = 0.1
"""Seconds between two checks of the memory of cells, if it is limited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of a cell. They are no part of its identity.

    Attributes:
        timeout: Longest run time in seconds; None for no limit.
        memory: Most resident bytes of a cell's process; None for no limit.
        retries: Further attempts for a cell that was ended from outside; see
            `benchmarks.execution.engines.retries`.
    """

    timeout: float | None = None
    memory: int | None = None
    retries: int = 1


def next_check(limits: Limits, running: Sequence[CellProcess]) -> float | None:
    """Return the seconds until the limits must be checked; None if there is nothing to check."""
    pauses: list[float] = []
    if limits.timeout is not None:
        pauses += [max(0.0, limits.timeout - one.seconds) for one in running]
    if limits.memory is not None and running:
        pauses.append(MEMORY_POLL)
    return min(pauses, default=None)


def exceeded(limits: Limits, one: CellProcess) -> Failure | None:
    """Return a failure if a cell exceeds its time or its memory."""
    if limits.timeout is not None and one.seconds >= limits.timeout:
        return Failure(
            type="Timeout",
            message=f"stopped after {limits.timeout:g} s, which is its limit (--timeout)",
            traceback=log_end(one),
        )
    if limits.memory is not None and (resident := one.resident()) > limits.memory:
        text = (
            f"stopped at {resident / 1e6:.0f} MB of memory, "
            f"where its limit is {limits.memory / 1e6:.0f} MB (--memory)"
        )
        return Failure(type=OUT_OF_MEMORY, message=text, traceback=log_end(one))
    return None
