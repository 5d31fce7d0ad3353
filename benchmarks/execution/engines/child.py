"""The side of the pipe where a cell runs.

A process of its own, which sends JSON and writes nothing but its log.

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

from benchmarks.execution.engines.interface import Files
from benchmarks.execution.run_cell import Place, check, run
from benchmarks.planning.jobs import Job
from results.errors import UsageError
from results.records.record import Record

INTERVAL = 0.2
"""Least number of seconds between two messages of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a cell's process does. Tests of an engine give it work that needs no torch.

    Attributes:
        run: Runs a cell; functions of a module, since they are sent to the process by name.
        check: Sees that jobs can be run, and returns the devices that they may run on.
    """

    run: Callable[[Job, Place, Callable[[float], None], Files], Record] = run
    check: Callable[[Sequence[Job], Place], list[str]] = check


def run_cell(connection: Connection, work: Work, job: Job, place: Place, files: Files) -> NoReturn:
    """Run one cell and send its record; then leave at once, whatever threads a library has left."""
    _settle(files.log, place)
    last = time.monotonic()

    def progress(fraction: float) -> None:
        nonlocal last
        if time.monotonic() - last >= INTERVAL:
            last = time.monotonic()
            _send(connection, {"fraction": min(1.0, max(0.0, float(fraction)))})

    record = work.run(job, place, progress, files)
    _send(connection, {"record": record.to_json()})
    _leave()


def check_jobs(
    connection: Connection, work: Work, jobs: Sequence[Job], place: Place, log: Path
) -> NoReturn:
    """See that all jobs can be run, and send what is wrong, or the devices to run them on."""
    _settle(log, place)
    try:
        _send(connection, {"error": None, "devices": work.check(jobs, place)})
    except UsageError as refusal:
        _send(connection, {"error": str(refusal)})
    _leave()


def _settle(log: Path, place: Place) -> None:
    """Send all output to the end of the log, leave Ctrl-C to the runner, and die when the runner dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(place.environment)
    descriptor = _opened(log)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(_Lossy(number, "w"), write_through=True) for number in (1, 2)
    )
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _opened(log: Path) -> int:
    try:
        return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


class _Lossy(io.FileIO):
    """A file that takes what it can.

    A full disk has no room for a log, and the cell may end well all the same.
    """

    def write(self, data: Any) -> int:
        """Write what can be written."""
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
        os._exit(1)  # nobody listens any more


def _leave() -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
