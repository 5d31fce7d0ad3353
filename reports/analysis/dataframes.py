"""Records and summaries as pandas frames, for whoever goes on computing, and as CSV that a spreadsheet can open safely."""

import csv
from dataclasses import asdict, fields

import pandas as pd

from reports.analysis.curves import number
from reports.analysis.selection import Selection, setting
from reports.analysis.summary import Summary, summarise
from results.records.record import Record

LEADING = (
    "id",
    "status",
    "benchmark",
    "model",
    "method",
    "setting",
    "seed",
    "error",
    "commit",
    "device",
)
"""First columns of `records_frame`.

Costs (``cost.NAME``), metrics (``metric.NAME``) and slot statistics (``slots.NAME``) follow.
"""


def records_frame(selection: Selection) -> pd.DataFrame:
    """Put every record in a row, those that failed and those that are stale included: the status says which."""
    rows = [_flat(record, record.status) for record in selection.records] + [
        _flat(record, "stale") for record in selection.stale
    ]
    rest = sorted({name for row in rows for name in row} - set(LEADING))
    return pd.DataFrame(rows, columns=[*LEADING, *rest], dtype=object)


def summary_frame(selection: Selection) -> pd.DataFrame:
    """Put every row of the leaderboard in a row, in its order.

    Columns are the attributes of `Summary`.
    """
    rows = [asdict(row) for row in summarise(selection)]
    return pd.DataFrame(rows, columns=[field.name for field in fields(Summary)], dtype=object)


def to_csv(frame: pd.DataFrame) -> str:
    """Write a frame as CSV: numbers to six significant digits, nothing for None, and text that no spreadsheet takes for a formula."""
    safe = frame.map(_cell).rename(columns=_cell)
    return safe.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)


def _cell(value: object) -> object:
    """Bring one value to its CSV form.

    A text that begins as a formula would is led by an apostrophe (OWASP, "CSV Injection").
    """
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{value}"
    return "" if value is None else value


def _flat(record: Record, status: str) -> dict[str, object]:
    """One record as one row; of its slot statistics the numbers alone."""
    cell = record.cell
    slots = record.slots or {}
    return {
        "id": record.id,
        "status": status,
        "benchmark": cell.benchmark,
        "model": cell.model,
        "method": cell.method,
        "setting": setting(cell),
        "seed": cell.seed,
        "error": f"{record.error.type}: {record.error.message}" if record.error else None,
        "commit": record.provenance.commit,
        "device": record.provenance.device,
        **{f"cost.{name}": value for name, value in record.cost.model_dump().items()},
        **{f"metric.{name}": value for name, value in record.metrics.items()},
        **{f"slots.{name}": value for name, value in slots.items() if number(value)},
    }
