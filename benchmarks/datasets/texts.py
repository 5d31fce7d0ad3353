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
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks.datasets.class_folders import role
from benchmarks.datasets.folder_content import entries_of, files_below, nfc
from benchmarks.datasets.paths import normalised
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

LARGEST_DOMAIN = 400_000
"""Bytes of a domain that are used, from its start."""

SMALLEST = 10_000
"""Fewest bytes of a domain."""

BLOCK_BYTES = 1000
"""Bytes of a block."""

FOLD = 5
"""Every fifth block is for evaluation."""

NOTED_SHARE = 0.05
"""Share of windows for evaluation from which those that training contains are reported."""


def domains(data: str, root: Path) -> dict[str, bytes]:
    """Return the texts by domain: those of Python, and those of a user.

    Args:
        data: Name of a text file in the data root, or of a folder whose files, or subfolders of
            files, are a domain each; empty for none. Links are followed, hidden files and backups
            are skipped.
        root: The data root.

    Raises:
        UsageError: If a domain is missing or too short.
    """
    found = {
        "documentation": _joined(_documentation()),
        "source": _joined(_source()),
        "licences": _joined(_licences()),
    }
    if data.strip():
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
    return {name: text[:LARGEST_DOMAIN] for name, text in found.items()}


def digest(options: Mapping[str, Any], root: Path) -> str:
    """Hash the texts of a cell's options.

    Raises:
        UsageError: If a domain is missing or too short.
    """
    found = hashlib.sha256()
    for name, text in domains(str(options["data"]), root).items():
        found.update(f"{name}:{len(text)}\n".encode() + text)
    return f"sha256:{found.hexdigest()}"


def notes(options: Mapping[str, Any], root: Path) -> list[str]:
    """Return what a user should know of their own texts before a run, one line each.

    How many bytes of a text are used, and how much of its part for evaluation is in its part for
    training too.

    Raises:
        UsageError: If the texts can't be read or are malformed.
    """
    data, found = str(options["data"]), []
    own = _own(data, root) if data.strip() else {}
    found += [
        f"{one} and {other} are the same text"
        for one, other in combinations(own, 2)
        if own[one] == own[other]
    ]
    for name, text in own.items():
        if len(text) > LARGEST_DOMAIN:
            found.append(f"{name}: the first {LARGEST_DOMAIN:,} of {len(text):,} bytes are used")
        both, every = _repeated(text[:LARGEST_DOMAIN], int(options["context"]) + 1)
        if both > NOTED_SHARE * every:
            found.append(
                f"{name}: {both:,} of {every:,} windows for evaluation are also in its text for "
                "training"
            )
    return found


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
    """Return the texts of a user by domain, in full length.

    Raises:
        UsageError: If there is no such text, a file is not text or can't be read, or the folder has
            parts that are no domains.
    """
    forms = (normalised(data), unicodedata.normalize("NFD", normalised(data)))
    place = next((root / form for form in forms if (root / form).exists()), root / forms[0])
    if Path(data).is_absolute() or ".." in Path(data).parts or not place.exists():
        raise UsageError(
            f"there is no text {place}: write --set data=NAME for a file or folder in the data "
            "root, and set --data-root or MEMNET_DATA to its folder"
        )
    parts = [place] if place.is_file() else entries_of(place)
    roles = {role(part.name) for part in parts if part.is_dir()} - {None}
    if "training" in roles and len(roles) > 1:
        raise UsageError(
            f"{place} holds training and test folders: put all text of a domain into one file or "
            "folder; every fifth block of it is for evaluation"
        )
    texts: dict[str, bytes] = {}
    for part in parts:
        name = f"own {nfc(part.stem if part.is_file() else part.name)}"
        if name in texts:
            raise UsageError(f"{place} holds two domains called '{name}': rename {part.name}")
        texts[name] = _joined(map(_text_of, [part] if part.is_file() else files_below(part)))
    if not texts:
        raise UsageError(f"{place} holds no text files: add some, or leave data out")
    return texts


def _text_of(file: Path) -> bytes:
    """Read a file of text.

    Raises:
        UsageError: If it can't be read, or holds zero bytes.
    """
    try:
        text = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}") from error
    if b"\0" in text:
        raise UsageError(
            f"{file} holds zero bytes, so it is no text in UTF-8: convert or remove it"
        )
    return text


def _repeated(text: bytes, length: int) -> tuple[int, int]:
    """Count the windows for evaluation that also occur in the blocks for training, and all.

    Args:
        text: The text of a domain.
        length: Bytes of a window with its label.
    """
    blocks = [
        text[start : start + BLOCK_BYTES]
        for start in range(0, len(text) - BLOCK_BYTES + 1, BLOCK_BYTES)
    ]
    train, test = set[bytes](), list[bytes]()
    for place, block in enumerate(blocks):
        found = (block[start : start + length] for start in range(BLOCK_BYTES - length + 1))
        if place % FOLD == FOLD - 1:
            test += found
        else:
            train.update(found)
    return sum(window in train for window in test), len(test)
