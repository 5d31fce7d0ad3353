"""A cell's process as its engine sees it: what it sends, how it ended, what it holds, and how it is stopped."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from benchmarks.execution.engines.fork_server import plain_main
from benchmarks.execution.engines.interface import Files
from benchmarks.planning.jobs import Job
from results.records.provenance import now

PATIENCE = 5.0
"""Seconds that a process which has answered may take to end."""

OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT})
"""Signals that another process sends: the kernel's for want of memory, a batch system's, a person's. A crash in the cell's own code ends in
others (SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL).
"""

SERVER_LOST = 255
"""Exit code that Python reports where the fork server died and nobody knows how its children ended."""

PAGE = os.sysconf("SC_PAGE_SIZE")
"""Bytes of a page of memory, which ``/proc`` counts in."""


def start(
    context: ForkServerContext, target: Callable[..., object], *args: object
) -> tuple[ForkServerProcess, Connection]:
    """Start a process, and return it with the end of the pipe that it sends to.

    Raises:
        OSError: If none can be started.
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
    """Say how a process ended."""
    code = process.exitcode
    if code == SERVER_LOST:
        return "lost with the process that it was forked from"
    return (
        f"killed by signal {-code}" if code is not None and code < 0 else f"exited with code {code}"
    )


def last_lines(log: Path, count: int) -> str:
    """Return the end of a log; nothing where there is none."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""


@dataclass(slots=True, kw_only=True)
class CellProcess:
    """A cell's process and the end of the pipe that it sends to.

    Attributes:
        job: The cell.
        process: Its process.
        connection: Where its messages arrive.
        files: What it may write.
        device: Where it runs.
        attempt: 0 for the first try.
        started_at: When it was started, for the record.
    """

    job: Job
    process: ForkServerProcess
    connection: Connection
    files: Files
    device: str
    attempt: int = 0
    started_at: str = field(default_factory=now)
    _began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """For how long it has been running."""
        return time.monotonic() - self._began

    @property
    def ended_from_outside(self) -> bool:
        """Whether another process ended it, by what is known."""
        code = self.process.exitcode
        return code is not None and (code == SERVER_LOST or -code in OUTSIDE)

    def resident(self) -> int:
        """Resident bytes; 0 where they can't be read, as after its end."""
        try:
            return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE
        except (OSError, IndexError, ValueError):
            return 0

    def drain(self) -> tuple[list[dict[str, Any]], bool]:
        """Return the messages that have come in, and whether the other end is closed."""
        messages: list[dict[str, Any]] = []
        try:
            while self.connection.poll():
                messages.append(json.loads(self.connection.recv_bytes()))
        except (EOFError, OSError):
            return messages, True
        return messages, False

    def join(self) -> None:
        """Wait a little for the process to end."""
        self.process.join(PATIENCE)

    def kill(self) -> None:
        """End it with force."""
        self.process.kill()

    def stop(self) -> None:
        """Wait a little for the process to end, end it with force if it does not, and free what it held. An empty log is taken away."""
        self.join()
        if self.process.is_alive():
            self.kill()
            self.process.join()
        self.connection.close()
        self.process.close()
        self.files.drop_empty_log()
