"""The leaderboard in six formats; the same records give the same bytes."""

import json
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import Literal, TypeAlias, get_args

import pandas as pd

from reports.analysis.dataframes import summary_frame, to_csv
from reports.analysis.selection import Selection, select
from reports.analysis.summary import Summary, summarise
from reports.tables import formats
from reports.tables.columns import check, chosen, informative
from reports.tables.group_names import groups_note
from reports.tables.ranks import NOT_TESTED, REASON
from reports.tables.tables import Table, leaderboard_table
from results.errors import UsageError
from results.store.store import Store

Format: TypeAlias = Literal["text", "md", "csv", "json", "latex", "html"]

FORMATS: tuple[Format, ...] = get_args(Format)


LATEX_CAPTIONS = {
    "task": "Long dependencies. Score: mean over seeds ± half of its 95% interval, or [low, high] "
    "if it is clipped to the metric's range; bold: best of the rows that compete",
    "stream": "Task shifts. Score: mean over seeds ± half of its 95% interval, or [low, high] if "
    "it is clipped to the metric's range; bold: best of the rows that compete",
}
"""Captions of the LaTeX tables, by the kind of their benchmarks."""


def render(store: Store, format: str = "md") -> str:
    """Render the leaderboard of a store; see `render_selection`."""
    return render_selection(select(store), format)


def render_selection(selection: Selection, format: str, columns: Sequence[str] = ()) -> str:
    """Render the leaderboard of a selection.

    Args:
        selection: The rows.
        format: ``text`` (for a terminal), ``md``, ``csv``, ``json``, ``latex`` or ``html``. CSV and
            JSON contain numbers, the other formats text for readers, without empty columns. LaTeX
            has a table per family of benchmarks, with titles for people.
        columns: Names of columns, such as ``score`` and ``seeds``; empty for all. CSV and JSON have
            columns of their own.

    Returns:
        Text that ends with a line break.

    Raises:
        UsageError: If the format or a column is unknown.
    """
    if format == "csv":
        return to_csv(_frame(selection, columns))
    if format == "json":
        return _json(selection, columns)
    if format == "latex":
        return _latex(selection, columns)
    table = _table(selection, columns)
    if format in ("text", "md"):
        notes = [f"{REASON}." if _has_untested(table) else "", groups_note(selection)]
        shown = formats.plain(table) if format == "text" else formats.markdown(table)
        return "".join([f"{shown}\n", *(f"\n{note}\n" for note in notes if note)])
    if format == "html":
        return str(formats.page_table(table)).strip() + "\n"
    raise UsageError(f"unknown format {format!r}: choose from {', '.join(FORMATS)}")


def _table(selection: Selection, columns: Sequence[str], *, titles: bool = False) -> Table:
    table = leaderboard_table(selection, titles=titles)
    return chosen(table, columns) if columns else informative(table)


def _latex(selection: Selection, columns: Sequence[str]) -> str:
    """Return a table for tasks and one for streams."""
    families = [
        (
            kind,
            replace(
                selection,
                subjects=tuple(one for one in selection.subjects if one.kind == kind),
                entries=tuple(one for one in selection.entries if one.subject.kind == kind),
            ),
        )
        for kind in LATEX_CAPTIONS
    ]
    return "\n".join(
        formats.latex(
            _captioned(_table(part, columns, titles=True), LATEX_CAPTIONS[kind]),
            label=f"tab:memnet-bench-{kind}s",
        )
        + "\n"
        for kind, part in families
        if part.entries or (kind == "task" and not selection.entries)
    )


def _captioned(table: Table, caption: str) -> Table:
    """Give a table a caption, with the reason if rows that it shows are not tested."""
    return replace(table, caption=f"{caption}. {REASON}" if _has_untested(table) else caption)


def _has_untested(table: Table) -> bool:
    return any(NOT_TESTED in row.cells for row in table.rows)


def _frame(selection: Selection, columns: Sequence[str]) -> pd.DataFrame:
    frame = summary_frame(selection)
    check(columns, list(frame.columns))
    return frame[list(columns)] if columns else frame


def _json(selection: Selection, columns: Sequence[str]) -> str:
    check(columns, [field.name for field in fields(Summary)])
    rows = [
        {
            name: _rounded(value)
            for name, value in asdict(row).items()
            if not columns or name in columns
        }
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
