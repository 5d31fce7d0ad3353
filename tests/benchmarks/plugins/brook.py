"""Split Digits with a checkpoint at every step, and with a kill on request.

If the environment variable ``BROOK_KILLED_AT`` is n, the process group is killed after the n-th
checkpoint within an experience.
"""

import os
import signal
from pathlib import Path
from typing import Any

from benchmarks.streams.split_digits import Config, build, prepare

__all__ = ["CHANCE", "KIND", "PRIMARY", "VERSION", "Config", "build", "prepare"]

KIND = "stream"
VERSION = 1
PRIMARY = "accuracy"
CHANCE = 0.1


def _checkpoint_every_step() -> None:
    from strategies.common import checkpoint

    write, killed_at, written = checkpoint.write, os.environ.get("BROOK_KILLED_AT"), 0

    def write_and_die(path: Path, content: Any, key: str) -> None:
        nonlocal written
        write(path, content, key)
        written += content["counters"]["within"] is not None
        if str(written) == killed_at:
            os.killpg(0, signal.SIGKILL)

    checkpoint.EVERY = 0.0
    checkpoint.write = write_and_die


_checkpoint_every_step()
