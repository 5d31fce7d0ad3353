"""Runs cells on a Ray cluster, as one remote task per cell.

Records come back to this process, the only one that writes the store. The project's code and the
plugins are sent with the job; Python, torch and the other packages must be installed on every
machine. A cell whose machine is lost is retried on another one. Needs the extra ``[ray]``.
"""

import contextlib
import logging
import re
import signal
import socket
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baselines.entry_source import module_path
from benchmarks.execution.cell_provenance import cell_provenance, plugins_of
from benchmarks.execution.engines.interface import Event, Files, Queue
from benchmarks.execution.engines.limits import Limits
from benchmarks.execution.engines.local import QUEUE_POLL
from benchmarks.execution.engines.payload import (
    Payload,
    check_remotely,
    pack,
    run_remotely,
    write_tree,
)
from benchmarks.execution.engines.retries import after_loss
from benchmarks.execution.run_cell import THREADS
from benchmarks.planning.jobs import Job
from memnet.launch import SHIPPED
from results.errors import UsageError
from results.records.provenance import CODE_PACKAGES, now
from results.records.record import Record, failed, parse
from results.records.record_parts import Failure
from results.store.store import write_whole

CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a connection to the cluster."""

TASK_POLL = 0.2
"""Longest wait in seconds for messages of the tasks."""


@dataclass(slots=True, kw_only=True)
class _Task:
    """A cell on the cluster, and its stream of messages."""

    job: Job
    files: Files
    messages: Any
    attempt: int
    started_at: str


class RayEngine:
    """Runs cells on a cluster.

    Args:
        address: Address of the cluster in Ray's form (``auto``, ``192.168.0.1:6379``,
            ``ray://…``); None for ``RAY_ADDRESS``, else this machine.
        jobs: Cells at a time; None for one per processor of the cluster at the start of the run.
        gpus_per_cell: Share of a GPU reserved for a cell.
        device: Device, as for the local engine.
        data_root: Folder of the data on every machine; None for the default of each machine.
        limits: Limits of a cell.

    Raises:
        UsageError: If Ray is not installed.
    """

    def __init__(
        self,
        *,
        address: str | None = None,
        jobs: int | None = None,
        gpus_per_cell: float = 0.0,
        device: str = "auto",
        data_root: Path | None = None,
        limits: Limits | None = None,
    ) -> None:
        try:
            import ray
        except ImportError as error:
            raise UsageError("--engine ray needs ray: pip install 'memnet-bench[ray]'") from error
        self._ray: Any = ray
        self._address = address
        self._jobs = jobs
        self._gpus = gpus_per_cell
        self._device = device
        self._data_root = data_root
        self._limits = limits or Limits()

    def check(self, jobs: Sequence[Job]) -> None:
        """Check on every machine that can run cells that the jobs can run there."""
        self._connect()
        payload = self._ray.put(self._payload(jobs))
        check = self._ray.remote(num_cpus=0, num_gpus=self._gpus, max_retries=2)(check_remotely)
        checks = [
            (name, check.options(scheduling_strategy=strategy).remote(payload))
            for name, strategy in self._machines()
        ]
        for name, result in checks:
            try:
                problem = self._ray.get(result)
            except self._ray.exceptions.RayError as error:
                raise UsageError(
                    f"the machine {name} can't run cells: {_last_line(error)}"
                ) from error
            if problem is not None:
                raise UsageError(f"on the machine {name}: {problem}")

    def run(self, queue: Queue, files: Callable[[Job], Files]) -> Generator[Event, None, None]:
        """Run the jobs of the queue, as many at a time as the cluster has capacity for."""
        self._connect()
        capacity = self._jobs or max(1, int(self._ray.cluster_resources().get("CPU", 1)) // THREADS)
        sent: list[_Task] = []
        try:
            while True:
                while len(sent) < capacity and (job := queue.take()) is not None:
                    sent.append(self._send(job, files(job)))
                    yield Event(job=job)
                if not sent and queue.settled:
                    return
                for task in self._ready(sent):
                    event, again = self._next_event(task)
                    if event.record is not None or again:
                        sent.remove(task)
                    if again:
                        sent.append(self._send(task.job, task.files, attempt=task.attempt + 1))
                    yield event
        finally:
            for task in sent:
                self._ray.cancel(task.messages, force=True)
            self._ray.shutdown()

    def _connect(self) -> None:
        """Connect to the cluster, and restore the handler of SIGTERM, which Ray replaces."""
        if self._ray.is_initialized():
            return
        taken = signal.getsignal(signal.SIGTERM)
        if self._address is not None:
            _check_reachable(self._address)
        modules = [str(module_path(package).parent) for package in CODE_PACKAGES]
        try:
            self._ray.init(
                address=self._address,
                runtime_env={
                    "py_modules": modules,
                    "excludes": ["__pycache__"],
                    "env_vars": {SHIPPED: "1"},
                },
                include_dashboard=None if self._address else False,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise _no_cluster(self._address or "this machine", error) from error
        finally:
            signal.signal(signal.SIGTERM, taken)

    def _machines(self) -> list[tuple[str, Any]]:
        """Return the name and scheduling strategy of each machine that can run a cell."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as Only

        found = [
            (node["NodeManagerHostname"], Only(node_id=node["NodeID"], soft=False))
            for node in self._ray.nodes()
            if node["Alive"]
            and node["Resources"].get("CPU", 0) >= THREADS
            and node["Resources"].get("GPU", 0) >= min(self._gpus, 1)
        ]
        if not found:
            raise UsageError(
                f"no machine of the cluster has {THREADS} CPU and {self._gpus:g} GPU free "
                "for a cell: give less, or add machines"
            )
        return found

    def _payload(
        self, jobs: Sequence[Job], *, keep_weights: bool = False, loggers: Iterable[str] = ()
    ) -> Payload:
        return pack(
            jobs,
            device=self._device,
            data_root=self._data_root,
            limits=self._limits,
            keep_weights=keep_weights,
            loggers=loggers,
        )

    def _send(self, job: Job, files: Files, *, attempt: int = 0) -> _Task:
        resources = {"num_cpus": THREADS, "num_gpus": self._gpus}
        if self._limits.memory is not None:
            resources["memory"] = self._limits.memory
        send = self._ray.remote(**resources, max_retries=0)(run_remotely)
        if attempt == 0:
            files.drop_log()
        return _Task(
            job=job,
            files=files,
            messages=send.remote(
                self._payload(
                    [job], keep_weights=files.weights is not None, loggers=files.training_logs
                )
            ),
            attempt=attempt,
            started_at=now(),
        )

    def _ready(self, sent: Sequence[_Task]) -> list[_Task]:
        """Wait up to ``TASK_POLL`` seconds, and return the tasks with a message."""
        if not sent:
            time.sleep(QUEUE_POLL)
            return []
        messages = [task.messages for task in sent]
        ready, _ = self._ray.wait(
            messages, num_returns=len(messages), timeout=TASK_POLL, fetch_local=False
        )
        return [task for task in sent if any(task.messages is one for one in ready)]

    def _next_event(self, task: _Task) -> tuple[Event, bool]:
        """Return an event for a task's next message or its loss, and whether to send it again."""
        exceptions = self._ray.exceptions
        try:
            message = self._ray.get(next(task.messages))
        except exceptions.RayTaskError as error:
            failure = Failure(type="RayTaskError", message=_last_line(error), traceback=str(error))
            return Event(job=task.job, fraction=1.0, record=self._failed(task, failure)), False
        except (exceptions.RayError, StopIteration) as error:
            outcome = after_loss(error, task.attempt, self._limits.retries)
            if isinstance(outcome, str):
                return Event(job=task.job, note=outcome), True
            return Event(job=task.job, fraction=1.0, record=self._failed(task, outcome)), False
        if "record" not in message:
            return Event(job=task.job, fraction=message["fraction"], note=message["note"]), False
        return Event(job=task.job, fraction=1.0, record=_received(task, message)), False

    def _failed(self, task: _Task, failure: Failure) -> Record:
        return failed(
            task.job.cell,
            failure,
            cell_provenance(
                plugins_of(task.job),
                device=self._device,
                threads=THREADS,
                started_at=task.started_at,
            ),
        )


def _received(task: _Task, message: Mapping[str, Any]) -> Record:
    """Return the record of a task, and write its log and its weights.

    The provenance gets the commits of this machine's checkouts, whose code the other machine ran.
    """
    # On a full disk only these files are lost here; writing the record reports the error.
    if message["log"]:
        with contextlib.suppress(OSError):
            task.files.log.write_bytes(message["log"])
    for folder, content in zip(
        task.files.training_logs.values(), message["training_logs"], strict=True
    ):
        with contextlib.suppress(OSError):
            write_tree(folder, content)
    record = parse(message["record"])
    here = cell_provenance(
        plugins_of(task.job), device="", threads=THREADS, started_at=task.started_at
    )
    origin = record.provenance.model_copy(
        update={"commit": here.commit, "dirty": here.dirty, "plugins": here.plugins}
    )
    weights = None
    if message["weights"] and task.files.weights is not None:
        with contextlib.suppress(OSError):
            write_whole(task.files.weights, message["weights"])
            weights = record.weights
    return record.model_copy(update={"provenance": origin, "weights": weights})


def _check_reachable(address: str) -> None:
    """Check that an address accepts connections; Ray itself would retry for minutes.

    Raises:
        UsageError: If it does not.
    """
    match = re.fullmatch(r"(?:ray://)?([^:/]+):(\d+)", address)
    if match is None:
        return  # "auto", or another form that Ray resolves
    try:
        socket.create_connection((match[1], int(match[2])), timeout=CONNECT_TIMEOUT).close()
    except (OSError, OverflowError) as error:
        raise _no_cluster(address, error) from error


def _no_cluster(where: str, error: Exception) -> UsageError:
    return UsageError(
        f"no Ray cluster at {where}: {_last_line(error)}; "
        "start one (ray start --head), or give its --address"
    )


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
