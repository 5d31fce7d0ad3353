"""The limits of a cell's time and memory."""

import os
import time

import pytest

from benchmarks.execution.engines.limits import MEMORY_POLL, Limits, exceeded, next_check
from tests.benchmarks.execution.engines.test_cell_process import cell_process


@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        (Limits(), None),
        (Limits(timeout=60.0, memory=2**50), None),
        (Limits(timeout=0.0), "Timeout"),
        (Limits(memory=1000), "OutOfMemory"),
    ],
)
def test_cell_beyond_a_limit_fails(limits: Limits, kind: str | None) -> None:
    failure = exceeded(limits, cell_process(os.getpid()))
    assert (failure.type if failure else None) == kind


def test_limits_are_checked_when_the_first_cell_reaches_its_time() -> None:
    running = [cell_process(os.getpid()), cell_process(os.getpid())]
    running[1]._began = time.monotonic() - 90.0
    assert next_check(Limits(), running) is None
    assert next_check(Limits(memory=1), []) is None
    assert next_check(Limits(memory=1), running) == MEMORY_POLL
    pause = next_check(Limits(timeout=100.0), running)
    assert pause is not None
    assert 0.0 < pause <= 10.0
    assert next_check(Limits(timeout=80.0), running) == 0.0
