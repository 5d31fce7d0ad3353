"""Who runs which cell, where several runners are at one store."""

from pathlib import Path

import pytest

from benchmarks.execution.work_queue import SharedQueue
from benchmarks.planning.jobs import Job
from results.errors import UsageError
from results.records.record import Record
from results.store.locks import Lock
from results.store.store import Store
from tests.benchmarks.execution.scripted_cells import PLACE, plan, run

JOBS = plan(seeds=3).jobs
NOTHING = {job.cell.id: None for job in JOBS}


class Other(SharedQueue):
    """One runner's share, with what it was told of."""

    def __init__(self, store: Store) -> None:
        self.told: list[tuple[Job, Record]] = []
        super().__init__(
            JOBS,
            store,
            {job.cell.id: store.mark(job.cell.id) for job in JOBS},
            lambda *news: self.told.append(news),
        )


def record(job: Job) -> Record:
    return run(job, PLACE, lambda fraction: None)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path, create=True)


def test_no_job_is_handed_out_twice(store: Store) -> None:
    first, second = Other(store), Other(store)
    taken = [first.take(), second.take(), first.take(), second.take(), first.take()]
    assert taken == [*JOBS, None, None]
    assert first.settled is second.settled is False  # each waits for the other's


def test_what_another_has_finished_is_told_and_not_run(store: Store) -> None:
    first, second = Other(store), Other(store)
    assert first.take() == JOBS[0]
    store.write(record(JOBS[0]))
    first.finished(JOBS[0])
    assert second.take() == JOBS[1]
    assert [job for job, _ in second.told] == [JOBS[0]]
    assert second.told[0][1] == store.read(JOBS[0].cell.id)
    assert list((store.root / "claims").iterdir()) == [
        store.root / "claims" / f"{JOBS[1].cell.id}.lock"
    ]


def test_what_another_gave_up_is_taken_over(store: Store) -> None:
    first, second = Other(store), Other(store)
    with first:
        assert first.take() == JOBS[0]
        assert [second.take() for _ in range(3)] == [JOBS[1], JOBS[2], None]
    assert second.take() == JOBS[0]
    assert second.settled


def test_a_record_that_was_there_before_is_made_anew_once(store: Store) -> None:
    """With ``--rerun all`` two runners both mean to run what is finished."""
    for job in JOBS:
        store.write(record(job))
    first, second = Other(store), Other(store)
    assert first.take() == JOBS[0]
    store.write(record(JOBS[0]))
    first.finished(JOBS[0])
    assert [second.take() for _ in range(3)] == [JOBS[1], JOBS[2], None]
    assert second.settled


def test_a_record_that_was_damaged_meanwhile_is_set_aside_and_its_cell_run(store: Store) -> None:
    share = Other(store)
    store.path(JOBS[0].cell.id).write_text("{")
    assert share.take() == JOBS[0]
    assert share.told == []
    assert len(store.damaged()) == 1


def test_a_store_that_cannot_be_written_is_named(store: Store) -> None:
    (store.root / "claims").rmdir()
    (store.root / "claims").write_text("")
    with pytest.raises(UsageError, match=r"cannot write to the store.*same command resumes"):
        Other(store).take()


class Late(Other):
    """A runner before whose claim another finishes the cell: after the look, and before the claim is held."""

    def _lock(self, job: Job) -> Lock | None:
        if not self._store.path(job.cell.id).exists():
            self._store.write(record(job))
        return super()._lock(job)


def test_a_cell_that_is_finished_between_the_look_and_the_claim_is_not_run(store: Store) -> None:
    share = Late(store)
    assert [share.take() for _ in range(3)] == [None] * 3
    assert share.settled
    assert [job for job, _ in share.told] == [*JOBS]
