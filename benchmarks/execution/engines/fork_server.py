"""The fork server that starts cells: a process that has torch loaded and only forks.

A cell's process then starts in a few hundredths of a second, while importing torch (and what its
first optimiser loads) takes seconds. The runner itself never imports torch.
"""

import atexit
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from multiprocessing import forkserver, get_context, util
from multiprocessing.context import ForkServerContext
from types import ModuleType
from typing import IO

TASK_MODULES = (
    "torch",
    "torch._dynamo",
    "benchmarks.execution.engines.child",
    "strategies.sequence.train",
)
"""Modules loaded in advance for all cells.

torch loads ``torch._dynamo`` with the first optimiser, which takes as long as torch itself.
"""

STREAM_MODULES = ("avalanche.training.templates", "strategies.continual.train")
"""Modules loaded in addition for a plan with streams."""

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    # Otherwise the server would search the user's working directory for our packages first.
    "PYTHONSAFEPATH": "1",
}

SOCKET_PATH_BYTES = 103
"""Maximum length of the path of a Unix socket (macOS; Linux allows 107 bytes)."""

SOCKET_NAME_BYTES = len("/pymp-12345678/listener-12345678")
"""Length of what `multiprocessing` appends to the temporary folder."""

SHORT_FOLDER = "/tmp"
"""Temporary folder of the server's socket if ``TMPDIR`` is too long."""

TAIL_BYTES = 4096
"""Bytes at the end of standard error in which to look for the last line."""


def start_server(preload: Sequence[str]) -> ForkServerContext:
    """Start the server, or return the running one.

    Args:
        preload: Modules to load. A missing module is ignored: the cell that needs it reports it.
    """
    context = get_context("forkserver")
    _keep_socket_paths_short()
    context.set_forkserver_preload(list(preload))
    with _environment(ENVIRONMENT), _standard_error(_errors()), plain_main():
        forkserver.ensure_running()
    return context


def last_error() -> str:
    """Return the last line that the server, or a cell before it had a log, wrote to stderr."""
    descriptor = _errors().fileno()
    end = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, TAIL_BYTES, max(0, end - TAIL_BYTES))
    lines = tail.decode(errors="replace").splitlines()
    return lines[-1] if lines else ""


def _keep_socket_paths_short() -> None:
    """Let `multiprocessing` create its temporary folder where the path of a socket fits."""
    usual = tempfile.gettempdir()
    if len(os.fsencode(usual)) + SOCKET_NAME_BYTES <= SOCKET_PATH_BYTES:
        return
    tempfile.tempdir = SHORT_FOLDER
    try:
        util.get_temp_dir()  # created once per process, and removed at its end
    finally:
        tempfile.tempdir = usual


@cache
def _errors() -> IO[bytes]:
    """Return the file for the server's standard error; one per process, since the server is."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as the server may write to it)
    atexit.register(file.close)
    return file


@contextmanager
def plain_main() -> Iterator[None]:
    """Hide the main module, which a child process would otherwise import and run again."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _environment(changes: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _standard_error(file: IO[bytes]) -> Iterator[None]:
    """Redirect file descriptor 2 to ``file``, for processes that start meanwhile."""
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
