"""Safe reading of untrusted JSON files.

The size is checked before the file is read, and the depth before it is parsed, so no file can
exhaust the memory or the stack.
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

MAX_BYTES = 20_000_000
"""Largest size of a record: a hundred times the largest published one."""

MAX_NESTING = 24
"""Deepest nesting of brackets."""

MAX_NUMBER = 1e18
"""Largest absolute number; nothing that is counted or measured here is larger."""

MAX_TEXT = 100_000
"""Most characters of one text; the longest text of a record is a traceback."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def read(path: Path) -> tuple[bytes, JsonValue]:
    """Read a JSON file.

    Returns:
        Its bytes, and the parsed document.

    Raises:
        Damaged: If the file is not acceptable; the message is one line with the reason.
    """
    raw = _content(path)
    _check_depth(raw)
    document = _parsed(raw)
    for text in _texts(document):
        check_text(text)
    return raw, document


def check_text(text: str) -> None:
    """Reject text that a terminal shows differently from its content.

    These are control characters except tabs and line ends, changes of direction, and surrogates.

    Raises:
        Damaged: If the text has such a character, or is too long.
    """
    if len(text) > MAX_TEXT:
        raise Damaged(f"a text has {len(text):,} characters; at most {MAX_TEXT:,} are allowed")
    if text.isprintable():
        return
    for character in text:
        if character < " " and character not in "\t\n\r":
            raise Damaged(f"a text contains the control character U+{ord(character):04X}")
        if character > "~" and unicodedata.category(character) in (
            "Cc",
            "Cf",
            "Cs",
            "Co",
            "Zl",
            "Zp",
        ):
            raise Damaged(
                f"a text contains U+{ord(character):04X}, which is invisible or changes direction"
            )


def printable(text: str, limit: int = 300) -> str:
    """Convert text to one line that is safe for a terminal."""
    safe = "".join(
        character if character.isprintable() else f"\\u{ord(character):04x}"
        for character in " ".join(text.split())
    )
    return safe if len(safe) <= limit else f"{safe[: limit - 1]}…"


def _content(path: Path) -> bytes:
    try:
        found = path.stat()
        regular = stat.S_ISREG(found.st_mode)
        with path.open("rb") if regular and found.st_size <= MAX_BYTES else io.BytesIO() as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        raise Damaged(f"it cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not regular:
        raise Damaged("it is not a regular file")
    if max(found.st_size, len(raw)) > MAX_BYTES:
        raise Damaged(
            f"it has {max(found.st_size, len(raw)):,} bytes; a record has at most {MAX_BYTES:,}"
        )
    return raw


def _check_depth(raw: bytes) -> None:
    letters = np.frombuffer(_STRING.sub(b"", raw), dtype=np.uint8)
    opened = np.isin(letters, (ord("["), ord("{"))).astype(np.int64)
    closed = np.isin(letters, (ord("]"), ord("}")))
    depth = int(np.cumsum(opened - closed).max(initial=0))
    if depth > MAX_NESTING:
        raise Damaged(f"it is nested {depth:,} levels deep; a record has at most {MAX_NESTING}")


def _parsed(raw: bytes) -> JsonValue:
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise Damaged("it starts with a byte order mark; a record is plain UTF-8")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Damaged(f"it is not UTF-8: byte {error.start} is invalid") from error
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
        repeated = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise Damaged(f"the field {printable(repeated, 60)!r} occurs twice in one object")
    return found


def _whole(text: str) -> int:
    if len(text) > 20 or abs(int(text)) > MAX_NUMBER:
        raise Damaged(f"the number {printable(text, 30)} is larger than {MAX_NUMBER:g}")
    return int(text)


def _real(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or abs(value) > MAX_NUMBER:
        raise Damaged(f"the number {printable(text, 30)} is larger than {MAX_NUMBER:g}")
    return value


def _no_number(text: str) -> float:
    raise Damaged(f"it contains {text}; numbers must be finite or null")


def _texts(document: JsonValue) -> Iterator[str]:
    """Yield all field names and texts of a document."""
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
