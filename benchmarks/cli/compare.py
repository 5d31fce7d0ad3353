"""``memnet report --compare A B``: two models, or two stores, side by side."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from results.errors import UsageError

if TYPE_CHECKING:
    from reports.analysis.comparison import PairwiseReport
    from reports.tables.tables import Table

NUMBERS = 9
"""Columns of the comparison's table that stand in the first of the two that a terminal has room for; costs stand in the second."""


def compare(pair: tuple[str, str], store: Path, out: Path) -> Path:
    """Print a comparison, and write it to a folder as a page, as Markdown and as a figure.

    Args:
        pair: Two models of the store, or the folders of two stores.
        store: The store.
        out: The folder.

    Returns:
        The page.

    Raises:
        UsageError: If there is nothing to compare, or the folder can't be written.
    """
    from reports.output.compare import write
    from reports.tables.comparison_table import comparison_table, verdict

    found = _found(pair, store)
    table = comparison_table(found)
    typer.echo(f"left: {found.left}, right: {found.right}; differences are left less right\n")
    typer.echo(_simple(table, range(NUMBERS)) + "\n")
    typer.echo(_simple(table, (0, *range(NUMBERS, len(table.columns)))) + "\n")
    typer.echo("\n".join([verdict(found), *(f"note: {note}" for note in found.notes)]))
    return write(found, out)


def _found(pair: tuple[str, str], store: Path) -> "PairwiseReport":
    """Compare stores where both names are folders that hold one, and models otherwise."""
    from reports.analysis.comparison import compare_models, compare_stores
    from reports.analysis.selection import select
    from results.store.store import Store

    folders = [Path(name).expanduser() for name in pair]
    stores = [(folder / "records").is_dir() for folder in folders]
    if all(stores):
        left, right = (select(Store.open(folder)) for folder in folders)
        return compare_stores(left, right, pair)
    try:
        return compare_models(select(Store.open(store)), *pair)
    except UsageError as error:
        if not any(stores):
            raise
        one, other = pair if stores[0] else reversed(pair)
        raise UsageError(
            f"'{one}' is a store and '{other}' is not: give the folders of two stores, or two models of one store; as models: {error}"
        ) from error


def _simple(table: "Table", columns: "range | tuple[int, ...]") -> str:
    from tabulate import tabulate

    return tabulate(
        [[row.cells[place] for place in columns] for row in table.rows],
        headers=[table.columns[place].title for place in columns],
        tablefmt="simple",
        disable_numparse=True,
        colalign=["right" if table.columns[place].numeric else "left" for place in columns],
    )
