"""``memnet.load_config``: read a run that ``memnet run … --export run.yaml`` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.cli.paths import usable_path
from benchmarks.cli.run_file import read_run_file


def load_config(path: str | Path) -> dict[str, Any]:
    """Read a file of ``memnet run --config``.

    Args:
        path: The file.

    Returns:
        Arguments of `memnet.run`: ``memnet.run(**memnet.load_config("run.yaml"))``.

    Raises:
        UsageError: If it can't be read, or has an unknown key or a value of a wrong type.
    """
    return read_run_file(usable_path("path", path)).arguments()
