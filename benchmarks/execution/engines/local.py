"""Runs cells on this machine: one process per cell, a fixed number at a time, one thread each.

A failing cell does not stop the others. The limits of a cell are in `limits`, next to this file,
and further attempts in `retries`.
"""

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from benchmarks.execution.cell_provenance import cell_provenance, plugins_of
from benchmarks.execution.engines import child
from benchmarks.execution.engines.cell_process import CellProcess, last_lines, start
from benchmarks.execution.engines.child import Work
from benchmarks.execution.engines.fork_server import (
    STREAM_MODULES,
    TASK_MODULES,
    last_error,
    start_server,
)
from benchmarks.execution.engines.interface import Event, Files, Queue
from benchmarks.execution.engines.limits import Limits, exceeded, next_check
from benchmarks.execution.engines.retries import after_death, death
from benchmarks.execution.machine_memory import kernel_kills
from benchmarks.execution.run_cell import THREADS, CellEnvironment
from benchmarks.planning.jobs import Job
from results.errors import Damaged, UsageError
from results.records.record import Record, failed, parse
from results.records.record_parts import Failure

START_ATTEMPTS = 5
"""Attempts to start a process.

The first can fail because the fork server is gone, later ones because the machine has no more
processes.
"""

QUEUE_POLL = 1.0
"""Seconds between two checks for jobs that other runners have released."""


class LocalEngine:
    """Runs cells in processes of this machine.

    Args:
        jobs: Number of cells at a time.
        environment: Device and data root. With ``auto`` or ``cuda``, cells are spread over all
            devices of the kind.
        limits: Limits of a cell.
        work: The work of a cell's process.
        preload: Modules that the fork server loads; by default those that the jobs need.
    """

    def __init__(
        self,
        *,
        jobs: int,
        environment: CellEnvironment,
        limits: Limits | None = None,
        work: Work | None = None,
        preload: Sequence[str] | None = None,
    ) -> None:
        self.jobs = jobs
        self.environment = environment
        self.limits = limits or Limits()
        self.work = work or Work()
        self._preload = preload
        self._devices = [environment.device]

    def check(self, jobs: Sequence[Job]) -> None:
        """Check in a process of its own that the jobs can run."""
        answer = self._run_check(jobs)
        if answer["error"] is not None:
            raise UsageError(answer["error"])
        self._devices = answer["devices"]

    def run(self, queue: Queue, files: Callable[[Job], Files]) -> Generator[Event, None, None]:
        """Run the jobs of the queue, ``jobs`` at a time."""
        context = self._server(queue.jobs)
        running: list[CellProcess] = []
        try:
            while True:
                while len(running) < self.jobs and (job := queue.take()) is not None:
                    running.append(self._launch(context, job, files(job), running))
                    yield Event(job=job)
                if not running and queue.settled:
                    return
                wait(
                    [
                        handle
                        for one in running
                        for handle in (one.connection, one.process.sentinel)
                    ],
                    self._pause(running, queue),
                )
                for one in list(running):
                    event = self._next_event(one)
                    if event is None:
                        continue
                    if event.record is not None or event.note:
                        running.remove(one)
                        one.stop()
                    if event.note:
                        running.append(
                            self._launch(
                                context, one.job, one.files, running, attempt=one.attempt + 1
                            )
                        )
                    yield event
        finally:
            for one in running:
                one.kill()
            for one in running:
                one.stop()

    def _run_check(self, jobs: Sequence[Job]) -> dict[str, Any]:
        with tempfile.NamedTemporaryFile(prefix="memnet-check-") as log:
            context, kills = self._server(jobs), kernel_kills()
            process, connection = self._start(
                context, child.check_jobs, self.work, tuple(jobs), self.environment, Path(log.name)
            )
            try:
                answer: dict[str, Any] = json.loads(connection.recv_bytes())
                if trace := answer.get("traceback"):
                    print(trace, end="", file=sys.stderr)
                return answer
            except EOFError:
                process.join()
                last = last_lines(Path(log.name), 1) or last_error() or "no output"
                _, reason, way_out = death(process, kills)
                raise UsageError(
                    f"the check of plugins, device and data died ({reason.rstrip(',')}): "
                    f"{last}{way_out}"
                ) from None
            finally:
                process.kill()
                process.join()
                connection.close()

    def _server(self, jobs: Sequence[Job]) -> ForkServerContext:
        if self._preload is None:
            self._preload = (
                TASK_MODULES + STREAM_MODULES
                if any(job.benchmark.kind == "stream" for job in jobs)
                else TASK_MODULES
            )
        return start_server(self._preload)

    def _launch(
        self,
        context: ForkServerContext,
        job: Job,
        files: Files,
        running: Sequence[CellProcess],
        *,
        attempt: int = 0,
    ) -> CellProcess:
        """Start a cell on the device with the fewest cells."""
        busy = Counter(one.device for one in running)
        device = min(self._devices, key=lambda name: busy[name])
        if attempt == 0:
            files.drop_log()
        arguments = (self.work, job, replace(self.environment, device=device), files)
        process, connection = self._start(context, child.run_cell, *arguments)
        return CellProcess(
            job=job,
            process=process,
            connection=connection,
            files=files,
            device=device,
            attempt=attempt,
        )

    def _start(
        self, context: ForkServerContext, target: Callable[..., object], *args: object
    ) -> tuple[ForkServerProcess, Connection]:
        """Start a process; restart the fork server first if it has died."""
        for attempt in range(START_ATTEMPTS):
            try:
                return start(context, target, *args)
            except OSError as error:
                if attempt == START_ATTEMPTS - 1:
                    reason = f"no process could be started ({error})"
                    raise UsageError(
                        f"{reason}; free memory or processes, and the same command resumes"
                    ) from error
                time.sleep(0.1 * attempt)
                context = self._server(())
        raise AssertionError("unreachable")

    def _pause(self, running: Sequence[CellProcess], queue: Queue) -> float | None:
        """Return the seconds to wait for messages before the next check; None for no check."""
        check = next_check(self.limits, running)
        if len(running) < self.jobs and not queue.settled:
            return QUEUE_POLL if check is None else min(check, QUEUE_POLL)
        return check

    def _next_event(self, one: CellProcess) -> Event | None:
        """Return an event for a process's messages, its death, or a limit that it exceeds."""
        # Before reading the pipe: of a dead process, the pipe then holds all messages.
        dead = one.process.exitcode is not None
        messages, closed = one.drain()
        for message in messages:
            if "record" in message:
                return Event(job=one.job, fraction=1.0, record=_received(one, message["record"]))
        if dead or closed:
            return self._died(one)
        excess = exceeded(self.limits, one)
        if excess is not None:
            one.kill()
            return Event(job=one.job, fraction=1.0, record=_failed(one, excess))
        return Event(job=one.job, fraction=messages[-1]["fraction"]) if messages else None

    def _died(self, one: CellProcess) -> Event:
        one.join()
        outcome = after_death(one, self.limits.retries)
        if isinstance(outcome, str):
            return Event(job=one.job, note=outcome)
        return Event(job=one.job, fraction=1.0, record=_failed(one, outcome))


def _received(one: CellProcess, text: str) -> Record:
    try:
        record = parse(text)
    except Damaged as error:
        return _failed(
            one,
            Failure(type="Damaged", message=f"the cell sent a record that is not valid: {error}"),
        )
    assert record.id == one.job.cell.id
    return record


def _failed(one: CellProcess, failure: Failure) -> Record:
    return failed(
        one.job.cell,
        failure,
        cell_provenance(
            plugins_of(one.job), device=one.device, threads=THREADS, started_at=one.started_at
        ),
    )
