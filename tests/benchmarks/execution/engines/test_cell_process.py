"""The process of a cell: its memory."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.execution.engines.cell_process import CellProcess
from benchmarks.execution.engines.interface import Files
from tests.benchmarks.execution.scripted_cells import plan


def cell_process(process_id: int, exitcode: int | None = None) -> CellProcess:
    process: Any = SimpleNamespace(pid=process_id, exitcode=exitcode)
    (job,) = plan().jobs
    connection: Any = None
    return CellProcess(
        job=job, process=process, connection=connection, files=Files(log=Path("no")), device="cpu"
    )


def test_resident_memory_is_that_of_the_process() -> None:
    assert cell_process(os.getpid()).resident() > 1_000_000


def test_resident_memory_of_an_ended_process_is_zero() -> None:
    assert cell_process(2**22 + 1).resident() == 0
