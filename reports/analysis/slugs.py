"""Names brought to a form that is safe in a file's name, in an address and in an id."""

import hashlib
import re

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""Names that are slugs already: lower case alone, since some file systems don't tell cases apart."""

MAX_LENGTH = 60
"""Characters of a name that its slug keeps."""

HASH_DIGITS = 12
"""Hexadecimal digits of the hash that other names bear."""


def slug(name: str) -> str:
    """Return a slug of lower-case letters, digits and hyphens; distinct names keep distinct slugs.

    A name that is no slug, or is long, or looks like a slug with a hash and so might be taken for
    another name's, gets a hash of its own.
    """
    if (
        len(name) <= MAX_LENGTH
        and SLUG.fullmatch(name)
        and not re.search(rf"(^|-)[0-9a-f]{{{HASH_DIGITS}}}$", name)
    ):
        return name
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:MAX_LENGTH].rstrip("-")
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:HASH_DIGITS]}".lstrip("-")
