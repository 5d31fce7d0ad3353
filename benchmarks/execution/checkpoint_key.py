"""The key of a checkpoint: a cell resumes only from a checkpoint with an equal key.

The key covers all that could change the numbers of the resumed cell.
"""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from benchmarks.planning.jobs import Job
from results.records.provenance import now, provenance

CODE_PACKAGES = ("baselines", "benchmarks", "memnet", "results", "strategies")
"""The packages with the code of cells; plugins are separate."""


def checkpoint_key(job: Job, *, device: str, threads: int) -> str:
    """Return a text that is equal for equal cell, code, packages and machine."""
    here = provenance(device=device, threads=threads, started_at=now()).model_dump(
        exclude={"started_at", "finished_at", "commit", "dirty"}
    )
    plugins = [
        entry
        for entry in (job.benchmark, job.model, job.method)
        if entry is not None and entry.plugin
    ]
    files = [file for entry in plugins for file in (entry.path, *entry.siblings)]
    code = _digest([*_sources(), *files])
    return json.dumps({"cell": job.cell.id, "code": code, **here}, sort_keys=True)


@cache
def _sources() -> tuple[Path, ...]:
    root = Path(__file__).resolve().parents[2]
    return tuple(
        path for package in CODE_PACKAGES for path in sorted((root / package).rglob("*.py"))
    )


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.name}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
