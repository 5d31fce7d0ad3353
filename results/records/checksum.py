"""The checksum at the end of a record. It detects every flipped bit on the disk.

A document with a checksum is JSON whose last field is ``sha256``: the hash of all bytes before that
field, with line ends as ``\\n``. It protects against accidents, not against intent.
"""

import hashlib
import re

from results.errors import Damaged

_CHECKSUM = re.compile(rb',\n "sha256": "([0-9a-f]{64})"\n}\n?\Z')
"""End of a document with a checksum."""


def add_checksum(text: str) -> str:
    """Add the checksum to a JSON object that is indented by one space.

    Args:
        text: The object, ending in ``\\n}``.

    Returns:
        The same object with ``sha256`` as its last field, and a line end.
    """
    body = text.removesuffix("\n}")
    assert body != text, "an indented object ends with a brace on its own line"
    return f'{body},\n "sha256": "{_digest(body.encode())}"\n}}\n'


def split_checksum(text: bytes) -> bytes | None:
    """Verify the checksum and return the document without it; None if there is no checksum.

    Raises:
        Damaged: If the checksum does not match the text.
    """
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    found = _CHECKSUM.search(text, max(0, len(text) - 128))
    if found is None:
        return None
    body = text[: found.start()]
    if _digest(body) != found[1].decode():
        raise Damaged(
            "sha256: the checksum does not match the record, which was changed after it was written"
        )
    return body + b"\n}"


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
