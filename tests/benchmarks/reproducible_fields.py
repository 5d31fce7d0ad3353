"""The fields of a record that two runs of the same cell share."""

import json
import re
from pathlib import Path
from typing import Any


def lasting(path: Path) -> dict[str, Any]:
    """Return a record without times, memory peaks, dates, commit and checksum.

    A failure also loses its traceback and the memory size at which the cell was stopped.
    """
    content: dict[str, Any] = json.loads(path.read_bytes())
    del content["sha256"]
    for name in ("train_seconds", "train_cpu_seconds", "eval_seconds", "peak_rss_bytes"):
        del content["cost"][name]
    for name in ("started_at", "finished_at", "commit", "dirty"):
        del content["provenance"][name]
    if content["learning"] is not None:
        del content["learning"]["cpu_seconds_to_90"]
        for point in content["learning"]["curve"]:
            del point[2]  # CPU seconds
    if content["error"] is not None:
        del content["error"]["traceback"]
        content["error"]["message"] = re.sub(r"^stopped at \d+ MB", "", content["error"]["message"])
    return content


def records(store: Path) -> dict[str, Path]:
    """Return the paths of a store's records by file name."""
    return {path.name: path for path in (store / "records").glob("[!.]*.json")}


def all_lasting(store: Path) -> dict[str, dict[str, Any]]:
    """Return the reproducible fields of all records of a store."""
    return {name: lasting(path) for name, path in records(store).items()}
