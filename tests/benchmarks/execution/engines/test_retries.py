"""Which lost cells are tried again, by the exit code of their process."""

import dataclasses

import pytest

from benchmarks.execution.engines.retries import after_death, after_loss
from results.records.record_parts import Failure
from tests.benchmarks.execution.engines.test_cell_process import cell_process


@pytest.mark.parametrize(
    ("code", "attempt", "outcome"),
    [
        (-9, 0, "killed by signal 9; tried again"),
        (-15, 0, "killed by signal 15; tried again"),
        (255, 0, "lost with the process that it was forked from; tried again"),
        (-11, 0, Failure(type="ProcessDied", message="killed by signal 11 before it had a result")),
        (3, 0, Failure(type="ProcessDied", message="exited with code 3 before it had a result")),
        (
            -15,
            1,
            Failure(
                type="ProcessDied",
                message="killed by signal 15 before it had a result (tried 2 times)",
            ),
        ),
    ],
)
def test_process_that_was_ended_from_outside_is_tried_again(
    code: int, attempt: int, outcome: str | Failure
) -> None:
    one = dataclasses.replace(cell_process(1, exitcode=code), attempt=attempt)
    assert after_death(one, retries=1) == outcome


def test_lost_machine_is_tried_again_as_often_as_allowed() -> None:
    lost = "lost with its machine or its worker (OSError)"
    assert after_loss(OSError(), attempt=1, retries=2) == f"{lost}; tried again"
    assert after_loss(OSError(), attempt=2, retries=2) == Failure(
        type="MachineLost", message=f"{lost} (tried 3 times)"
    )
