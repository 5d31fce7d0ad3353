from collections.abc import Callable

from reports.analysis.selection import select
from reports.site import benchmark
from reports.site.lines import lines, shared_badges
from results.store.store import Store
from tests.reports.conftest import cell, failed_record, task_record

Fill = Callable[..., Store]


def test_a_badge_of_all_rows_is_shown_once(fill: Fill) -> None:
    records = [task_record(cell(model, 0), [0.5]) for model in ("memnet", "lstm")]
    selection = select(fill(*records, failed_record(cell("gru", 0))))
    rows = lines(selection)
    assert shared_badges(rows) == ("one seed: not tested",)
    page = benchmark.render(selection, selection.subjects[0], rows, [])
    assert page.count("one seed: not tested</span>") == 1


def test_a_badge_that_a_row_lacks_stays_with_the_others(fill: Fill) -> None:
    records = [task_record(cell("lstm", seed), [0.5]) for seed in range(3)]
    selection = select(fill(*records, task_record(cell("memnet", 0), [0.5])))
    rows = lines(selection)
    assert shared_badges(rows) == ()
    assert shared_badges([line for line in rows if line.badges]) == ()
    page = benchmark.render(selection, selection.subjects[0], rows, [])
    assert page.count("one seed: not tested</span>") == 1
