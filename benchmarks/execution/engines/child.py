"""The cell's side of the pipe: a process that sends JSON and writes nothing but its log.

Messages are JSON objects: ``{"fraction": 0.5}``, then ``{"record": "…"}``; a check answers
``{"error": null, "devices": ["cpu"]}`` or ``{"error": "…"}``.
"""

import io
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.execution.check_jobs import check
from benchmarks.execution.engines.interface import Files
from benchmarks.execution.entry_functions import refusal_traceback
from benchmarks.execution.machine_memory import limit_to_machine
from benchmarks.execution.run_cell import CellEnvironment, run
from benchmarks.planning.jobs import Job
from results.errors import UsageError
from results.records.record import Record

PROGRESS_INTERVAL = 0.2
"""Least number of seconds between two progress messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The work of a cell's process. Tests of an engine replace it by work without torch.

    Attributes:
        run: Runs a cell. Both are module-level functions, which are sent to the process by name.
        check: Checks that jobs can run, and returns the devices that they may run on.
    """

    run: Callable[[Job, CellEnvironment, Callable[[float], None], Files], Record] = run
    check: Callable[[Sequence[Job], CellEnvironment], list[str]] = check


def run_cell(
    connection: Connection, work: Work, job: Job, environment: CellEnvironment, files: Files
) -> NoReturn:
    """Run one cell, send its record, and exit at once, even with a library's threads running."""
    _set_up_process(files.log, environment)
    last = time.monotonic()

    def progress(fraction: float) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_INTERVAL:
            last = time.monotonic()
            _send(connection, {"fraction": min(1.0, max(0.0, float(fraction)))})

    record = work.run(job, environment, progress, files)
    _send(connection, {"record": record.to_json()})
    _exit()


def check_jobs(
    connection: Connection,
    work: Work,
    jobs: Sequence[Job],
    environment: CellEnvironment,
    log: Path,
) -> NoReturn:
    """Check that all jobs can run; send the first problem, or the devices."""
    _set_up_process(log, environment)
    try:
        _send(connection, {"error": None, "devices": work.check(jobs, environment)})
    except UsageError as refusal:
        _send(connection, {"error": str(refusal), "traceback": refusal_traceback(refusal)})
    _exit()


def _set_up_process(log: Path, environment: CellEnvironment) -> None:
    """Redirect all output to the log, ignore Ctrl-C, and exit when the parent process ends.

    Memory is limited to that of the machine, except on accelerators, whose drivers map their own.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(environment.variables)
    if not environment.device.startswith("cuda"):
        limit_to_machine()
    descriptor = _opened(log)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(
            _LossyFile(number, "w"), encoding="utf-8", errors="backslashreplace", write_through=True
        )
        for number in (1, 2)
    )
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _opened(log: Path) -> int:
    try:
        return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


class _LossyFile(io.FileIO):
    """A file that ignores write errors: a cell must not fail because its log cannot be written."""

    def write(self, data: Any) -> int:
        """Write as much as possible."""
        try:
            return super().write(data) or len(data)
        except OSError:
            return len(data)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _send(connection: Connection, message: dict[str, object]) -> None:
    try:
        connection.send_bytes(json.dumps(message).encode())
    except OSError:
        os._exit(1)  # the runner is gone


def _exit() -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
