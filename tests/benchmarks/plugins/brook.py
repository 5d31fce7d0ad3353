"""Split Digits, and a kill on request.

If the environment variable ``BROOK_KILLED_AT`` is n, a checkpoint is written at every step, and the
process group is killed after the n-th one within an experience. Without it, importing this file
changes nothing: other tests import it into their own process.
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


def _kill_at(number: int) -> None:
    from strategies.common import checkpoint

    write, written = checkpoint.write, 0

    def write_and_die(path: Path, content: Any, key: str) -> None:
        nonlocal written
        write(path, content, key)
        written += content["counters"]["within"] is not None
        if written == number:
            os.killpg(0, signal.SIGKILL)

    checkpoint.EVERY = 0.0
    checkpoint.write = write_and_die


if "BROOK_KILLED_AT" in os.environ:
    _kill_at(int(os.environ["BROOK_KILLED_AT"]))
