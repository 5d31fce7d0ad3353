from dataclasses import replace

import pytest

from reports.tables.columns import chosen, informative
from reports.tables.tables import Column, Row, Table
from results.errors import UsageError

TABLE = Table(
    "",
    (
        Column("benchmark"),
        Column("model"),
        Column("method"),
        Column("total", numeric=True),
        Column("CPU time", numeric=True, key="cpu"),
    ),
    (Row(("a", "x", "supervised", "—", "1.0 s")), Row(("a", "y", "supervised", "—", "—"))),
    heading=1,
    grouped=True,
)


def titles(table: Table) -> list[str]:
    return [column.title for column in table.columns]


def test_columns_without_any_content_are_left_out() -> None:
    table = informative(TABLE)
    assert titles(table) == ["benchmark", "model", "CPU time"]
    assert [row.cells for row in table.rows] == [("a", "x", "1.0 s"), ("a", "y", "—")]
    assert titles(table)[table.heading] == "model"


def test_chosen_columns_keep_their_order_and_what_names_a_row() -> None:
    assert titles(chosen(TABLE, ["cpu", "method"])) == ["benchmark", "model", "method", "CPU time"]


def test_the_method_stays_if_it_tells_rows_apart() -> None:
    rows = tuple(Row(("a", "x", method, "1 B", "1.0 s")) for method in ("er", "naive"))
    assert titles(chosen(TABLE, ["cpu"])) == ["benchmark", "model", "CPU time"]
    kept = titles(chosen(replace(TABLE, rows=rows), ["cpu"]))
    assert kept == ["benchmark", "model", "method", "CPU time"]


def test_an_unknown_column_names_all_others() -> None:
    with pytest.raises(UsageError, match="'time': choose from benchmark, model, method, total, c"):
        chosen(TABLE, ["time"])
