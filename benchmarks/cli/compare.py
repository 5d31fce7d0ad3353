"""``memnet report --compare A B``: compares two models or two stores."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from results.errors import UsageError

if TYPE_CHECKING:
    from reports.analysis.comparison import PairwiseReport
    from reports.tables.tables import Table

SCORE_COLUMNS = 9
"""Leading columns of the comparison table, printed as a first table; the cost columns follow."""


def compare(pair: tuple[str, str], store: Path, out: Path) -> Path:
    """Print a comparison and write it to a folder as a page, as Markdown and as a figure.

    Args:
        pair: Two models of the store, or the folders of two stores.
        store: Folder of the store.
        out: Output folder.

    Returns:
        Path of the page.

    Raises:
        UsageError: If there is nothing to compare, or the folder cannot be written.
    """
    from reports.output.compare import write
    from reports.tables.comparison_table import comparison_table, verdict

    found = _found(pair, store)
    table = comparison_table(found)
    print(f"left: {found.left}, right: {found.right}; differences are left minus right\n")
    print(_simple(table, range(SCORE_COLUMNS)) + "\n")
    print(_simple(table, (0, *range(SCORE_COLUMNS, len(table.columns)))) + "\n")
    print("\n".join([verdict(found), *(f"note: {note}" for note in found.notes)]))
    return write(found, out)


def _found(pair: tuple[str, str], store: Path) -> "PairwiseReport":
    """Compare two stores if both names are folders of stores, and two models otherwise."""
    from reports.analysis.comparison import compare_models, compare_stores
    from reports.analysis.selection import select
    from results.store.store import Store

    folders = [Path(name).expanduser() for name in pair]
    stores = [(folder / "records").is_dir() for folder in folders]
    if all(stores):
        _check_unambiguous(pair, store)
        left, right = (select(Store.open(folder)) for folder in folders)
        return compare_stores(left, right, pair)
    try:
        return compare_models(select(Store.open(store)), *map(_canonical, pair))
    except UsageError as error:
        if not any(stores):
            raise
        one, other = pair if stores[0] else reversed(pair)
        raise UsageError(
            f"'{one}' is a store and '{other}' is not: name the folders of two stores, or two "
            f"models of one store; as models: {error}"
        ) from error


def _check_unambiguous(pair: tuple[str, str], store: Path) -> None:
    """Refuse two folders of stores that are also two models of the store.

    Raises:
        UsageError: If the comparison could be meant either way.
    """
    from results.store.store import Store

    if any(os.sep in name for name in pair) or not (store / "records").is_dir():
        return
    known = {record.cell.model for record in Store.open(store)}
    if known.issuperset(map(_canonical, pair)):
        one, other = pair
        raise UsageError(
            f"--compare {one} {other}: both are models of {store} and folders of stores; write "
            f"./{one} ./{other} for the stores, or MODEL:METHOD for the models"
        )


def _canonical(name: str) -> str:
    """Bring ``MODEL`` or ``MODEL:METHOD`` to the form in which records name them."""
    from benchmarks.planning.catalog import Catalog
    from benchmarks.planning.jobs import Planner
    from benchmarks.planning.set_options import Settings
    from benchmarks.planning.variant import canonical_name

    planner = Planner(Catalog.read(), Settings())
    model, colon, method = name.partition(":")
    return canonical_name(planner.model, model) + (
        colon + canonical_name(planner.method, method) if method else ""
    )


def _simple(table: "Table", columns: "range | tuple[int, ...]") -> str:
    from tabulate import tabulate

    return tabulate(
        [[row.cells[place] for place in columns] for row in table.rows],
        headers=[table.columns[place].title for place in columns],
        tablefmt="simple",
        disable_numparse=True,
        colalign=["right" if table.columns[place].numeric else "left" for place in columns],
    )
