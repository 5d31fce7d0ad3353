"""What ``--set`` sets: options of the benchmark, or with a prefix those of the model, the method and the training."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from baselines.registry import parse_assignments
from results.errors import UsageError

FULL_PRECISION = "float32"
"""The default.

It stands in no cell's config, so that cells from before there was a choice keep their ids.
"""

PRECISIONS = (FULL_PRECISION, "bfloat16")
"""What models may compute in.

In ``bfloat16`` products of matrices are computed in it and parameters stay as they are (autocast).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Overrides, as values or as the text given on the command line.

    The entries that they are for check them.
    """

    benchmark: Mapping[str, JsonValue] = field(default_factory=dict)
    model: Mapping[str, str] = field(default_factory=dict)
    method: Mapping[str, str] = field(default_factory=dict)
    learning_rate: float | None = None
    precision: str = FULL_PRECISION


def parse_settings(parts: Iterable[str]) -> Settings:
    """Sort ``key=value`` texts by what they are for.

    Raises:
        UsageError: If a text is not a setting, or its prefix is unknown.
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
                f"--set {key}: '{where}' is unknown; put model., method. or training. before a key, or nothing for the benchmark"
            )
        sorted_[where if dot else "benchmark"][option] = value
    training = sorted_["training"]
    for key in training:
        if key != "learning_rate":
            raise UsageError(f"--set training.{key}: there is only training.learning_rate")
    rate = _positive("training.learning_rate", training["learning_rate"]) if training else None
    return Settings(
        benchmark=sorted_["benchmark"],
        model=sorted_["model"],
        method=sorted_["method"],
        learning_rate=rate,
    )


def _positive(key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"--set {key}={text}: it takes a positive number, such as 0.003")
    return value
