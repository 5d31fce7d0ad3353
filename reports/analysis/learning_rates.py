"""Rows at a learning rate that the table of learning rates no longer has.

Records of such a row would count as stale once its cells are planned at the new rate. They are
shown as a variant instead, such as ``memnet (learning rate 0.001)``, so that the result at the old
rate stays visible.
"""

import json
from collections.abc import Iterable

from results.records.cell import Cell
from results.records.record import Record


def other_rates(stale: Iterable[Record], current: Iterable[Record]) -> dict[str, str]:
    """Return the models' names of stale records that differ from current ones in the rate alone.

    Args:
        stale: Records whose cells are planned again under other ids.
        current: Records of planned cells.

    Returns:
        By record id: the model's name with the learning rate.
    """
    rates: dict[str, set[object]] = {}
    for record in current:
        rates.setdefault(_rest(record.cell), set()).add(_rate(record.cell))
    return {
        record.id: f"{record.cell.model} (learning rate {rate:g})"
        for record in stale
        if isinstance(rate := _rate(record.cell), int | float)
        and rates.get(_rest(record.cell), set()) - {rate}
    }


def _rate(cell: Cell) -> object:
    return cell.config.get("training", {}).get("learning_rate")


def _rest(cell: Cell) -> str:
    """Return everything that identifies a cell's row, except the learning rate."""
    config = {part: dict(options) for part, options in cell.config.items()}
    config.get("training", {}).pop("learning_rate", None)
    names = (cell.benchmark, cell.model, cell.method)
    return json.dumps([names, config, cell.version], sort_keys=True)
