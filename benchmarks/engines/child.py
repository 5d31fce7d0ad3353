"""The side of the pipe where a cell runs: a process of its own, which sends JSON and writes nothing but its log.

Messages are JSON objects: ``{"fraction": 0.5}``, then ``{"record": "…"}``; a check answers ``{"error": null}`` or ``{"error": "…"}``.
"""

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import NoReturn

from benchmarks import worker
from benchmarks.planner import Job
from results.errors import UsageError

INTERVAL = 0.2
"""Least number of seconds between two messages of progress."""


def run_cell(connection: Connection, job: Job, place: worker.Place, log: Path) -> NoReturn:
    """Run one cell and send its record; then leave at once, whatever threads a library has left."""
    _settle(log)
    last = time.monotonic()

    def progress(fraction: float) -> None:
        nonlocal last
        if time.monotonic() - last >= INTERVAL:
            last = time.monotonic()
            _send(connection, {"fraction": min(1.0, max(0.0, float(fraction)))})

    record = worker.run(job, place, progress)
    _send(connection, {"record": record.to_json()})
    _leave()


def check_jobs(connection: Connection, jobs: Sequence[Job], place: worker.Place, log: Path) -> NoReturn:
    """See that all jobs can be run, and send what is wrong, if anything."""
    _settle(log)
    error: str | None = None
    try:
        worker.check(jobs, place)
    except UsageError as refusal:
        error = str(refusal)
    _send(connection, {"error": error})
    _leave()


def _settle(log: Path) -> None:
    """Send all output to the log, leave Ctrl-C to the runner, and die when the runner dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    threading.Thread(target=_die_with_parent, daemon=True).start()


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
