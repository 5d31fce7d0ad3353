"""Parts of a selection, and selections of several stores."""

from collections.abc import Callable

import pytest

from reports.analysis.selection import Selection, select
from reports.analysis.selection_filter import narrowed
from results.errors import UsageError
from results.store.store import Store
from tests.reports.conftest import cell, stream_record, task_record

Fill = Callable[..., Store]


@pytest.fixture
def selection(fill: Fill) -> Selection:
    records = [
        task_record(cell(model, 0, benchmark=benchmark), [0.5])
        for benchmark in ("mqar", "mqar-hard", "copy")
        for model in ("memnet", "memnet[hops=1]", "lstm")
    ]
    return select(fill(*records))


def names(selection: Selection) -> set[tuple[str, str]]:
    return {(row.subject.name, row.model) for row in selection.entries}


def test_conditions_are_combined(selection: Selection) -> None:
    found = narrowed(selection, benchmarks=["mqar*"], models=["memnet[hops=1]"])
    assert names(found) == {("mqar", "memnet[hops=1]"), ("mqar-hard", "memnet[hops=1]")}
    assert {subject.name for subject in found.subjects} == {"mqar", "mqar-hard"}


def test_only_references_remain(selection: Selection) -> None:
    found = narrowed(selection, benchmarks=["copy"], reference_only=True)
    assert names(found) == {("copy", "memnet"), ("copy", "lstm")}


def test_no_condition_changes_nothing(selection: Selection) -> None:
    assert narrowed(selection) == selection


def test_a_name_without_a_record_is_an_error_with_the_choices(selection: Selection) -> None:
    with pytest.raises(UsageError, match="no model 'gru' in the records: choose from lstm, memnet"):
        narrowed(selection, models=["gru"])


def test_the_first_store_counts_where_two_have_a_cell(fill: Fill) -> None:
    own = fill(task_record(cell("lstm", 0), [0.9]), name="own")
    other = fill(
        task_record(cell("lstm", 0), [0.1]), task_record(cell("gru", 0), [0.2]), name="other"
    )
    rows = {row.model: row for row in select(own, other).entries}
    assert set(rows) == {"lstm", "gru"}
    assert [record.metrics["accuracy"] for record in rows["lstm"].ok] == [0.9]


def test_a_name_that_only_variants_have_selects_them_all(fill: Fill) -> None:
    methods = ("er[budget=2000]", "er[budget=4000]", "er-ace[budget=2000]")
    of = [cell("mlp", 0, benchmark="s", method=method) for method in methods]
    found = narrowed(select(fill(*[stream_record(one, [[0.9]]) for one in of])), methods=["er"])
    assert {row.method for row in found.entries} == set(methods[:2])
