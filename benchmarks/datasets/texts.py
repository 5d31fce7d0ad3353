"""Texts that every installation of Python brings, by domain, and a user's own. Imports no torch.

``documentation``: the topics of ``help()`` (``pydoc_data``). ``source``: modules of the standard
library. ``licences``: the licence texts of Python and of the installed packages that this project
needs. They differ between versions of Python and of packages, so a cell's id includes a digest of
the texts (:func:`digest`), and records of different texts are never compared.
"""

import hashlib
import importlib.metadata
import importlib.util
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from results.errors import UsageError

MODULES = (
    "argparse", "ast", "base64", "calendar", "configparser", "csv", "dataclasses", "difflib",
    "enum", "fractions", "functools", "heapq", "inspect", "ipaddress", "optparse", "pdb", "pickle",
    "platform", "random", "shutil", "statistics", "subprocess", "tarfile", "textwrap", "threading",
    "tokenize", "traceback", "typing", "uuid",
)  # fmt: skip
"""Modules whose source is read; all are written in Python."""

PACKAGES = (
    "matplotlib", "networkx", "numpy", "pandas", "pillow", "scikit-learn", "scipy", "sympy",
    "torch",
)  # fmt: skip
"""Packages whose licence texts are read, if they are installed."""

LICENCES = ("LICENSE", "LICENCE", "COPYING", "NOTICE")

LARGEST = 400_000
"""Bytes of a domain that are used, from its start."""

SMALLEST = 10_000
"""Fewest bytes of a domain."""


def domains(data: str, root: Path) -> dict[str, bytes]:
    """Return the texts by domain: those of Python, and those of a user.

    Args:
        data: Name of a text file in the data root, or of a folder whose files, or subfolders of
            files, are a domain each; empty for none.
        root: The data root.

    Raises:
        UsageError: If a domain is missing or too short.
    """
    found = {
        "documentation": _joined(_documentation()),
        "source": _joined(_source()),
        "licences": _joined(_licences()),
    }
    if data:
        found |= _own(data, root)
    for name, text in found.items():
        if len(text) < SMALLEST:
            raise UsageError(
                f"the domain '{name}' has {len(text)} bytes of text, and needs {SMALLEST}: "
                + (
                    "this installation of Python has no such files; use one that has"
                    if name in ("documentation", "source", "licences")
                    else "add text to it"
                )
            )
    return {name: text[:LARGEST] for name, text in found.items()}


def digest(options: Mapping[str, Any], root: Path) -> str:
    """Hash the texts of a cell's options.

    Raises:
        UsageError: If a domain is missing or too short.
    """
    found = hashlib.sha256()
    for name, text in domains(str(options["data"]), root).items():
        found.update(f"{name}:{len(text)}\n".encode() + text)
    return f"sha256:{found.hexdigest()}"


def _joined(texts: Iterator[bytes]) -> bytes:
    return b"\n".join(text.replace(b"\r\n", b"\n") for text in texts)


def _documentation() -> Iterator[bytes]:
    from pydoc_data import topics

    for _, text in sorted(topics.topics.items()):
        yield text.encode()


def _source() -> Iterator[bytes]:
    for name in MODULES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
            yield Path(spec.origin).read_bytes()


def _licences() -> Iterator[bytes]:
    own = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    if own.is_file():
        yield own.read_bytes()
    for package in PACKAGES:
        try:
            files = importlib.metadata.files(package) or ()
        except importlib.metadata.PackageNotFoundError:
            continue
        for file in sorted(files, key=str):
            path = Path(str(file.locate()))
            if file.name.upper().startswith(LICENCES) and path.is_file():
                yield path.read_bytes()


def _own(data: str, root: Path) -> dict[str, bytes]:
    """Return the texts of a user by domain; a name that Python's domains have gets a suffix."""
    place = root / data
    if Path(data).is_absolute() or ".." in Path(data).parts or not place.exists():
        raise UsageError(
            f"there is no text {place}: write --set data=NAME for a file or folder in the data "
            "root, and set --data-root or MEMNET_DATA to its folder"
        )
    parts = [place] if place.is_file() else sorted(place.iterdir())
    texts: dict[str, bytes] = {}
    for part in parts:
        if part.name.startswith("."):
            continue
        files = (
            [part] if part.is_file() else sorted(one for one in part.rglob("*") if one.is_file())
        )
        texts[f"own {part.stem}"] = _joined(one.read_bytes() for one in files)
    if not texts:
        raise UsageError(f"{place} holds no text files: add some, or leave data out")
    return texts
