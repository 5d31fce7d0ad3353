from collections.abc import Callable
from pathlib import Path

from reports.analysis.selection import select
from reports.tables.formats import markdown, page_table
from reports.tables.tables import Named, Row, detail_tables
from results.store.store import Store
from tests.reports.conftest import cell, stream_record

Fill = Callable[..., Store]


def named(row: Row) -> str:
    """Return the model of a row, as in records."""
    model = row.cells[0]
    assert isinstance(model, Named)
    return model.raw


def test_query_groups_have_their_own_table() -> None:
    """Association has single-hop queries in addition to its chains."""
    selection = select(Store.open(Path(__file__).parents[3] / "results" / "published"))
    [subject] = [one for one in selection.subjects if one.name == "association"]
    own, one_hop = detail_tables(selection, subject)
    assert own.caption.startswith("Association: accuracy by distance")
    assert one_hop.caption.startswith("Association: one hop, scored separately")
    assert [column.title for column in own.columns] == [column.title for column in one_hop.columns]
    chained, single = (
        next(row.cells for row in table.rows if named(row) == "token-memory")
        for table in (own, one_hop)
    )
    assert chained[2:10] != single[2:10], "single hops are easier"


def test_optional_metrics_have_columns_if_present(fill: Fill) -> None:
    plain = stream_record(cell("m", 0, benchmark="s", method="er"), [[0.9, 0.1], [0.5, 0.8]])
    probed = plain.model_copy(update={"metrics": {**plain.metrics, "probe_accuracy": 0.7}})
    for record, present in ((plain, False), (probed, True)):
        selection = select(fill(record, name=str(present)))
        [table] = detail_tables(selection, selection.subjects[0])
        assert ("probe accuracy" in [column.title for column in table.columns]) is present
        assert all(len(row.cells) == len(table.columns) for row in table.rows)


def test_rows_have_titles_with_the_names_in_records(fill: Fill) -> None:
    of = cell("m[hops=1]", 0, benchmark="s", method="er[budget=2000]")
    selection = select(fill(stream_record(of, [[0.9, 0.1], [0.5, 0.8]])))
    [table] = detail_tables(selection, selection.subjects[0])
    model, method = table.rows[0].cells[:2]
    assert isinstance(model, Named)
    assert isinstance(method, Named)
    assert (model, model.raw) == ("m, hops 1", "m[hops=1]")
    assert (method, method.raw) == ("er, 2.0 kB stored", "er[budget=2000]")
    assert '<th scope="row">m, hops 1 <small class="raw">m[hops=1]</small></th>' in page_table(
        table
    )
    assert r"| m, hops 1 (m\[hops=1\])" in markdown(table)
