"""A cell's process as the engine sees it: its messages, memory, exit and end."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import psutil

from benchmarks.execution.engines.fork_server import plain_main
from benchmarks.execution.engines.interface import Files
from benchmarks.execution.machine_memory import kernel_kills
from benchmarks.planning.jobs import Job
from results.records.provenance import now

LAST_LINES = 20
"""Last lines of a failed cell's log that its record holds."""

EXIT_TIMEOUT = 5.0
"""Seconds within which a process must exit after it has sent its record."""

SERVER_LOST = 255
"""Exit code that Python reports if the fork server died and the child's real one is unknown."""


def start(
    context: ForkServerContext, target: Callable[..., object], *args: object
) -> tuple[ForkServerProcess, Connection]:
    """Start a process, and return it with the receiving end of its pipe.

    Raises:
        OSError: If no process can be started.
    """
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(writer, *args), daemon=False)
    try:
        with plain_main():
            process.start()
    except EOFError as error:
        reader.close()
        raise OSError("the fork server is gone") from error
    except OSError:
        reader.close()
        raise
    finally:
        writer.close()
    return process, reader


def cause(process: ForkServerProcess) -> str:
    """Return how a process ended, in words."""
    code = process.exitcode
    if code == SERVER_LOST:
        return "lost with the process that it was forked from"
    return (
        f"killed by signal {-code}" if code is not None and code < 0 else f"exited with code {code}"
    )


def last_lines(log: Path, count: int) -> str:
    """Return the last lines of a log; empty if there is no log."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
    except OSError:
        return ""


@dataclass(slots=True, kw_only=True)
class CellProcess:
    """A cell's process and the receiving end of its pipe.

    Attributes:
        job: The cell.
        process: Its process.
        connection: Receives its messages.
        files: Files that it may write.
        device: The device that it runs on.
        attempt: 0 for the first attempt.
        started_at: Start time, for the record.
        kills: `kernel_kills` at its start.
    """

    job: Job
    process: ForkServerProcess
    connection: Connection
    files: Files
    device: str
    attempt: int = 0
    started_at: str = field(default_factory=now)
    kills: int = field(default_factory=kernel_kills)
    _began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def resident(self) -> int:
        """Return the resident bytes; 0 if they can't be read, as after its end."""
        try:
            return int(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def drain(self) -> tuple[list[dict[str, Any]], bool]:
        """Return the messages received, and whether the sending end is closed."""
        messages: list[dict[str, Any]] = []
        try:
            while self.connection.poll():
                messages.append(json.loads(self.connection.recv_bytes()))
        except (EOFError, OSError):
            return messages, True
        return messages, False

    def join(self) -> None:
        """Wait up to ``EXIT_TIMEOUT`` for the process to end."""
        self.process.join(EXIT_TIMEOUT)

    def kill(self) -> None:
        """Kill the process."""
        self.process.kill()

    def stop(self) -> None:
        """Wait for the process to end, else kill it; free its resources and delete an empty log."""
        self.join()
        if self.process.is_alive():
            self.kill()
            self.process.join()
        self.connection.close()
        self.process.close()
        self.files.drop_empty_log()


def log_end(one: CellProcess) -> str:
    """Return the last lines of a cell's log."""
    return last_lines(one.files.log, LAST_LINES)
