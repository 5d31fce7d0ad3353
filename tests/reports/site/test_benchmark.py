"""Parts of a benchmark's page."""

from collections.abc import Callable

from reports.analysis.selection import select
from reports.site.benchmark import TABLE_GROUPS, groups, what_ran
from reports.site.lines import lines
from results.store.store import Store
from tests.reports.conftest import cell, task_record

Fill = Callable[..., Store]


def test_variants_are_apart_and_have_no_rank(fill: Fill) -> None:
    records = [task_record(cell(model, 0), [0.5]) for model in ("memnet", "memnet[hops=1]", "lstm")]
    found = groups(lines(select(fill(*records))))
    assert [(title, [line.summary.model for line in rows]) for title, rows in found] == [
        (TABLE_GROUPS[0], ["lstm", "memnet"]),
        (TABLE_GROUPS[3], ["memnet[hops=1]"]),
    ]
    assert [line.summary.tested for _, rows in found for line in rows] == [False, False, None]


def test_the_page_states_options_that_all_records_share(fill: Fill) -> None:
    records = [task_record(cell(model, 0), [0.5]) for model in ("memnet", "lstm")]
    shared = {"benchmark": {"steps": 7, "train_length": 64}, "model": {}, "training": {}}
    records = [
        one.model_copy(update={"cell": one.cell.model_copy(update={"config": shared})})
        for one in records
    ]
    records = [one.model_copy(update={"id": one.cell.id}) for one in records]
    assert what_ran(lines(select(fill(*records)))) == "steps 7, train length 64"
