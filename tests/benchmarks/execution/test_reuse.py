"""Which recorded cells are reused, by the value of ``--rerun``."""

import pytest

from benchmarks.execution.reuse import Rerun, todo_and_reused
from benchmarks.execution.store_status import CELL_STATUSES, StoreStatus
from results.records.header import header_of
from tests.benchmarks.execution.scripted_cells import ENVIRONMENT, plan, run


@pytest.mark.parametrize(
    ("what", "runs"),
    [
        ("nothing", ["stale", "missing"]),
        ("failed", ["failed", "stale", "missing"]),
        ("stale", ["stale"]),
        ("all", ["done", "failed", "stale", "missing"]),
    ],
)
def test_status_of_a_cell_decides_whether_it_runs(what: Rerun, runs: list[str]) -> None:
    jobs = plan("scripted", seeds=4).jobs
    statuses = dict(zip((job.cell.id for job in jobs), CELL_STATUSES, strict=True))
    headers = {
        job.cell.id: header_of(run(job, ENVIRONMENT, lambda fraction: None)) for job in jobs[:2]
    }
    found = StoreStatus(statuses=statuses, headers=headers, marks={})
    todo, reused = todo_and_reused(jobs, found, what)
    assert [statuses[job.cell.id] for job in todo] == runs
    assert [statuses[header.id] for header in reused] == [
        status for status in ("done", "failed") if status not in runs
    ]
