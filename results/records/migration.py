"""Conversion of records of older schemas.

Schemas 1 and 2 stored the full survival curves of slots, nine tenths of the size of the largest
records. Schema 3 thins them. All other fields are unchanged: ids, metrics, and the curves from
which metrics are recomputed.
"""

from collections.abc import Mapping
from typing import Any, TypeGuard

from results.records.thinning import thin_survival


def migrated_slots(slots: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Thin the survival curve among the statistics of slots; a malformed curve stays unchanged."""
    if slots is None:
        return None
    curve = slots.get("lifetimes")
    return {**slots, "lifetimes": thin_survival(curve)} if _is_survival(curve) else {**slots}


def _is_survival(curve: Any) -> TypeGuard[Mapping[str, Any]]:
    """Whether the curve has ``time`` and ``survival``, and numeric columns of one length."""
    if not isinstance(curve, dict) or not {"time", "survival"} <= curve.keys():
        return False
    columns = [column for name, column in curve.items() if name != "mean"]
    return all(
        isinstance(column, list)
        and len(column) == len(curve["time"])
        and all(type(value) in (int, float) for value in column)
        for column in columns
    ) and all(start < end for start, end in zip(curve["time"], curve["time"][1:], strict=False))
