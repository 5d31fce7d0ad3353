"""The provenance of a cell: code, packages and machine, and the plugins that it uses."""

import hashlib
import importlib.metadata
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal, cast

from baselines.entry_source import module_path
from baselines.registry import Entry
from benchmarks.planning.jobs import Job
from results.records.provenance import CODE_PACKAGES, provenance
from results.records.record_parts import Plugin, Provenance

GIT_TIMEOUT = 10.0
"""Seconds for a command of git."""


def cell_provenance(
    plugins: tuple[Plugin, ...], *, device: str, threads: int, started_at: str
) -> Provenance:
    """Return the provenance of a cell at its end.

    Its ``dirty`` is that of the project's checkout. A plugin has its own, with its digest.

    Args:
        plugins: The cell's plugins, as `plugins_of` found them at its start.
        device: Name of the device.
        threads: Number of threads.
        started_at: Start of the cell.
    """
    origin = provenance(device=device, threads=threads, started_at=started_at)
    return origin.model_copy(update={"plugins": plugins})


def plugins_of(job: Job) -> tuple[Plugin, ...]:
    """Return the components of a cell that are not part of the project."""
    entries = (job.benchmark, job.model, job.method)
    return tuple(_plugin(entry) for entry in entries if entry is not None and is_external(entry))


def is_external(entry: Entry) -> bool:
    """Return whether an entry is a plugin file or the entry point of another package."""
    return entry.plugin or entry.module.partition(".")[0] not in CODE_PACKAGES


def _plugin(entry: Entry) -> Plugin:
    files = (entry.path, *entry.siblings)
    commit, dirty = _commit(files)
    package = version = digest = None
    if not entry.plugin:
        top = entry.module.partition(".")[0]
        package, version = _distribution(top)
        digest = _package_digest(top)
    return Plugin(
        kind=cast(Literal["task", "stream", "model", "method"], entry.kind),
        name=entry.name,
        version=entry.version,
        digest=_digest(files),
        package=package,
        package_version=version,
        package_digest=digest,
        commit=commit,
        dirty=dirty,
    )


def _digest(files: Iterable[Path]) -> str:
    """Hash one file's content, or several files' names and contents."""
    contents = {path: path.read_bytes() for path in files}
    digest = hashlib.sha256()
    for path, content in contents.items():
        if len(contents) > 1:
            digest.update(f"{path.name}:{len(content)}\n".encode())
        digest.update(content)
    return f"sha256:{digest.hexdigest()}"


@cache
def _distribution(top: str) -> tuple[str | None, str | None]:
    """Return the name and version of the distribution with a top-level module."""
    names = importlib.metadata.packages_distributions().get(top)
    return (names[0], importlib.metadata.version(names[0])) if names else (None, None)


def _package_digest(top: str) -> str:
    """Hash all source files of a package, or the file of a module."""
    path = module_path(top)
    files = sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(path.parent).as_posix()}:{len(content)}\n".encode())
        digest.update(content)
    return f"sha256:{digest.hexdigest()}"


def _commit(files: tuple[Path, ...]) -> tuple[str | None, bool]:
    """Return the commit of the repository with the files, and whether they differ from it.

    Outside version control, the commit is None and the files count as different.
    """
    folder = files[0].resolve().parent
    names = [str(path.resolve()) for path in files]
    try:
        _git(folder, "ls-files", "--error-unmatch", "--", *names)
        return _git(folder, "rev-parse", "HEAD"), bool(
            _git(folder, "status", "--porcelain", "--", *names)
        )
    except (OSError, subprocess.SubprocessError):
        return None, True


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=True, timeout=GIT_TIMEOUT
    ).stdout.strip()
