"""How several runners on one store queue the cells."""

from pathlib import Path

import pytest

from benchmarks.execution.work_queue import SharedQueue
from benchmarks.planning.jobs import Job
from results.errors import UsageError
from results.records.record import Record
from results.store.locks import Lock
from results.store.store import Store
from tests.benchmarks.execution.scripted_cells import ENVIRONMENT, plan, run

JOBS = plan(seeds=3).jobs
NOTHING = {job.cell.id: None for job in JOBS}


class Runner(SharedQueue):
    """One runner's queue, with the jobs that others have finished."""

    def __init__(self, store: Store) -> None:
        self.finished_by_others: list[tuple[Job, Record]] = []
        super().__init__(
            JOBS,
            store,
            {job.cell.id: store.mark(job.cell.id) for job in JOBS},
            lambda *news: self.finished_by_others.append(news),
        )


def record(job: Job) -> Record:
    return run(job, ENVIRONMENT, lambda fraction: None)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path, create=True)


def test_no_job_is_handed_out_twice(store: Store) -> None:
    first, second = Runner(store), Runner(store)
    taken = [first.take(), second.take(), first.take(), second.take(), first.take()]
    assert taken == [*JOBS, None, None]
    assert first.settled is second.settled is False  # each waits for the other's


def test_a_job_that_another_runner_has_finished_is_reported_and_not_run(store: Store) -> None:
    first, second = Runner(store), Runner(store)
    assert first.take() == JOBS[0]
    store.write(record(JOBS[0]))
    first.finished(JOBS[0])
    assert second.take() == JOBS[1]
    assert [job for job, _ in second.finished_by_others] == [JOBS[0]]
    assert second.finished_by_others[0][1] == store.read(JOBS[0].cell.id)
    assert list((store.root / "claims").iterdir()) == [
        store.root / "claims" / f"{JOBS[1].cell.id}.lock"
    ]


def test_a_job_that_another_runner_released_is_taken_over(store: Store) -> None:
    first, second = Runner(store), Runner(store)
    with first:
        assert first.take() == JOBS[0]
        assert [second.take() for _ in range(3)] == [JOBS[1], JOBS[2], None]
    assert second.take() == JOBS[0]
    assert second.settled


def test_with_rerun_all_a_cell_runs_once(store: Store) -> None:
    """Two runners with ``--rerun all`` both plan to run the finished cells."""
    for job in JOBS:
        store.write(record(job))
    first, second = Runner(store), Runner(store)
    assert first.take() == JOBS[0]
    store.write(record(JOBS[0]))
    first.finished(JOBS[0])
    assert [second.take() for _ in range(3)] == [JOBS[1], JOBS[2], None]
    assert second.settled


def test_a_record_that_was_damaged_meanwhile_is_moved_away_and_its_cell_runs(store: Store) -> None:
    queue = Runner(store)
    store.path(JOBS[0].cell.id).write_text("{")
    assert queue.take() == JOBS[0]
    assert queue.finished_by_others == []
    assert len(store.damaged()) == 1


def test_an_unwritable_store_is_an_error(store: Store) -> None:
    (store.root / "claims").rmdir()
    (store.root / "claims").write_text("")
    with pytest.raises(UsageError, match=r"cannot write to the store.*same command resumes"):
        Runner(store).take()


class Late(Runner):
    """A runner whose cell another finishes after the store was read and before it is locked."""

    def _lock(self, job: Job) -> Lock | None:
        if not self._store.path(job.cell.id).exists():
            self._store.write(record(job))
        return super()._lock(job)


def test_a_cell_that_is_finished_just_before_locking_is_not_run(store: Store) -> None:
    queue = Late(store)
    assert [queue.take() for _ in range(3)] == [None] * 3
    assert queue.settled
    assert [job for job, _ in queue.finished_by_others] == [*JOBS]
