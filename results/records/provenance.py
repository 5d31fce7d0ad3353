"""Provenance of a record: code, packages, machine."""

import datetime
import importlib.metadata
import platform
import subprocess
from functools import cache
from pathlib import Path

from results.records.record_parts import Provenance

RECORDED_PACKAGES = (
    "memnet-bench",
    "torch",
    "torchvision",
    "avalanche-lib",
    "numpy",
    "scipy",
    "scikit-learn",
)

CODE_PACKAGES = ("baselines", "benchmarks", "memnet", "results", "strategies")
"""The project's own packages with the code of cells."""


def now() -> str:
    """Return the current UTC time to the second, as ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def provenance(*, device: str, threads: int, started_at: str) -> Provenance:
    """Return the provenance of this process at the end of a cell."""
    commit, dirty = _commit()
    return Provenance(
        commit=commit,
        dirty=dirty,
        packages=_packages(),
        python=platform.python_version(),
        platform=platform.platform(),
        cpu=_cpu(),
        device=device,
        threads=threads,
        started_at=started_at,
        finished_at=now(),
    )


@cache
def _packages() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in RECORDED_PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


@cache
def _commit() -> tuple[str | None, bool | None]:
    """Return commit and dirty flag of this code's checkout; None each if it has no checkout.

    Changes of tracked files count, and new files in the packages with the code of cells. Other new
    files do not, such as records and a user's own entries: records identify these by their digest.
    """
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None, None
    try:
        tracked = _git(root, "status", "--porcelain", "--untracked-files=no")
        code = _git(root, "status", "--porcelain", "--untracked-files=all", "--", *CODE_PACKAGES)
        return _git(root, "rev-parse", "HEAD"), bool(tracked or code)
    except (OSError, subprocess.SubprocessError):
        return None, None


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=True, timeout=10
    ).stdout.strip()


@cache
def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
