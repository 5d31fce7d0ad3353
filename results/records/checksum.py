"""The checksum that ends a record, so that a bit that flips on the disk is seen even where the text still makes sense.

A sealed document is JSON whose last field is ``sha256``: the hash of all bytes before that field,
line ends taken as ``\\n``. It guards against accidents, not against intent.
"""

import hashlib
import re

from results.errors import Damaged

_SEAL = re.compile(rb',\n "sha256": "([0-9a-f]{64})"\n}\n?\Z')
"""How a sealed document ends."""


def add_checksum(text: str) -> str:
    """Add the checksum to a JSON object that is indented by one.

    Args:
        text: The object, ending in ``\\n}``.

    Returns:
        The same object with ``sha256`` as its last field, and a line end.
    """
    body = text.removesuffix("\n}")
    assert body != text, "an object indented by one ends in a brace on a line of its own"
    return f'{body},\n "sha256": "{_digest(body.encode())}"\n}}\n'


def split_checksum(text: bytes) -> bytes | None:
    """Check the checksum and return the document without it; None where there is no checksum.

    Raises:
        Damaged: If the checksum is not that of the text.
    """
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    found = _SEAL.search(text, max(0, len(text) - 128))
    if found is None:
        return None
    body = text[: found.start()]
    if _digest(body) != found[1].decode():
        raise Damaged(
            "sha256: the checksum is not that of the record, which was changed after it was written"
        )
    return body + b"\n}"


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
