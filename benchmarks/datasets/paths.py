"""Location of data sets: ``--data-root``, then ``MEMNET_DATA``, then the user's cache."""

import os
import unicodedata
from pathlib import Path, PurePath

import platformdirs

from results.errors import UsageError

VARIABLE = "MEMNET_DATA"


def data_root(given: Path | None = None) -> Path:
    """Return the data root, as an absolute path.

    It may not exist yet: a stream creates it when it downloads.
    """
    chosen = given or os.environ.get(VARIABLE) or platformdirs.user_cache_dir("memnet")
    return Path(chosen).expanduser().absolute()


def normalised(name: str) -> str:
    """Return the one spelling of a name of user data: no ``./``, no ``.npz``, Unicode form NFC."""
    if not name.strip():
        return ""
    return unicodedata.normalize("NFC", PurePath(name).as_posix()).removesuffix(".npz")


def located(name: str, root: Path) -> Path:
    """Find user data: the folder ``name`` in the data root, or the file ``name.npz``.

    Raises:
        UsageError: If the name is empty, leads out of the root, does not exist, or is both a
            folder and a file.
    """
    plain = normalised(name)
    if not plain or Path(plain).is_absolute() or ".." in Path(plain).parts:
        raise UsageError(
            f"data='{name}' is not the name of a folder or .npz file in {root}: "
            "write --set data=NAME, and --data-root DIR"
        )
    forms = dict.fromkeys((plain, unicodedata.normalize("NFD", plain)))
    places = [root / f"{form}{suffix}" for suffix in ("", ".npz") for form in forms]
    found = [place for place in places if place.exists()]
    if len(found) > 1:
        raise UsageError(f"data='{name}' may mean {found[0]} or {found[1]}: rename one of them")
    if not found:
        raise UsageError(
            f"there is no {root / plain} and no {root / plain}.npz: "
            "put the data there, or set --data-root or MEMNET_DATA to their folder"
        )
    return found[0]
