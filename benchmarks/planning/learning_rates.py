"""The table of tuned learning rates by benchmark and model, and the default of untuned pairs."""

import json
from functools import cache
from pathlib import Path

DEFAULT = 3e-3
"""Learning rate of a pair of benchmark and model that is not in the table."""

TABLE = Path(__file__).with_name("learning_rates.json")
"""Written by ``memnet tune`` (`benchmarks.tuning.table`)."""


def learning_rate(benchmark: str, model: str, method: str | None = None) -> float:
    """Return the tuned rate of a model on a benchmark, or of a model with a method.

    A rate of the method has priority over one of the model alone; `DEFAULT` if there is neither.

    Args:
        benchmark: Name of the task or stream.
        model: Base name of the model; variants share its row.
        method: Base name of the method, on a stream.
    """
    rates = _table().get(benchmark, {})
    return rates.get(f"{model}:{method}", rates.get(model, DEFAULT))


@cache
def _table() -> dict[str, dict[str, float]]:
    rates: dict[str, dict[str, float]] = json.loads(TABLE.read_text(encoding="utf-8"))[
        "learning_rates"
    ]
    return rates
