"""Variants: ``memnet[hebbian=false]`` is the model ``memnet`` with one option changed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from baselines.option_values import spelt
from baselines.registry import Entry
from baselines.variant_names import parse_variant
from results.errors import UsageError
from results.records.cell import NAME_PATTERN, canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """An entry with its resolved options.

    Attributes:
        name: The entry's name with the options that differ from their defaults, in alphabetical
            order. Each configuration has exactly one name.
        entry: The entry.
        config: All options of the entry.
    """

    name: str
    entry: Entry
    config: dict[str, Any]


def split_names(text: str) -> tuple[str, ...]:
    """Split ``a,b[x=1,y=2]`` at the commas outside brackets."""
    return tuple(part.strip() for part in re.split(r",(?![^\[\]]*\])", text) if part.strip())


def base_name(text: str) -> str:
    """Return the name without its options."""
    return parse_variant(text)[0].strip()


def canonical_name(resolved: Callable[[str], Variant], text: str) -> str:
    """Return the name of the variant that ``text`` describes, whatever the order of its options.

    Args:
        resolved: Returns the variant of a name. If it refuses the name (an entry or option of
            another version), only the order of the options is changed.
        text: Name of the entry, with options in brackets.

    Raises:
        UsageError: If the text is not of the form ``NAME[key=value]``.
    """
    name, written = parse_variant(text)
    try:
        return resolved(text).name
    except UsageError:
        inside = ",".join(f"{key}={written[key]}" for key in sorted(written))
        return f"{name.strip()}[{inside}]" if inside else name.strip()


def with_options(text: str, options: Mapping[str, Any]) -> str:
    """Return the name of a variant with further options, which override those in brackets."""
    if not options:
        return text
    name, written = parse_variant(text)
    written |= {key: spelt(value) for key, value in options.items()}
    return f"{name}[{','.join(f'{key}={written[key]}' for key in sorted(written))}]"


def resolve(
    find: Callable[[str], Entry], text: str, settings: Mapping[str, str] | None = None
) -> Variant:
    """Find the entry that ``text`` names and resolve its options.

    Args:
        find: Returns the entry of a name.
        text: Name of the entry, with options in brackets.
        settings: Further options. Those in brackets override them.

    Raises:
        UsageError: If there is no such entry or option, a value is of the wrong type, or a package
            that the entry requires is not installed.
    """
    name, written = parse_variant(text)
    entry = find(name.strip())
    if entry.missing:
        raise UsageError(
            f"{entry.kind} '{entry.name}' needs {', '.join(entry.missing)}: pip install "
            f"{' '.join(entry.missing)}"
        )
    defaults = canonical(entry.configure())
    config = canonical(entry.configure({**(settings or {}), **written}))
    changed = [
        f"{key}={spelt(config[key])}" for key in sorted(config) if config[key] != defaults[key]
    ]
    full = f"{entry.name}[{','.join(changed)}]" if changed else entry.name
    if not re.match(NAME_PATTERN, full):
        raise UsageError(
            f"'{full}' is not a valid name: an option in brackets takes a word or a number; for "
            f"other values write a {entry.kind} file of your own"
        )
    return Variant(name=full, entry=entry, config=config)
