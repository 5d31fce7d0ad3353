"""The table of tuned learning rates by benchmark and model, and the default of untuned pairs."""

import json
from functools import cache
from pathlib import Path

DEFAULT = 3e-3
"""Learning rate of a pair of benchmark and model that is not in the table."""

TABLE = Path(__file__).with_name("learning_rates.json")
"""Written by ``memnet tune``.

By benchmark and model: ``learning_rates``, the ``scores`` of the grid's rates, and the benchmark's
``options`` that differ from the defaults (absent in older rows, which all had the defaults).
``how`` describes the procedure.
"""


def learning_rate(benchmark: str, model: str) -> float:
    """Return the tuned rate of a model on a benchmark.

    Args:
        benchmark: Name of the task or stream.
        model: Base name of the model; variants share its row.
    """
    return _table().get(benchmark, {}).get(model, DEFAULT)


@cache
def _table() -> dict[str, dict[str, float]]:
    rates: dict[str, dict[str, float]] = json.loads(TABLE.read_text(encoding="utf-8"))[
        "learning_rates"
    ]
    return rates
