"""Records and summaries as pandas data frames, and as CSV that is safe in spreadsheets."""

import csv
import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

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
    """Return one row per record, including failed and stale ones; ``status`` distinguishes them."""
    rows = [_flat(record, record.status) for record in selection.records] + [
        _flat(record, "stale") for record in selection.stale
    ]
    rest = sorted({name for row in rows for name in row} - set(LEADING))
    return pd.DataFrame(rows, columns=[*LEADING, *rest], dtype=object)


def summary_frame(selection: Selection) -> pd.DataFrame:
    """Return the leaderboard, one row per row, in its order.

    The columns are the attributes of `Summary`.
    """
    rows = [asdict(row) for row in summarise(selection)]
    return pd.DataFrame(rows, columns=[field.name for field in fields(Summary)], dtype=object)


def to_csv(frame: pd.DataFrame) -> str:
    """Return a frame as CSV.

    Numbers have six significant digits, None is empty, and no text is read as a formula.
    """
    safe = frame.map(_cell).rename(columns=_cell)
    return safe.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)


def _cell(value: object) -> object:
    """Return one value in its CSV form.

    An apostrophe precedes a text that a spreadsheet would read as a formula (OWASP, "CSV
    Injection").
    """
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{value}"
    return "" if value is None else value


def _flat(record: Record, status: str) -> dict[str, object]:
    """Return one record as one row; of its slot statistics only the numbers."""
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


def cells_frame(records: Iterable[Record], *, store: str | None = None) -> pd.DataFrame:
    """Return one row per cell, with real dtypes.

    Columns, in this order; a column exists where at least one record has a value for it:

    - ``store``, ``id``, ``benchmark``, ``model``, ``method``, ``status`` ("ok" or "failed") and
      ``error``: string; ``seed``: Int64
    - ``metric.NAME`` and ``slots.NAME``: Float64
    - ``cost.NAME``: Int64 for counts and bytes, Float64 for seconds
    - ``config.PART.OPTION`` (PART is benchmark, model, method or training), ``version.PART`` and
      ``provenance.NAME``: Int64, Float64, boolean or string, as their values are

    Missing values are ``pandas.NA``. Lists are given as JSON text.
    """
    rows = [_cell_row(record, store) for record in records]
    leading = [name for name in _LEADING_OF_CELLS if store is not None or name != "store"]
    names = list(dict.fromkeys(name for row in rows for name in row if name not in leading))
    groups = ("metric.", "slots.", "cost.", "config.", "version.", "provenance.")
    ordered = [name for group in groups for name in sorted(n for n in names if n.startswith(group))]
    data = {name: _column([row.get(name) for row in rows], name) for name in [*leading, *ordered]}
    return pd.DataFrame(data)


_LEADING_OF_CELLS = (
    "store",
    "id",
    "benchmark",
    "model",
    "method",
    "seed",
    "status",
    "error",
)


def _cell_row(record: Record, store: str | None) -> dict[str, object]:
    flat = {**_flat(record, record.status), "store": store}
    row = {name: flat[name] for name in _LEADING_OF_CELLS}
    row |= {name: flat[name] for name in flat if name.startswith(("metric.", "slots.", "cost."))}
    for part, options in record.cell.config.items():
        for option, value in (options if isinstance(options, dict) else {"": options}).items():
            row[f"config.{part}.{option}".rstrip(".")] = value
    row |= {f"version.{part}": value for part, value in record.cell.version.items()}
    provenance = record.provenance.model_dump(exclude={"packages"})
    row |= {f"provenance.{name}": value for name, value in provenance.items()}
    packages = record.provenance.packages.items()
    return row | {f"provenance.packages.{name}": version for name, version in packages}


def _column(values: list[object], name: str) -> "pd.Series[Any]":
    """Return a column in the narrowest of boolean, Int64, Float64 and string that holds it."""
    present = [value for value in values if value is not None]
    if name.startswith(("metric.", "slots.")):
        return pd.Series(values, dtype="Float64")
    if present and all(isinstance(value, bool) for value in present):
        return pd.Series(values, dtype="boolean")
    if present and all(number(value) for value in present):
        whole = all(isinstance(value, int) for value in present)
        return pd.Series(values, dtype="Int64" if whole else "Float64")
    texts = [v if v is None or isinstance(v, str) else json.dumps(v) for v in values]
    return pd.Series(texts, dtype="string")
