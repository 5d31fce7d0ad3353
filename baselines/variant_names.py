"""Names of variants, such as ``memnet[hebbian=false]``, and texts of options, ``key=value``."""

import re
from collections.abc import Iterable

from results.errors import UsageError


def parse_variant(text: str) -> tuple[str, dict[str, str]]:
    """Split ``name[key=value,key=value]`` into the name and its overrides.

    Raises:
        UsageError: If the text is not of that form, or gives a key twice.
    """
    match = re.fullmatch(r"([^\[\]]+)(?:\[([^\[\]]*)\])?", text.strip())
    if match is None:
        raise UsageError(f"'{text}' is not a name: write NAME or NAME[key=value,key=value]")
    parts = [part for part in (match[2] or "").split(",") if part]
    options = parse_assignments(parts)
    if len(options) < len(parts):
        raise UsageError(f"'{text}' gives an option twice: leave one of them out")
    return match[1], options


def parse_assignments(parts: Iterable[str]) -> dict[str, str]:
    """Turn ``key=value`` texts into a dictionary; of a repeated key the last value counts.

    Raises:
        UsageError: If a part has no ``=``.
    """
    pairs: dict[str, str] = {}
    for part in parts:
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"'{part}' is not a setting: write key=value")
        pairs[key.strip()] = value.strip()
    return pairs
