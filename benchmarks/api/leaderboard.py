"""``memnet.leaderboard``: the leaderboard as text, as ``memnet leaderboard`` prints it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchmarks.cli import shared_options
from reports.analysis.selection import Selection
from reports.analysis.selection_filter import narrowed
from reports.tables.leaderboard import render_selection

Stores = str | Path | Iterable[str | Path]


def leaderboard(
    stores: Stores = "published",
    *,
    benchmarks: Iterable[str] = (),
    models: Iterable[str] = (),
    methods: Iterable[str] = (),
    reference_only: bool = False,
    columns: Iterable[str] = (),
    format: str = "md",
) -> str:
    """Return the leaderboard of one or several stores.

    Args:
        stores: Folders of records; ``published`` is the package's own. Of two records of one cell,
            the first store's counts.
        benchmarks: Benchmarks, or patterns such as ``mqar*``; empty for all. So for models and
            methods.
        models: Models, as in cells.
        methods: Methods, as in cells.
        reference_only: Whether controls, bounds, ablations, sizes and budgets are left out.
        columns: Columns, such as ``score`` and ``seeds``; empty for all that differ from a dash.
        format: ``text``, ``md``, ``csv``, ``json``, ``latex`` or ``html``.

    Returns:
        Text that ends with a line break.

    Raises:
        UsageError: If a name, a column or the format is unknown.
    """
    selection = narrowed(
        selected(stores),
        benchmarks=tuple(benchmarks),
        models=tuple(models),
        methods=tuple(methods),
        reference_only=reference_only,
    )
    return render_selection(selection, format, tuple(columns))


def selected(stores: Stores) -> Selection:
    """Read stores.

    Raises:
        UsageError: If a folder is no store.
    """
    given = [stores] if isinstance(stores, str | Path) else list(stores)
    return shared_options.selected(given)
