"""Where data sets stand: ``--data-root``, then ``MEMNET_DATA``, then the user's cache."""

import os
from pathlib import Path

import platformdirs

VARIABLE = "MEMNET_DATA"


def data_root(given: Path | None = None) -> Path:
    """Return the data root, as an absolute path. It may not exist yet: a stream that downloads makes it."""
    chosen = given or os.environ.get(VARIABLE) or platformdirs.user_cache_dir("memnet")
    return Path(chosen).expanduser().absolute()
