"""The name ``published``: the package's own records, as a store."""

from pathlib import Path

PUBLISHED = "published"
"""Name of the store of the package's own records."""


def store_folder(given: str | Path) -> Path:
    """Return the folder of a store, where ``published`` is that of the package's own records.

    A folder ``published`` in the working directory is that folder.

    Args:
        given: A folder, or ``published``; ``~`` is expanded.
    """
    if str(given) == PUBLISHED and not Path(given).exists():
        return Path(__file__).parents[1] / PUBLISHED
    return Path(given).expanduser()
