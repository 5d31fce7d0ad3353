from collections.abc import Callable

from reports.analysis.selection import select
from reports.tables.row_titles import model_titles
from results.store.store import Store
from tests.reports.conftest import cell, task_record

Fill = Callable[..., Store]


def test_every_model_has_a_title_with_its_options_in_words(fill: Fill) -> None:
    records = [task_record(cell(model, 0), [0.5]) for model in ("memnet[hops=1]", "lstm")]
    assert model_titles(select(fill(*records))) == {
        "memnet[hops=1]": "memnet, hops 1",
        "lstm": "lstm",
    }
