"""The number of usable cores: the process's affinity and its container's quota."""

import math
import os
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores(quota: Path = QUOTA) -> int:
    """Return the number of usable cores, at least 1."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    try:
        limit, period = quota.read_text().split()
        cores = min(cores, math.ceil(int(limit) / int(period)))
    except (OSError, ValueError):
        pass  # no such file, or no limit ("max")
    return max(1, cores)
