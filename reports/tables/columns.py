"""Columns of a table: chosen ones, and those that carry information."""

from collections.abc import Sequence
from dataclasses import replace

from reports.tables.number_format import NOTHING
from reports.tables.tables import Table
from results.errors import UsageError
from results.records.cell import SUPERVISED

SILENT = frozenset({NOTHING, "0 B", SUPERVISED, ""})
"""Cells without information if a column has no others: a task's method, its buffer of 0 bytes."""


NAMING = ("method", "setting")
"""Columns that tell rows of one model apart."""


def informative(table: Table) -> Table:
    """Return a table without the columns whose cells are all silent; those that name rows stay."""
    places = range(len(table.columns))
    return _picked(
        table, [place for place in places if _names_rows(table, place) or _speaks(table, place)]
    )


def chosen(table: Table, keys: Sequence[str]) -> Table:
    """Return a table with the columns of these keys, in the table's order.

    Columns that name groups and rows stay.

    Raises:
        UsageError: If a key is unknown; the message lists all.
    """
    known = [column.name for column in table.columns]
    check(keys, known)
    return _picked(
        table,
        [
            place
            for place, name in enumerate(known)
            if name in keys
            or _names_rows(table, place)
            or (name in NAMING and _speaks(table, place))
        ],
    )


def check(keys: Sequence[str], known: Sequence[str]) -> None:
    """Check that all columns are known.

    Raises:
        UsageError: If one is not; the message lists the known ones.
    """
    for key in keys:
        if key not in known:
            raise UsageError(f"unknown column '{key}': choose from {', '.join(known)}")


def _names_rows(table: Table, place: int) -> bool:
    return place == table.heading or (table.grouped and place == 0)


def _speaks(table: Table, place: int) -> bool:
    return any(row.cells[place] not in SILENT for row in table.rows)


def _picked(table: Table, places: Sequence[int]) -> Table:
    return replace(
        table,
        columns=tuple(table.columns[place] for place in places),
        rows=tuple(
            replace(row, cells=tuple(row.cells[place] for place in places)) for row in table.rows
        ),
        heading=places.index(table.heading),
    )
