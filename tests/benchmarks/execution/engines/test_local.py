"""The local engine: a failing cell is recorded and affects no other. The cells need no torch."""

import contextlib
import errno
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path

import pytest

from benchmarks.execution import machine_memory
from benchmarks.execution.engines.interface import Event, Files
from benchmarks.execution.engines.limits import Limits
from benchmarks.execution.engines.local import LocalEngine
from benchmarks.execution.run_cell import CellEnvironment
from benchmarks.planning.jobs import Job
from results.error_text import WAY_OUT
from results.errors import UsageError
from results.records.record import Record
from results.records.record_parts import Failure
from tests.benchmarks.execution.scripted_cells import ENVIRONMENT, WORK, plan


class FixedQueue:
    """A queue of given jobs that no other runner shares."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = jobs
        self.left = list(jobs)

    @property
    def settled(self) -> bool:
        return not self.left

    def take(self) -> Job | None:
        return self.left.pop(0) if self.left else None


def engine(
    limits: Limits | None = None, jobs: int = 2, environment: CellEnvironment = ENVIRONMENT
) -> LocalEngine:
    return LocalEngine(
        jobs=jobs,
        environment=environment,
        limits=limits,
        work=WORK,
        preload=("benchmarks.execution.engines.child",),
    )


Runs = Callable[..., Generator[Event, None, None]]


@pytest.fixture
def events(tmp_path: Path) -> Runs:
    def run(
        *models: str,
        seeds: int = 1,
        jobs: int = 2,
        limits: Limits | None = None,
        environment: CellEnvironment = ENVIRONMENT,
    ) -> Generator[Event, None, None]:
        one = engine(limits, jobs, environment)
        cells = plan(*models, seeds=seeds).jobs
        one.check(cells)
        return one.run(FixedQueue(cells), lambda job: Files(log=tmp_path / f"{job.cell.id}.log"))

    return run


def process_id(folder: Path, event: Event) -> int:
    """Wait until a cell has started, and return its process id from its log."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if found := re.findall(
                r"process (\d+)\n", (folder / f"{event.job.cell.id}.log").read_text()
            ):
                return int(found[-1])
        time.sleep(0.01)
    raise AssertionError("the cell did not start")


def starts(event: Event) -> bool:
    return event.fraction == 0 and not event.note


def records(events: Iterable[Event]) -> dict[str, Record]:
    return {event.job.cell.model: event.record for event in events if event.record is not None}


def error(record: Record) -> Failure:
    assert record.error is not None
    return record.error


def test_each_kind_of_failure_is_recorded_and_affects_no_other_cell(events: Runs) -> None:
    names = ["scripted", *(f"scripted[act={act}]" for act in ("raise", "kill", "leave"))]
    found = records(events(*names))
    assert [found[name].status for name in names] == ["ok", "failed", "failed", "failed"]
    assert error(found["scripted[act=kill]"]).message == (
        "killed by signal 9 before it had a result (tried 2 times); if the machine was out of "
        f"memory, {WAY_OUT}"
    )
    assert (
        error(found["scripted[act=leave]"]).message == "exited with code 3 before it had a result"
    )
    assert error(found["scripted[act=leave]"]).traceback.endswith("last words")


def test_a_cell_that_exceeds_the_timeout_is_stopped(events: Runs) -> None:
    began = time.monotonic()
    found = records(events("scripted[pause=60.0]", "scripted", limits=Limits(timeout=3.0)))
    assert time.monotonic() - began < 20
    assert found["scripted"].status == "ok"
    failure = error(found["scripted[pause=60.0]"])
    assert (failure.type, failure.message) == (
        "Timeout",
        "stopped after 3 s, which is its limit (--timeout)",
    )


def test_a_cell_that_exceeds_the_memory_limit_is_stopped(events: Runs) -> None:
    found = records(events("scripted[act=eat]", "scripted", limits=Limits(memory=300_000_000)))
    assert found["scripted"].status == "ok"
    failure = error(found["scripted[act=eat]"])
    assert failure.type == "OutOfMemory"
    assert failure.message.endswith("where its limit is 300 MB (--memory)")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such limit")
def test_a_cell_gets_no_more_memory_than_the_machine_has(events: Runs) -> None:
    failure = error(records(events("scripted[act=hoard]"))["scripted[act=hoard]"])
    assert failure.type == "OutOfMemory"
    assert re.fullmatch(
        rf"there is not enough memory, [\d.]+ [MG]iB at once; {re.escape(WAY_OUT)}", failure.message
    )


def test_a_cell_that_the_kernel_kills_for_memory_is_out_of_memory(
    events: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_memory, "PROC", tmp_path)
    kills = tmp_path / "vmstat"
    kills.write_text("oom_kill 4\n")
    for event in events("scripted[act=kill,pause=0.3]", limits=Limits(retries=0)):
        if starts(event):
            kills.write_text("oom_kill 5\n")
    assert event.record is not None
    assert error(event.record).type == "OutOfMemory"
    assert error(event.record).message == (
        f"killed by the kernel, which had no memory left, before it had a result; {WAY_OUT}"
    )


def test_a_cell_killed_from_outside_is_retried(events: Runs, tmp_path: Path) -> None:
    notes: list[str] = []
    for event in events("scripted[pause=0.5]"):
        if starts(event):
            os.kill(process_id(tmp_path, event), signal.SIGTERM)
        if event.note:
            notes.append(event.note)
    assert notes == ["killed by signal 15; tried again"]
    assert event.record is not None
    assert event.record.status == "ok"


def test_a_cell_that_crashes_is_not_retried(events: Runs, tmp_path: Path) -> None:
    for event in events("scripted[pause=0.5]"):
        if starts(event):
            os.kill(process_id(tmp_path, event), signal.SIGSEGV)
        assert not event.note
    assert event.record is not None
    assert error(event.record).message == "killed by signal 11 before it had a result"


def test_the_number_of_retries_is_limited(events: Runs) -> None:
    for retries in (0, 2):
        found = list(events("scripted[act=kill]", limits=Limits(retries=retries)))
        assert sum(bool(event.note) for event in found) == retries
        assert found[-1].record is not None


def test_a_killed_fork_server_is_restarted(events: Runs, tmp_path: Path) -> None:
    """The exit code of its children is then unknown, so the cell is retried."""
    notes: list[str] = []
    for event in events("scripted[pause=0.3]", seeds=3, jobs=1):
        if starts(event):
            status = Path(f"/proc/{process_id(tmp_path, event)}/status").read_text()
            os.kill(int(status.partition("PPid:")[2].split()[0]), signal.SIGKILL)
        if event.note:
            notes.append(event.note)
        if event.record is not None:
            assert event.record.status == "ok"
    assert notes == ["lost with the process that it was forked from; tried again"] * 3


def test_cells_are_spread_over_the_devices(events: Runs) -> None:
    found = [
        event.record
        for event in events(
            "scripted",
            seeds=6,
            jobs=4,
            environment=CellEnvironment(device="a+b", data_root=Path("nowhere")),
        )
    ]
    devices = [record.provenance.device for record in found if record is not None]
    assert len(devices) == 6
    assert {*devices} == {"a", "b"}


def test_a_failed_check_is_an_error() -> None:
    with pytest.raises(UsageError, match="'none' can't be used"):
        engine(environment=CellEnvironment(device="none", data_root=Path("nowhere"))).check(
            plan().jobs
        )


def test_an_unwritable_log_does_not_fail_a_cell(tmp_path: Path) -> None:
    jobs = plan().jobs
    (event,) = [
        event
        for event in engine().run(
            FixedQueue(jobs), lambda job: Files(log=tmp_path / "no" / "where")
        )
        if event.record
    ]
    assert event.record is not None
    assert event.record.status == "ok"


def test_closing_ends_all_processes(events: Runs, tmp_path: Path) -> None:
    running = events("scripted[pause=60.0]", seeds=2)
    processes = [process_id(tmp_path, next(running)) for _ in range(2)]
    running.close()
    assert not any(Path(f"/proc/{one}").exists() for one in processes)


def test_a_log_that_cannot_be_deleted_does_not_fail_a_cell(
    events: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a disk that becomes read-only during a run; writing the record reports that error."""
    refused: list[Path] = []

    def refuse(path: Path, missing_ok: bool = False) -> None:
        refused.append(path)
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    with contextlib.closing(events("scripted")) as news:
        monkeypatch.setattr(Path, "unlink", refuse)
        found = records(news)
    assert found["scripted"].status == "ok"
    assert {path.suffix for path in refused} == {".log"}
