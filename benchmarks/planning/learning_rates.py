"""Learning rates by benchmark and model: the table that ``benchmarks.tuning.tune`` produced, or a default where a pair was never tuned."""

import json
from functools import cache
from pathlib import Path

DEFAULT = 3e-3
"""For a model or benchmark that nobody tuned yet."""

TABLE = Path(__file__).with_name("learning_rates.json")
"""By benchmark and model: ``learning_rates``, the ``scores`` of the grid's rates, and the benchmark's ``options`` that are no
defaults (older rows, which all had the defaults, have none); and ``how`` it was made.
"""


def learning_rate(benchmark: str, model: str) -> float:
    """Return the tuned rate of a model on a benchmark.

    Variants of a model share its row: give its base name.
    """
    return _table().get(benchmark, {}).get(model, DEFAULT)


@cache
def _table() -> dict[str, dict[str, float]]:
    rates: dict[str, dict[str, float]] = json.loads(TABLE.read_text(encoding="utf-8"))[
        "learning_rates"
    ]
    return rates
