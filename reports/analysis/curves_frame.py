"""Curves of records in long form: one row per point, for pandas."""

from collections.abc import Iterable, Iterator, Mapping

import pandas as pd
from pydantic import JsonValue

from reports.analysis.curves import number
from results.errors import UsageError
from results.records.record import Record

CELL = ("id", "benchmark", "model", "method", "seed")
"""Columns that name the cell; the curve's own columns follow."""

CURVE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "accuracy_by_distance": ("distance", "accuracy", "count"),
    "accuracy_within": ("step", "experience", "accuracy"),
    "initial_accuracy": ("experience", "accuracy"),
    "accuracy_matrix": ("trained_experience", "tested_experience", "accuracy"),
    "learning_curve": ("step", "examples", "cpu_seconds", "accuracy", "loss"),
    "training_loss": ("step", "loss"),
}
"""Columns of each curve. The curve of a query group, such as ``accuracy_by_distance_one_hop``, has
the columns of the curve without the group's name. Other curves have ``x0``, ``x1``, …
"""

LIFETIMES = "lifetimes"
"""The survival curve of slots, among the slot statistics of a record."""


def curves_frame(records: Iterable[Record], name: str) -> pd.DataFrame:
    """Return one row per point of a curve, for every cell that has it.

    Records may come from anyone: points that are not numbers are skipped.

    Args:
        records: Records of cells; failed ones have no curves.
        name: Name of the curve, or ``"lifetimes"`` for the survival of slots (columns ``time``,
            ``survival``, ``low``, ``high``).

    Returns:
        The columns of `CELL`, then those of the curve as float64; a missing value is NaN.

    Raises:
        UsageError: If no record has a curve of this name.
    """
    every = list(records)
    points = [
        (record, point)
        for record in every
        for point in _points(record, name)
        if point and all(value is None or number(value) for value in point)
    ]
    if not points:
        known = sorted({curve for record in every for curve in _names(record)})
        raise UsageError(f"no cell has a curve '{name}': there is {', '.join(known) or 'none'}")
    width = max(len(point) for _, point in points)
    rows = [[*_cell(record), *point, *[None] * (width - len(point))] for record, point in points]
    frame = pd.DataFrame(rows, columns=[*CELL, *_columns(name, width)])
    own = dict.fromkeys(frame.columns[len(CELL) :], "float64")
    text = dict.fromkeys(("id", "benchmark", "model", "method"), "string")
    return frame.astype({**text, "seed": "int64", **own})


def _cell(record: Record) -> tuple[str, str, str, str, int]:
    cell = record.cell
    return record.id, cell.benchmark, cell.model, cell.method, cell.seed


def _names(record: Record) -> list[str]:
    extra = [LIFETIMES] if isinstance((record.slots or {}).get(LIFETIMES), dict) else []
    return [*record.curves, *extra]


def _points(record: Record, name: str) -> Iterator[list[JsonValue]]:
    """Yield the points of one record's curve."""
    if name == LIFETIMES:
        survival = (record.slots or {}).get(LIFETIMES)
        if isinstance(survival, dict):
            yield from _lifetime_points(survival)
        return
    curve = record.curves.get(name)
    rows = curve if isinstance(curve, list) else []
    for index, row in enumerate(rows):
        values = row if isinstance(row, list) else [row]
        if name == "accuracy_matrix":
            yield from ([index, tested, value] for tested, value in enumerate(values))
        elif name == "accuracy_within":
            yield from ([values[0], place, value] for place, value in enumerate(values[1:]))
        elif name == "initial_accuracy":
            yield [index, *values]
        else:
            yield list(values)


def _lifetime_points(survival: Mapping[str, JsonValue]) -> Iterator[list[JsonValue]]:
    """Yield the points of a survival curve; older records have no ``low`` and ``high``."""
    columns = [
        values for key in _columns(LIFETIMES, 4) if isinstance(values := survival.get(key), list)
    ]
    if len({len(values) for values in columns}) == 1:
        yield from (list(point) for point in zip(*columns, strict=True))


def _columns(name: str, width: int) -> list[str]:
    if name == LIFETIMES:
        return ["time", "survival", "low", "high"][:width]
    for known, columns in CURVE_COLUMNS.items():
        if (name == known or name.startswith(f"{known}_")) and len(columns) >= width:
            return list(columns[:width])
    return [f"x{place}" for place in range(width)]
