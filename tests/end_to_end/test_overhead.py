"""The overhead of a run: processor time in units of reference work on the same machine."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.benchmarks.command import MEMNET, WITH_PLUGINS, environment
from tests.benchmarks.execution.scripted_runner import complete

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc").is_dir(), reason="reads /proc, and adopts processes as Linux lets it"
    ),
]

MODELS = [f"scripted[width={width}]" for width in range(11, 21)]
SEEDS = 1000

MAX_SHARE = 0.15
"""Allowed overhead of a cell in units of importing torch."""

MAX_PARSES = 6.0
"""Allowed time of ``memnet status`` in units of parsing all records."""

ADOPTER = """
import ctypes, os, subprocess, sys
# PR_SET_CHILD_SUBREAPER: we become the parent of orphaned processes, and count their time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
total = 0.0
while True:
    try:
        _, status, usage = os.wait4(-1, 0)
    except ChildProcessError:
        break
    total += usage.ru_utime + usage.ru_stime
print(total)
"""


def processor_seconds(*arguments: str) -> float:
    """Run a command; return the processor time of all its processes, cells included."""
    command = [sys.executable, "-c", ADOPTER, *MEMNET, *arguments]
    return float(
        subprocess.run(
            command, capture_output=True, text=True, env=environment(), timeout=300, check=True
        ).stdout
    )


def import_seconds() -> float:
    """Return the processor time of a process that imports torch, which every run pays once."""
    began = os.times()
    subprocess.run([sys.executable, "-c", "import torch"], check=True, env=environment())
    ended = os.times()
    return ended.children_user - began.children_user + ended.children_system - began.children_system


def parse_seconds(folder: Path) -> float:
    """Return the processor time of reading and parsing every file of a folder."""
    began = time.process_time()
    for path in folder.iterdir():
        json.loads(path.read_bytes())
    return time.process_time() - began


def test_the_overhead_of_a_cell_is_a_small_share_of_importing_torch(tmp_path: Path) -> None:
    """A cell includes four training steps of a tiny model; torch is imported once."""
    run = ("run", "wee", *WITH_PLUGINS, "--models", "scripted", "--jobs", "2")
    before = import_seconds()
    one = processor_seconds(*run, "--seeds", "1", "--store", str(tmp_path / "one"))
    many = processor_seconds(*run, "--seeds", "31", "--store", str(tmp_path / "many"))
    reference = (before + import_seconds()) / 2
    assert (many - one) / 30 <= MAX_SHARE * reference, (one, many, reference)


def test_ten_thousand_cells_need_little_memory_and_time(tmp_path: Path) -> None:
    """The runner's memory, and the time of ``memnet status`` against that of bare parsing."""
    store = tmp_path / "store"
    done = complete(store, models=";".join(MODELS), seeds=SEEDS, engine="instant")
    assert done.returncode == 0, done.stderr
    assert sum(1 for _ in (store / "records").iterdir()) == 10_000
    match = re.search(r"(\d+) kB at most", done.stdout)
    assert match is not None
    assert int(match[1]) <= 100_000
    command = (
        "status",
        "wee",
        *WITH_PLUGINS,
        "--models",
        ",".join(MODELS),
        "--seeds",
        str(SEEDS),
        "--store",
        str(store),
    )
    before = parse_seconds(store / "records")
    used = processor_seconds(*command)
    reference = (before + parse_seconds(store / "records")) / 2
    assert used <= MAX_PARSES * reference, (used, reference)
