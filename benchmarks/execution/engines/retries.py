"""Which lost cells are tried again: those that were ended from outside.

That is by a signal of another process, or by the loss of their machine. A cell that raises,
crashes, gives NaN or exceeds a limit would do so again. Such cells, and cells without attempts
left, have failed: ``--rerun failed`` runs them again (`benchmarks.execution.reuse`).
"""

import signal
from multiprocessing.context import ForkServerProcess

from benchmarks.execution.engines.cell_process import SERVER_LOST, CellProcess, cause, log_end
from benchmarks.execution.machine_memory import kernel_kills
from results.error_text import OUT_OF_MEMORY, WAY_OUT
from results.records.record_parts import Failure

EXTERNAL_SIGNALS = frozenset(
    {signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT}
)
"""Signals that another process sends: the kernel out of memory, a batch system, a user.

A crash in the cell's own code ends in others (SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL).
"""


DIED = "ProcessDied"
"""Type of the failure of a process that sent no record."""


def after_death(one: CellProcess, retries: int) -> str | Failure:
    """Return why a cell without a result is tried again, else its failure.

    Args:
        one: Its process, which has ended.
        retries: Number of further attempts after the first.
    """
    reason = cause(one.process)
    if _ended_externally(one) and one.attempt < retries:
        return _again(reason)
    kind, reason, way_out = death(one.process, one.kills)
    tried = _tried(one.attempt) if one.attempt else ""
    message = f"{reason} before it had a result{tried}{way_out}"
    return Failure(type=kind, message=message, traceback=log_end(one))


def death(process: ForkServerProcess, kills: int) -> tuple[str, str, str]:
    """Return the type and the cause of an end without a result, and the way out if it is known.

    Args:
        process: The process.
        kills: `kernel_kills` at its start.
    """
    if process.exitcode != -signal.SIGKILL:
        return DIED, cause(process), ""
    if kernel_kills() > kills:
        return OUT_OF_MEMORY, "killed by the kernel, which had no memory left,", f"; {WAY_OUT}"
    return DIED, cause(process), f"; if the machine was out of memory, {WAY_OUT}"


def after_loss(error: Exception, attempt: int, retries: int) -> str | Failure:
    """Return why a cell whose machine was lost is tried again, else its failure.

    Args:
        error: The error that reported the loss.
        attempt: 0 for the first attempt.
        retries: Number of further attempts after the first.
    """
    reason = f"lost with its machine or its worker ({type(error).__name__})"
    if attempt < retries:
        return _again(reason)
    return Failure(type="MachineLost", message=reason + _tried(attempt))


def _ended_externally(one: CellProcess) -> bool:
    """Return whether another process ended it, as far as is known."""
    code = one.process.exitcode
    return code is not None and (code == SERVER_LOST or -code in EXTERNAL_SIGNALS)


def _again(reason: str) -> str:
    return f"{reason}; tried again"


def _tried(attempt: int) -> str:
    return f" (tried {attempt + 1} times)"
