"""Runs cells on this machine: one process per cell, so many at a time, one thread each.

A cell that raises, is killed or runs out of memory costs itself alone.
"""

import json
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from benchmarks.engines import child
from benchmarks.engines.interface import Event
from benchmarks.engines.server import STREAMS, TASKS, plain_main, start_server
from benchmarks.planner import Job
from benchmarks.worker import THREADS, Place
from results.errors import UsageError
from results.provenance import now, provenance
from results.record import Damaged, Failure, Record, failed, parse

LAST_LINES = 20
"""Lines of a dead cell's log that its record keeps."""

PATIENCE = 5.0
"""Seconds that a process which has answered may take to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """A cell's process and the end of the pipe that it sends to."""

    job: Job
    process: ForkServerProcess
    connection: Connection
    log: Path
    device: str
    started_at: str

    def drain(self) -> tuple[list[dict[str, Any]], bool]:
        """Return the messages that have come in, and whether the other end is closed."""
        messages: list[dict[str, Any]] = []
        try:
            while self.connection.poll():
                messages.append(json.loads(self.connection.recv_bytes()))
        except (EOFError, OSError):
            return messages, True
        return messages, False

    def stop(self) -> None:
        """Wait a little for the process to end, end it with force if it does not, and free what it held."""
        self.process.join(PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()
        self.process.close()
        if self.log.is_file() and self.log.stat().st_size == 0:
            self.log.unlink()


class LocalEngine:
    """Cells in processes of this machine.

    Args:
        jobs: Number of cells at a time.
        place: Device and data root.
    """

    def __init__(self, *, jobs: int, place: Place) -> None:
        self.jobs = jobs
        self.place = place
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as the server may write to it)

    def check(self, jobs: Sequence[Job]) -> None:
        """See that the jobs can be run, in a process of its own."""
        with tempfile.NamedTemporaryFile(prefix="memnet-check-") as log:
            context = self._server(jobs)
            process, connection = _start(context, child.check_jobs, tuple(jobs), self.place, Path(log.name))
            try:
                answer = json.loads(connection.recv_bytes())
            except EOFError:
                process.join()
                last = _last_lines(Path(log.name), 1) or "it left no word"
                raise UsageError(f"the check of plugins, device and data died ({_cause(process)}): {last}") from None
            finally:
                process.kill()
                process.join()
                connection.close()
        if answer["error"] is not None:
            raise UsageError(answer["error"])

    def run(self, jobs: Sequence[Job], log_path: Callable[[str], Path]) -> Generator[Event, None, None]:
        """Run the jobs in their order, so many at a time."""
        context = self._server(jobs)
        waiting = deque(jobs)
        running: list[_Running] = []
        try:
            while waiting or running:
                while waiting and len(running) < self.jobs:
                    running.append(self._launch(context, waiting.popleft(), log_path))
                    yield Event(job=running[-1].job)
                wait([handle for one in running for handle in (one.connection, one.process.sentinel)])
                for one in list(running):
                    event = _news(one)
                    if event is None:
                        continue
                    if event.record is not None:
                        running.remove(one)
                        one.stop()
                    yield event
        finally:
            for one in running:
                one.process.kill()
                one.stop()

    def _server(self, jobs: Sequence[Job]) -> ForkServerContext:
        streams = any(job.benchmark.kind == "stream" for job in jobs)
        return start_server(TASKS + STREAMS if streams else TASKS, self._errors)

    def _launch(self, context: ForkServerContext, job: Job, log_path: Callable[[str], Path]) -> _Running:
        log = log_path(job.cell.id)
        started_at = now()
        process, connection = _start(context, child.run_cell, job, self.place, log)
        return _Running(job=job, process=process, connection=connection, log=log, device=self.place.device, started_at=started_at)


def _start(context: ForkServerContext, target: Callable[..., object], *args: object) -> tuple[ForkServerProcess, Connection]:
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(writer, *args), daemon=False)
    try:
        with plain_main():
            process.start()
    except (EOFError, OSError) as error:
        raise UsageError(
            f"no process could be started ({type(error).__name__}: {error}); see that memory and processes are to be had"
        ) from error
    finally:
        writer.close()
    return process, reader


def _news(one: _Running) -> Event | None:
    """Turn what a process has sent, or its death, into an event."""
    dead = one.process.exitcode is not None  # asked first: what it sent before it died is then all in the pipe
    messages, closed = one.drain()
    for message in messages:
        if "record" in message:
            return Event(job=one.job, fraction=1.0, record=_received(one, message["record"]))
    if dead or closed:
        return Event(job=one.job, fraction=1.0, record=_died(one))
    return Event(job=one.job, fraction=messages[-1]["fraction"]) if messages else None


def _received(one: _Running, text: str) -> Record:
    try:
        record = parse(text)
    except Damaged as error:
        return _failed(one, Failure(type="Damaged", message=f"the cell sent a record that is not valid: {error}"))
    assert record.id == one.job.cell.id
    return record


def _died(one: _Running) -> Record:
    one.process.join(PATIENCE)
    message = f"{_cause(one.process)} before it had a result"
    if one.process.exitcode == -signal.SIGKILL:
        message += "; out of memory, perhaps"
    return _failed(one, Failure(type="ProcessDied", message=message, traceback=_last_lines(one.log, LAST_LINES)))


def _failed(one: _Running, failure: Failure) -> Record:
    return failed(one.job.cell, failure, provenance(device=one.device, threads=THREADS, started_at=one.started_at))


def _cause(process: ForkServerProcess) -> str:
    code = process.exitcode
    return f"killed by signal {-code}" if code is not None and code < 0 else f"exited with code {code}"


def _last_lines(log: Path, count: int) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""
