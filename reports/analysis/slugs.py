"""Slugs of names, safe in file names, URLs and HTML ids."""

import hashlib
import re

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""Names that are slugs already: lower case only, since some file systems ignore case."""

MAX_LENGTH = 60
"""Maximum number of characters taken from a name."""

HASH_DIGITS = 12
"""Number of hexadecimal digits of a slug's hash."""


def slug(name: str) -> str:
    """Return a slug of lower-case letters, digits and hyphens; distinct names have distinct slugs.

    A hash is appended to a name that is not a slug, that is too long, or that ends like a slug with
    a hash and could be confused with another name's slug.
    """
    if (
        len(name) <= MAX_LENGTH
        and SLUG.fullmatch(name)
        and not re.search(rf"(^|-)[0-9a-f]{{{HASH_DIGITS}}}$", name)
    ):
        return name
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:MAX_LENGTH].rstrip("-")
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:HASH_DIGITS]}".lstrip("-")
