"""``memnet.check``: check entry files from Python, as ``memnet check`` does."""

from __future__ import annotations

from pathlib import Path

from benchmarks.checks.check import TIME_LIMIT, CheckedRule, check_file
from benchmarks.cli.paths import usable_folder, usable_path
from benchmarks.datasets.paths import data_root as find_data
from results.errors import UsageError


def check(
    *files: str | Path, data_root: str | Path | None = None, time_limit: float = TIME_LIMIT
) -> list[CheckedRule]:
    """Check the files of models, methods, tasks, streams or suites against their contracts.

    Args:
        files: The files.
        data_root: Folder of data sets; by default ``MEMNET_DATA``, else the user's cache.
        time_limit: Seconds for a rule. It holds in the main thread on Unix.

    Returns:
        A finding per file and rule; ``[one for one in found if one.status == "broken"]`` are the
        broken rules, each with ``detail`` and ``way_out``. A rule whose check the time limit ended
        has the status ``not finished``.

    Raises:
        UsageError: If a file does not exist.
    """
    paths = [usable_path("file", path) for path in files]
    for path in paths:
        if not path.is_file():
            raise UsageError(f"there is no file {path}: name the .py file of an entry")
    root = find_data(None if data_root is None else usable_folder("data_root", data_root))
    return [
        finding
        for path in paths
        for finding in check_file(path, data_root=root, plugins=paths, time_limit=time_limit)
    ]
