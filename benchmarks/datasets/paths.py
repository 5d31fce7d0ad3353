"""Location of data sets: ``--data-root``, then ``MEMNET_DATA``, then the user's cache."""

import hashlib
import os
from functools import cache
from pathlib import Path

import platformdirs

from results.errors import UsageError

VARIABLE = "MEMNET_DATA"


def data_root(given: Path | None = None) -> Path:
    """Return the data root, as an absolute path.

    It may not exist yet: a stream creates it when it downloads.
    """
    chosen = given or os.environ.get(VARIABLE) or platformdirs.user_cache_dir("memnet")
    return Path(chosen).expanduser().absolute()


def located(name: str, root: Path) -> Path:
    """Find user data: the folder ``name`` in the data root, or the file ``name.npz``.

    Raises:
        UsageError: If the name is empty, leads out of the root, or does not exist.
    """
    if not name or Path(name).is_absolute() or ".." in Path(name).parts:
        raise UsageError(
            f"data='{name}' is not the name of a folder or .npz file in {root}: "
            "write --set data=NAME, and --data-root DIR"
        )
    for place in (root / name, root / f"{name}.npz"):
        if place.exists():
            return place
    raise UsageError(
        f"there is no {root / name} and no {root / name}.npz: "
        "put the data there, or set --data-root or MEMNET_DATA to their folder"
    )


@cache
def content_digest(place: Path) -> str:
    """Hash a file, or all files of a folder with their relative names.

    The location has no effect.
    """
    digest = hashlib.sha256()
    files = (
        [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
    )
    for path in files:
        name = "" if place.is_file() else path.relative_to(place).as_posix()
        digest.update(f"{name}:{path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            while block := file.read(2**20):
                digest.update(block)
    return f"sha256:{digest.hexdigest()}"
