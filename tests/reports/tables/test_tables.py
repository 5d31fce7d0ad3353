from collections.abc import Callable
from pathlib import Path

from reports.analysis.selection import select
from reports.tables.tables import detail_tables
from results.store.store import Store
from tests.reports.conftest import cell, stream_record

Fill = Callable[..., Store]


def test_questions_scored_apart_have_a_table_of_their_own() -> None:
    """Association asks single hops beside its chains."""
    selection = select(Store.open(Path(__file__).parents[3] / "results" / "published"))
    [subject] = [one for one in selection.subjects if one.name == "association"]
    own, one_hop = detail_tables(selection, subject)
    assert own.caption.startswith("association: accuracy by distance")
    assert one_hop.caption.startswith("association: one hop, scored apart")
    assert [column.title for column in own.columns] == [column.title for column in one_hop.columns]
    chained, single = (
        next(row.cells for row in table.rows if row.cells[0] == "token-memory")
        for table in (own, one_hop)
    )
    assert chained[2:10] != single[2:10], "single hops are easier"


def test_metrics_that_were_asked_for_have_columns_where_there_are_any(fill: Fill) -> None:
    plain = stream_record(cell("m", 0, benchmark="s", method="er"), [[0.9, 0.1], [0.5, 0.8]])
    probed = plain.model_copy(update={"metrics": {**plain.metrics, "probe_accuracy": 0.7}})
    for record, present in ((plain, False), (probed, True)):
        selection = select(fill(record, name=str(present)))
        [table] = detail_tables(selection, selection.subjects[0])
        assert ("probe accuracy" in [column.title for column in table.columns]) is present
        assert all(len(row.cells) == len(table.columns) for row in table.rows)
