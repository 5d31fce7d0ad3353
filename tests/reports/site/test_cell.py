from collections.abc import Callable

from reports.analysis.selection import select
from reports.site import cell as cell_page
from results.store.store import Store
from tests.reports.conftest import cell, task_record

Fill = Callable[..., Store]


def test_the_heading_is_a_title_and_the_names_are_below_it(fill: Fill) -> None:
    record = task_record(cell("memnet[hops=1]", 0), [0.5])
    [entry] = select(fill(record)).entries
    page = cell_page.render(entry, record, ambiguous=False, defaults={})
    heading, _, below = page.partition("<h1>")[2].partition("</h1>")
    assert heading == f"memnet, hops 1 on {entry.subject.shown}"
    assert f"<code>{record.cell.label}</code>" in below
