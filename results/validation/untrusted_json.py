"""JSON from strangers: what a file must be before anything in it is believed.

Size is asked of the file system before a byte is read, and depth is counted before anything is
parsed, so that neither memory nor the stack is at a stranger's mercy.
"""

import io
import json
import math
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from results.errors import Damaged

BYTES = 20_000_000
"""Most bytes of a record: a hundred times the largest that is published."""

DEPTH = 24
"""Most brackets within brackets."""

NUMBER = 1e18
"""Beyond this a number is nothing that can be counted or measured here."""

TEXT = 100_000
"""Most characters of one text; a traceback is the longest that a record holds."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def read(path: Path) -> tuple[bytes, JsonValue]:
    """Read a JSON file.

    Returns:
        Its bytes, and what they say.

    Raises:
        Damaged: With one line that says what is wrong.
    """
    raw = _content(path)
    _check_depth(raw)
    document = _parsed(raw)
    for text in _texts(document):
        check_text(text)
    return raw, document


def check_text(text: str) -> None:
    """Refuse text that would not show as what it is.

    Control characters but for tabs and line ends, changes of direction, half characters.

    Raises:
        Damaged: If it holds such a character, or is too long.
    """
    if len(text) > TEXT:
        raise Damaged(f"a text has {len(text):,} characters; at most {TEXT:,} are taken")
    if text.isprintable():
        return
    for character in text:
        if character < " " and character not in "\t\n\r":
            raise Damaged(f"a text holds the control character U+{ord(character):04X}")
        if character > "~" and unicodedata.category(character) in (
            "Cc",
            "Cf",
            "Cs",
            "Co",
            "Zl",
            "Zp",
        ):
            raise Damaged(
                f"a text holds U+{ord(character):04X}, which can't be seen or turns text around"
            )


def printable(text: str, limit: int = 300) -> str:
    """Bring text to one line that a terminal can safely show."""
    safe = "".join(
        character if character.isprintable() else f"\\u{ord(character):04x}"
        for character in " ".join(text.split())
    )
    return safe if len(safe) <= limit else f"{safe[: limit - 1]}…"


def _content(path: Path) -> bytes:
    try:
        found = path.stat()
        regular = stat.S_ISREG(found.st_mode)
        with path.open("rb") if regular and found.st_size <= BYTES else io.BytesIO() as file:
            raw = file.read(BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        raise Damaged(f"it can't be read: {getattr(error, 'strerror', None) or error}") from error
    if not regular:
        raise Damaged("it is not a file")
    if max(found.st_size, len(raw)) > BYTES:
        raise Damaged(
            f"it has {max(found.st_size, len(raw)):,} bytes; a record has at most {BYTES:,}"
        )
    return raw


def _check_depth(raw: bytes) -> None:
    letters = np.frombuffer(_STRING.sub(b"", raw), dtype=np.uint8)
    opened = np.isin(letters, (ord("["), ord("{"))).astype(np.int64)
    closed = np.isin(letters, (ord("]"), ord("}")))
    depth = int(np.cumsum(opened - closed).max(initial=0))
    if depth > DEPTH:
        raise Damaged(f"it is nested {depth:,} deep; a record is at most {DEPTH}")


def _parsed(raw: bytes) -> JsonValue:
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise Damaged("it begins with a byte order mark; a record is plain UTF-8")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Damaged(f"it is not UTF-8: byte {error.start} can't be read") from error
    try:
        document: JsonValue = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_real,
            parse_constant=_no_number,
        )
    except json.JSONDecodeError as error:
        raise Damaged(
            f"it is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        ) from error
    return document


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise Damaged(f"the field {printable(twice, 60)!r} comes twice in one object")
    return found


def _whole(text: str) -> int:
    if len(text) > 20 or abs(int(text)) > NUMBER:
        raise Damaged(f"the number {printable(text, 30)} is beyond {NUMBER:g}")
    return int(text)


def _real(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or abs(value) > NUMBER:
        raise Damaged(f"the number {printable(text, 30)} is beyond {NUMBER:g}")
    return value


def _no_number(text: str) -> float:
    raise Damaged(f"it says {text}; numbers are finite or null")


def _texts(document: JsonValue) -> Iterator[str]:
    """Yield all names and texts of a document."""
    stack: list[JsonValue] = [document]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict):
            yield from item
            stack.extend(item.values())
