"""Parses durations and sizes: ``90``, ``90s``, ``10m``, ``2h``; ``500M``, ``4G``."""

import math
import re

from results.errors import UsageError

SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
BYTES_OF_UNIT = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}


def duration(option: str, text: str) -> float:
    """Return a duration in seconds.

    Raises:
        UsageError: If the text is not a duration greater than 0.
    """
    return _parse(option, text, SECONDS, "seconds, or a number with s, m, h or d: 90, 10m, 2h")


def size(option: str, text: str, form: str = "bytes, or a number with K, M or G: 500M, 4G") -> int:
    """Return a size in bytes; ``M`` is a million.

    Args:
        option: Name of the option, for the error message.
        text: Its value.
        form: Description of the allowed values, for the error message.

    Raises:
        UsageError: If the text is not a size greater than 0.
    """
    return round(_parse(option, text.rstrip("Bb"), BYTES_OF_UNIT, form))


def _parse(option: str, text: str, units: dict[str, float], form: str) -> float:
    match = re.fullmatch(r"\s*([0-9.]+)\s*([a-z]?)\s*", text.lower())
    try:
        value = float(match[1]) * units[match[2]] if match else math.nan
    except (ValueError, KeyError):
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"{option} {text}: it takes {form}")
    return value
