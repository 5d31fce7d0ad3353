"""The files of a user's data at every depth, and the digest of their content.

Symbolic links are followed. Hidden files and folders, those of operating systems and editors'
backups are skipped at every depth. Names are in Unicode form NFC. Imports no torch.
"""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from results.errors import UsageError

SYSTEM = {
    "__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "$recycle.bin",
    "system volume information", "lost+found",
}  # fmt: skip
"""Files and folders of operating systems, in lower case."""

BACKUP = re.compile(r"^~\$|^#.*#$|~$|\.(bak|backup|orig|swp|swo|tmp)$", re.IGNORECASE)
"""Files of editors: locks, automatic saves and backups."""


def content_digest(place: Path) -> str:
    """Hash a file, or the files of a folder with their names within it.

    The location has no effect, nor have links, skipped files, or the Unicode form of names.

    Raises:
        UsageError: If a file can't be read, or a link leads nowhere or in a circle.
    """
    files = [("", place)]
    if place.is_dir():
        files = [(nfc(path.relative_to(place).as_posix()), path) for path in files_below(place)]
    digest = hashlib.sha256()
    for name, path in sorted(files):
        try:
            digest.update(f"{name}:{path.stat().st_size}\n".encode())
            with path.open("rb") as file:
                while block := file.read(2**20):
                    digest.update(block)
        except OSError as error:
            raise UsageError(f"{path} can't be read: {error.strerror}") from error
    return f"sha256:{digest.hexdigest()}"


def files_below(folder: Path, above: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield the files of a folder at every depth, in order, except skipped ones.

    Args:
        folder: The folder.
        above: Real paths of the folders above it.

    Raises:
        UsageError: If a folder can't be read, or a link leads nowhere or in a circle.
    """
    real = os.path.realpath(folder)
    if real in above:
        raise UsageError(f"{folder} is a link in a circle: it leads to {real}; remove it")
    for entry in entries_of(folder):
        if entry.is_dir():
            yield from files_below(entry, (*above, real))
        else:
            yield entry


def entries_of(folder: Path) -> list[Path]:
    """Return the files and folders of a folder, sorted, except skipped ones.

    Raises:
        UsageError: If the folder can't be read, or a link leads nowhere.
    """
    try:
        found = sorted(entry for entry in folder.iterdir() if not _skipped(entry))
    except OSError as error:
        raise UsageError(f"{folder} can't be read: {error.strerror}") from error
    for entry in found:
        if not entry.is_dir() and not entry.is_file():
            what = "a link that leads nowhere" if entry.is_symlink() else "not a file or folder"
            raise UsageError(f"{entry} is {what}: repair or remove it")
    return found


def _skipped(entry: Path) -> bool:
    name = entry.name
    return (
        name.startswith(".")
        or name.casefold() in SYSTEM
        or (BACKUP.search(name) is not None and not entry.is_dir())
    )


def nfc(text: str) -> str:
    """Return a name in Unicode form NFC."""
    return unicodedata.normalize("NFC", text)
