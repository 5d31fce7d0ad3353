"""What a run costs besides its cells.

The guards are those that were promised; in processor time, which a busy machine does not change.
"""

import re
import subprocess
import sys
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

ADOPTER = """
import ctypes, os, subprocess, sys
# PR_SET_CHILD_SUBREAPER: processes that lose their parent become ours, and so does their time
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
    """Run the command and return the processor time of all its processes, those of its cells among them."""
    command = [sys.executable, "-c", ADOPTER, *MEMNET, *arguments]
    return float(
        subprocess.run(
            command, capture_output=True, text=True, env=environment(), timeout=300, check=True
        ).stdout
    )


def test_a_cell_costs_little_beyond_the_import_of_torch(tmp_path: Path) -> None:
    """The cells train a tiny model for four steps; that is counted too."""
    run = ("run", "wee", *WITH_PLUGINS, "--models", "scripted", "--jobs", "2")
    one = processor_seconds(*run, "--seeds", "1", "--store", str(tmp_path / "one"))
    many = processor_seconds(*run, "--seeds", "31", "--store", str(tmp_path / "many"))
    assert (many - one) / 30 <= 0.3


def test_ten_thousand_cells(tmp_path: Path) -> None:
    """The runner's memory, and the time of a survey."""
    store = tmp_path / "store"
    done = complete(store, models=";".join(MODELS), seeds=SEEDS, engine="instant")
    assert done.returncode == 0, done.stderr
    assert sum(1 for _ in (store / "records").iterdir()) == 10_000
    match = re.search(r"(\d+) kB at most", done.stdout)
    assert match is not None
    assert int(match[1]) <= 100_000
    wanted = (
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
    assert processor_seconds(*wanted) <= 2.0
