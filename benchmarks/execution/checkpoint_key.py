"""The key of a checkpoint: a cell resumes only from a checkpoint with an equal key.

The key covers all that could change the numbers of the resumed cell.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

from benchmarks.execution.cell_provenance import plugins_of
from benchmarks.planning.jobs import Job
from results.records.provenance import CODE_PACKAGES, now, provenance


def checkpoint_key(job: Job, *, device: str, threads: int) -> str:
    """Return a text that is equal for equal cell, code, packages and machine."""
    here = provenance(device=device, threads=threads, started_at=now()).model_dump(
        exclude={"started_at", "finished_at", "commit", "dirty", "plugins"}
    )
    plugins = [(plugin.digest, plugin.package_digest) for plugin in plugins_of(job)]
    code = {"own": _own_code(), "plugins": plugins}
    return json.dumps({"cell": job.cell.id, "code": code, **here}, sort_keys=True)


@cache
def _own_code() -> str:
    """Hash all sources of the project that a cell may run."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for package in CODE_PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(f"{path.name}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
