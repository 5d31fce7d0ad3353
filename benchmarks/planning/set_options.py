"""Parses ``--set``: options of the benchmark, or with a prefix of the model, method or training."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from baselines.variant_names import parse_assignments
from results.errors import UsageError

FULL_PRECISION = "float32"
"""The default precision.

It is not written into a cell's config, so that the ids of older cells stay valid.
"""

LEARNING_RATE_KEY = "training.learning_rate"
"""Name of the learning rate among the options of a command."""

PRECISIONS = (FULL_PRECISION, "bfloat16")
"""Allowed precisions of the computation.

``bfloat16`` uses autocast: matrix products are in bfloat16, parameters in float32.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Overrides, as values or as text from the command line.

    The entries that they belong to check them.
    """

    benchmark: Mapping[str, JsonValue] = field(default_factory=dict)
    model: Mapping[str, str] = field(default_factory=dict)
    method: Mapping[str, str] = field(default_factory=dict)
    learning_rate: float | None = None
    precision: str = FULL_PRECISION


def parse_settings(parts: Iterable[str]) -> Settings:
    """Group ``key=value`` texts by their prefix.

    Raises:
        UsageError: If a text is not of this form, or its prefix is unknown.
    """
    sorted_: dict[str, dict[str, str]] = {
        "benchmark": {},
        "model": {},
        "method": {},
        "training": {},
    }
    for key, value in parse_assignments(parts).items():
        where, dot, option = key.rpartition(".")
        if dot and where not in sorted_:
            raise UsageError(
                f"--set {key}: unknown prefix '{where}'; write model.KEY, method.KEY or "
                "training.learning_rate, or KEY for an option of the benchmark"
            )
        sorted_[where if dot else "benchmark"][option] = value
    training = sorted_["training"]
    for key in training:
        if key != "learning_rate":
            raise UsageError(f"--set training.{key}: the only option is training.learning_rate")
    rate = parse_rate(LEARNING_RATE_KEY, training["learning_rate"]) if training else None
    return Settings(
        benchmark=sorted_["benchmark"],
        model=sorted_["model"],
        method=sorted_["method"],
        learning_rate=rate,
    )


def parse_rate(key: str, text: str) -> float:
    """Return a learning rate.

    Args:
        key: Name of the option, for the error message.
        text: Its value.

    Raises:
        UsageError: If it is not a positive number.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"{key}={text}: it takes a positive number, such as 0.003")
    return value
