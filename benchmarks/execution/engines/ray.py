"""Runs cells on a Ray cluster.

Plain remote tasks, one per cell, whose records come back to this process, which alone writes them.

Our code and the plugins travel with the job; Python, torch and the other packages must be installed
on every machine. A cell whose machine is lost is tried again on another. Needs the extra ``[ray]``.
"""

import contextlib
import logging
import re
import signal
import socket
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baselines.source import module_path
from benchmarks.execution.engines.interface import Event, Files, Limits, Queue
from benchmarks.execution.engines.local import LOOK_AGAIN
from benchmarks.execution.engines.payload import Payload, check_there, pack, run_there
from benchmarks.execution.run_cell import THREADS
from benchmarks.planning.jobs import Job
from results.errors import UsageError
from results.records.provenance import now, provenance
from results.records.record import Failure, Record, failed, parse

PACKAGES = ("baselines", "benchmarks", "memnet", "results", "strategies")
"""What travels with the job."""

ANSWERS_WITHIN = 10.0
"""Seconds within which a cluster answers that it is there."""

LOOK_FOR_NEWS = 0.2
"""Seconds between two looks at what the tasks have sent."""


@dataclass(slots=True, kw_only=True)
class _Task:
    """A cell that was sent away, and the answers that come from it."""

    job: Job
    files: Files
    answers: Any
    attempt: int
    started_at: str


class RayEngine:
    """Cells on a cluster.

    Args:
        address: Of the cluster, as Ray has it (``auto``, ``192.168.0.1:6379``, ``ray://…``); None
            for ``RAY_ADDRESS``, else this machine.
        jobs: Cells at a time; None for as many as the cluster has processors for as the run begins.
        gpus_per_cell: Share of a GPU that is set aside for a cell.
        device: Device, as for the local engine.
        data_root: Where data stands on every machine; None for what is usual there.
        limits: What a cell may take.

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
        """See, on every machine that can take cells, that the jobs can be run there."""
        self._connect()
        parcel = self._ray.put(self._parcel(jobs))
        check = self._ray.remote(num_cpus=0, num_gpus=self._gpus, max_retries=2)(check_there)
        asked = [
            (name, check.options(scheduling_strategy=place).remote(parcel))
            for name, place in self._machines()
        ]
        for name, answer in asked:
            try:
                wrong = self._ray.get(answer)
            except self._ray.exceptions.RayError as error:
                raise UsageError(
                    f"the machine {name} can't run cells: {_last_line(error)}"
                ) from error
            if wrong is not None:
                raise UsageError(f"on the machine {name}: {wrong}")

    def run(self, queue: Queue, files: Callable[[Job], Files]) -> Generator[Event, None, None]:
        """Run what the queue hands out, as many at a time as there is room for."""
        self._connect()
        room = self._jobs or max(1, int(self._ray.cluster_resources().get("CPU", 1)) // THREADS)
        away: list[_Task] = []
        try:
            while True:
                while len(away) < room and (job := queue.take()) is not None:
                    away.append(self._send(job, files(job)))
                    yield Event(job=job)
                if not away and queue.settled:
                    return
                for task in self._answered(away):
                    event, again = self._news(task)
                    if event.record is not None or again:
                        away.remove(task)
                    if again:
                        away.append(self._send(task.job, task.files, attempt=task.attempt + 1))
                    yield event
        finally:
            for task in away:
                self._ray.cancel(task.answers, force=True)
            self._ray.shutdown()

    def _connect(self) -> None:
        """Join the cluster. Ray takes SIGTERM for itself, and gives it back here."""
        if self._ray.is_initialized():
            return
        taken = signal.getsignal(signal.SIGTERM)
        if self._address is not None:
            _knock(self._address)
        modules = [str(module_path(package).parent) for package in PACKAGES]
        try:
            self._ray.init(
                address=self._address,
                runtime_env={"py_modules": modules, "excludes": ["__pycache__"]},
                include_dashboard=None if self._address else False,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise _no_cluster(self._address or "this machine", error) from error
        finally:
            signal.signal(signal.SIGTERM, taken)

    def _machines(self) -> list[tuple[str, Any]]:
        """Return the name of each machine that can take a cell, with how to send a task to it."""
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
                f"no machine of the cluster has {THREADS} CPU and {self._gpus:g} GPU free for a cell: give less, or add machines"
            )
        return found

    def _parcel(self, jobs: Sequence[Job]) -> Payload:
        return pack(jobs, device=self._device, data_root=self._data_root, limits=self._limits)

    def _send(self, job: Job, files: Files, *, attempt: int = 0) -> _Task:
        resources = {"num_cpus": THREADS, "num_gpus": self._gpus}
        if self._limits.memory is not None:
            resources["memory"] = self._limits.memory
        send = self._ray.remote(**resources, max_retries=0)(run_there)
        if attempt == 0:
            files.drop_log()
        return _Task(
            job=job,
            files=files,
            answers=send.remote(self._parcel([job])),
            attempt=attempt,
            started_at=now(),
        )

    def _answered(self, away: Sequence[_Task]) -> list[_Task]:
        """Wait a little, and return the tasks that have an answer."""
        if not away:
            time.sleep(LOOK_AGAIN)
            return []
        answers = [task.answers for task in away]
        ready, _ = self._ray.wait(
            answers, num_returns=len(answers), timeout=LOOK_FOR_NEWS, fetch_local=False
        )
        return [task for task in away if any(task.answers is one for one in ready)]

    def _news(self, task: _Task) -> tuple[Event, bool]:
        """Turn a task's next answer, or its loss, into an event.

        And say whether the cell is to be sent again.
        """
        exceptions = self._ray.exceptions
        try:
            answer = self._ray.get(next(task.answers))
        except exceptions.RayTaskError as error:
            failure = Failure(type="RayTaskError", message=_last_line(error), traceback=str(error))
            return Event(job=task.job, fraction=1.0, record=self._failed(task, failure)), False
        except (exceptions.RayError, StopIteration) as error:
            reason = f"lost with its machine or its worker ({type(error).__name__})"
            if task.attempt < self._limits.retries:
                return Event(job=task.job, note=f"{reason}; tried again"), True
            failure = Failure(
                type="MachineLost", message=f"{reason} (tried {task.attempt + 1} times)"
            )
            return Event(job=task.job, fraction=1.0, record=self._failed(task, failure)), False
        if "record" not in answer:
            return Event(job=task.job, fraction=answer["fraction"], note=answer["note"]), False
        return Event(job=task.job, fraction=1.0, record=_brought_home(task, answer)), False

    def _failed(self, task: _Task, failure: Failure) -> Record:
        return failed(
            task.job.cell,
            failure,
            provenance(device=self._device, threads=THREADS, started_at=task.started_at),
        )


def _brought_home(task: _Task, answer: Mapping[str, Any]) -> Record:
    """Return the record of a task, and write its log.

    The code that ran is this checkout's, which the machine knew nothing of.
    """
    if answer["log"]:
        with contextlib.suppress(
            OSError
        ):  # a full disk has no room for a log; the record says for itself that it can't be written
            task.files.log.write_bytes(answer["log"])
    record = parse(answer["record"])
    here = provenance(device="", threads=THREADS, started_at=task.started_at)
    origin = record.provenance.model_copy(update={"commit": here.commit, "dirty": here.dirty})
    return record.model_copy(update={"provenance": origin})


def _knock(address: str) -> None:
    """See that somebody listens at an address; Ray itself would go on asking for minutes.

    Raises:
        UsageError: If not.
    """
    match = re.fullmatch(r"(?:ray://)?([^:/]+):(\d+)", address)
    if match is None:
        return  # "auto", or a form that Ray knows better
    try:
        socket.create_connection((match[1], int(match[2])), timeout=ANSWERS_WITHIN).close()
    except (OSError, OverflowError) as error:
        raise _no_cluster(address, error) from error


def _no_cluster(where: str, error: Exception) -> UsageError:
    return UsageError(
        f"no Ray cluster at {where}: {_last_line(error)}; start one (ray start --head), or give its --address"
    )


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
