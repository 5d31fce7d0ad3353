"""Curves of records as arrays.

Records may come from anyone, so a curve may hold any JSON; malformed parts are skipped.

Legend: ``S`` seeds, ``D`` distances, ``I`` experiences trained on, ``J`` experiences evaluated.
"""

from typing import TypeGuard

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from reports.analysis.selection import ResultRow
from results.records.record import Record
from results.records.thinning import restricted_mean

Array = npt.NDArray[np.float64]

MAX_ABSOLUTE = 1e15
"""Numbers with a larger absolute value are ignored: they would only distort the axes."""


def distances(entry: ResultRow, curve: str = "accuracy_by_distance") -> tuple[Array, Array]:
    """Return a row's accuracies by distance.

    Args:
        entry: The row.
        curve: Name of the curve: the task's own queries, or those of a query group.

    Returns:
        The distances at which any seed was evaluated, ``[D]``, and the accuracies, ``[S, D]``; NaN
        where a seed has none.
    """
    seeds = [pairs(record.curves.get(curve)) for record in entry.ok]
    where = sorted({distance for seed in seeds for distance in seed})
    accuracies = [[seed.get(distance, np.nan) for distance in where] for seed in seeds]
    return np.array(where, dtype=np.float64), np.array(accuracies, dtype=np.float64)


def matrices(entry: ResultRow) -> Array | None:
    """Return a row's accuracy matrices, ``[S, I, J]``, or None if there are none.

    Matrices whose shape differs from the first are skipped.
    """
    found = [matrix for record in entry.ok if (matrix := _matrix(record)) is not None]
    same = [matrix for matrix in found if matrix.shape == found[0].shape]
    return np.stack(same) if same else None


def lifetimes(record: Record) -> tuple[Array, Array] | None:
    """Return a record's survival curve: times, and the share of slots alive from each on."""
    curve = (record.slots or {}).get("lifetimes")
    if not isinstance(curve, dict):
        return None
    time, share = (numbers(curve.get(name)) for name in ("time", "survival"))
    if time is None or share is None or len(time) == 0 or len(time) != len(share):
        return None
    return time, share


def mean_lifetime(record: Record) -> float | None:
    """Return the restricted mean lifetime of a record's slots.

    It is that of the full survival curve; a record contains a thinned one.
    """
    curve = (record.slots or {}).get("lifetimes")
    mean = numbers([curve.get("mean")]) if isinstance(curve, dict) else None
    if mean is not None and np.isfinite(mean[0]):
        return float(mean[0])
    found = lifetimes(record)
    return None if found is None else restricted_mean(*(column.tolist() for column in found))


def lifetime_band(entry: ResultRow) -> tuple[Array, Array] | None:
    """Return the lower and upper ends of the band of a row's only survival curve."""
    curves = [
        curve
        for record in entry.ok
        if isinstance(curve := (record.slots or {}).get("lifetimes"), dict)
    ]
    if len(curves) != 1:
        return None
    time, low, high = (numbers(curves[0].get(name)) for name in ("time", "low", "high"))
    if time is None or low is None or high is None or not len(time) == len(low) == len(high):
        return None
    return low, high


def slot_numbers(entry: ResultRow, name: str) -> list[float]:
    """Return a slot statistic by seed, without the seeds that have none."""
    values = [numbers([(record.slots or {}).get(name)]) for record in entry.ok]
    return [float(value[0]) for value in values if value is not None and np.isfinite(value[0])]


def pairs(curve: JsonValue) -> dict[float, float]:
    """Return ``{x: y}`` of ``[[x, y, …], …]`` for positive ``x``; malformed rows are skipped."""
    rows = curve if isinstance(curve, list) else []
    read = [numbers(row) for row in rows]
    return {
        float(row[0]): float(row[1])
        for row in read
        if row is not None and len(row) >= 2 and row[0] > 0
    }


def _matrix(record: Record) -> Array | None:
    rows = record.curves.get("accuracy_matrix")
    if not isinstance(rows, list) or not rows:
        return None
    read = [numbers(row) for row in rows]
    rows_read = [row for row in read if row is not None and len(row) > 0]
    if len(rows_read) != len(rows) or len({len(row) for row in rows_read}) != 1:
        return None
    return np.stack(rows_read)


def number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a number that can be shown."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= MAX_ABSOLUTE
    )


def numbers(value: JsonValue) -> Array | None:
    """Return a list of numbers as an array, nulls as NaN; None if it is not one."""
    if not isinstance(value, list):
        return None
    found = [
        np.nan if item is None else item
        for item in value
        if item is None or isinstance(item, int | float)
    ]
    if len(found) != len(value) or any(abs(one) > MAX_ABSOLUTE for one in found):
        return None
    return np.array(found, dtype=np.float64)
