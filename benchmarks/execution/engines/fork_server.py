"""The fork server that cells start from: a process that has torch loaded and does nothing but fork.

A cell's process then starts in a few hundredths of a second, where importing torch (and what its
first optimiser loads) costs seconds. The runner itself never imports torch.
"""

import atexit
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from multiprocessing import forkserver, get_context
from multiprocessing.context import ForkServerContext
from types import ModuleType
from typing import IO

TASKS = (
    "torch",
    "torch._dynamo",
    "benchmarks.execution.engines.child",
    "strategies.sequence.train",
)
"""Loaded in advance for all cells.

torch loads ``torch._dynamo`` with the first optimiser, which takes as long as torch itself.
"""

STREAMS = ("avalanche.training.templates", "strategies.continual.train")
"""Loaded as well where a plan has streams."""

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    # else the server would look for our packages in the user's working directory first
    "PYTHONSAFEPATH": "1",
}

TAIL = 4096
"""Bytes of standard error that the last line is looked for in."""


def start_server(preload: Sequence[str]) -> ForkServerContext:
    """Start the server, or return the one that runs.

    Args:
        preload: Modules to load. A module that is not there is passed over: the cell that needs it
            says so.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    with _environment(ENVIRONMENT), _standard_error(_errors()), plain_main():
        forkserver.ensure_running()
    return context


def last_error() -> str:
    """Return the last line that the server, or a process that had not got as far as its log, wrote to standard error."""
    descriptor = _errors().fileno()
    end = os.fstat(descriptor).st_size
    lines = os.pread(descriptor, TAIL, max(0, end - TAIL)).decode(errors="replace").splitlines()
    return lines[-1] if lines else ""


@cache
def _errors() -> IO[bytes]:
    """Take the server's standard error, from the first start to the end of this process.

    There is one server in a process.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as the server may write to it)
    atexit.register(file.close)
    return file


@contextmanager
def plain_main() -> Iterator[None]:
    """Hide the main module for a moment: a child would run the parent's main script again, and import all that it imports."""
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
    """Let file descriptor 2 be ``file``, for processes started meanwhile."""
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
