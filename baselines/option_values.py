"""Values of options: from the text of a command to the annotated type, and back."""

import contextlib
import json
import math
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from baselines.entry_source import Option
from results.errors import UsageError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

PYTHON: Mapping[str, bool | None] = {"True": True, "False": False, "None": None}
"""Python's spelling of values that JSON spells differently; commands accept both."""


LARGEST_NUMBER = 10_000_000
"""Largest whole number of an option, except for those of `LARGEST_OF`.

Beyond it nothing fits in memory, or a run takes years; a larger number is a typing error.
"""

LARGEST_OF: Mapping[str, int] = {
    "layers": 1_000,
    "depth": 1_000,
    "heads": 1_000,
    "experiences": 10_000,
    "budget": 10**12,
    "total_budget": 10**12,
}
"""Largest whole numbers of options of these names: parts that are built one by one, and bytes."""


def spelt(value: Any) -> str:
    """Return the text of an option's value in a command.

    Words are unchanged; other values are written as JSON.
    """
    return value if isinstance(value, str) and value else json.dumps(value, separators=(",", ":"))


def convert(option: Option, value: Any, where: str) -> Any:
    """Convert a value, or its text, to the option's annotated type.

    Args:
        option: The option.
        value: A value, or its text in JSON or Python; ``"True"``, ``"null"``, ``".5"``.
        where: Name of the option in error messages.

    Raises:
        UsageError: If the value is not of the type, the type is not one of options, a number is
            not finite, or a whole number is beyond `LARGEST_NUMBER` or its negative.
    """
    from pydantic import ValidationError  # imported here, since listing needs no validation

    adapter, choices = _adapter(option.annotation, where)
    for reading in _readings(value):
        with contextlib.suppress(ValidationError):
            converted = adapter.validate_python(
                tuple(reading) if isinstance(reading, list) else reading, strict=True
            )
            _check_numbers(option.name, converted, value, where)
            return converted
    if choices:
        raise UsageError(
            f"{where} = {value!r} is not allowed: choose one of {', '.join(map(str, choices))}"
        )
    raise UsageError(
        f"{where} = {value!r} is of the wrong type: it takes {option.annotation} (default "
        f"{spelt(option.default)})"
    )


def _check_numbers(name: str, converted: Any, value: Any, where: str) -> None:
    """Check that the numbers of an option are finite, and whole ones not beyond all use.

    Raises:
        UsageError: If one is not.
    """
    largest = LARGEST_OF.get(name, LARGEST_NUMBER)
    for number in converted if isinstance(converted, tuple) else (converted,):
        if isinstance(number, float) and not math.isfinite(number):
            raise UsageError(f"{where} = {value!r} is not a finite number")
        if isinstance(number, int) and number > largest:
            raise UsageError(f"{where} = {number} is too large: it takes at most {largest:,}")
        if isinstance(number, int) and number < -largest:
            raise UsageError(f"{where} = {number} is too small: it takes at least {-largest:,}")


@cache
def _adapter(annotation: str, where: str) -> "tuple[TypeAdapter[Any], tuple[Any, ...]]":
    """Return a validator for an annotation, and its choices if it is a ``Literal``."""
    from pydantic import TypeAdapter

    try:
        type_ = eval(annotation, {"Literal": Literal})
        return TypeAdapter(type_), get_args(type_) if get_origin(type_) is Literal else ()
    except Exception as error:
        raise UsageError(
            f"{where}: {annotation} is not a type of an option; use int, float, bool, str, None, "
            "tuple or Literal"
        ) from error


def _readings(value: Any) -> Iterator[Any]:
    """Yield the values that a text can spell, and the text; or the value, if it is not a text."""
    if isinstance(value, str):
        if value in PYTHON:
            yield PYTHON[value]
        for read in (json.loads, float):
            with contextlib.suppress(ValueError):
                yield read(value)
    yield value
