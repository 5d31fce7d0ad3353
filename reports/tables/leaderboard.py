"""The leaderboard in five formats; the same records give the same bytes."""

import json
from dataclasses import asdict
from typing import Literal, TypeAlias, get_args

from reports.analysis.dataframes import summary_frame, to_csv
from reports.analysis.selection import Selection, select
from reports.analysis.summary import summarise
from reports.tables import formats
from reports.tables.tables import leaderboard_table
from results.errors import UsageError
from results.store.store import Store

Format: TypeAlias = Literal["md", "csv", "json", "latex", "html"]

FORMATS: tuple[Format, ...] = get_args(Format)


def render(store: Store, format: str = "md") -> str:
    """Render the leaderboard of a store.

    Args:
        store: The store.
        format: ``md``, ``csv``, ``json``, ``latex`` or ``html``. CSV and JSON contain numbers, the
            other formats text for readers.

    Returns:
        Text that ends with a line break.

    Raises:
        UsageError: If the format is unknown.
    """
    return render_selection(select(store), format)


def render_selection(selection: Selection, format: str) -> str:
    """Render the leaderboard of a selection; see `render`."""
    if format == "csv":
        return to_csv(summary_frame(selection))
    if format == "json":
        return _json(selection)
    table = leaderboard_table(selection)
    if format == "md":
        return formats.markdown(table) + "\n"
    if format == "latex":
        return formats.latex(table) + "\n"
    if format == "html":
        return str(formats.page_table(table)).strip() + "\n"
    raise UsageError(f"unknown format {format!r}: choose from {', '.join(FORMATS)}")


def _json(selection: Selection) -> str:
    rows = [
        {name: _rounded(value) for name, value in asdict(row).items()}
        for row in summarise(selection)
    ]
    subjects = [asdict(subject) for subject in selection.subjects]
    document = {
        "benchmarks": subjects,
        "rows": rows,
        "missing": selection.missing,
        "stale": len(selection.stale),
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _rounded(value: object) -> object:
    """Round to six significant digits, as in CSV: the last bits of a sum have no meaning."""
    return float(f"{value:.6g}") if isinstance(value, float) else value
