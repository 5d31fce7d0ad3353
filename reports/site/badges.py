"""Badges of rows: options of no official protocol, and too few seeds."""

from collections.abc import Mapping

from pydantic import JsonValue

from reports.analysis.selection import ResultRow
from reports.site.reproduce import Defaults

MIN_SEEDS = 3
"""Minimum number of seeds of a row."""

FREE = frozenset(
    {"streams", "far_streams", "furthest", "track", "probe", "protocol", "scenario", "validation"}
)
"""Options that change what is evaluated, or choose a protocol, and not how long is trained."""


def badges(entry: ResultRow, known: Defaults) -> tuple[str, ...]:
    """Return a row's badges.

    Args:
        entry: The row.
        known: Default options by benchmark; without them a row has no badge for its options.
    """
    if not entry.ok:
        return ()
    found = []
    other = _other_options(entry, known.get(entry.subject.benchmark, {}))
    if other:
        found.append(f"no official protocol: {other}")
    count = len(entry.ok)
    if count < MIN_SEEDS:
        found.append(f"{'one seed' if count == 1 else f'{count} seeds'}: not tested")
    return tuple(found)


def _other_options(entry: ResultRow, defaults: Mapping[str, JsonValue]) -> str:
    """Name the options of training that differ from the defaults, unless a protocol sets them."""
    config = entry.ok[0].cell.config
    options = config.get("benchmark", {})
    official = (
        config.get("training", {}).get("protocol") == "converged"
        or options.get("protocol", "default") != "default"
    )
    if official:
        return ""
    return ", ".join(
        f"{key.replace('_', ' ')} {_words(value)}"
        for key, value in options.items()
        if key in defaults and key not in FREE and value != defaults[key]
    )


def _words(value: JsonValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
