"""A runner without torch: the real plan, runner and local engine on short cells.

Tests run it in a process of its own.

Arguments: the store's folder, then ``key=value``: ``models`` (separated by ``;``), ``seeds``,
``jobs``, ``retries``, ``memory``, ``rerun``, ``ran`` (a folder for a list of
all starts of cells), ``clock`` (``jumps``: it is set back at every reading), ``engine``
(``instant``: it starts no process).
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.execution.engines.interface import Engine, Event, Files, Queue
from benchmarks.execution.engines.limits import Limits
from benchmarks.execution.engines.local import LocalEngine
from benchmarks.execution.progress import Lines
from benchmarks.execution.run_cell import CellEnvironment
from benchmarks.execution.runner import Run
from benchmarks.planning.jobs import Job
from results.errors import UsageError
from results.records import provenance
from tests.benchmarks.command import environment
from tests.benchmarks.execution.scripted_cells import ENVIRONMENT, WORK, plan, run

ROOT = Path(__file__).parents[3]


def launch(store: Path, **options: object) -> subprocess.Popen[str]:
    """Start a runner in a process of its own."""
    words = [f"{key}={value}" for key, value in options.items()]
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from tests.benchmarks.execution.scripted_runner import main; main()",
            str(store),
            *words,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(PYTHONSAFEPATH=""),
        start_new_session=True,
    )


def complete(store: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a runner to its end."""
    process = launch(store, **options)
    output, errors = process.communicate(timeout=240)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


class Instant:
    """An engine that runs cells in the runner's process, to measure the cost of the rest."""

    def check(self, jobs: Sequence[Job]) -> None:
        pass

    def run(self, queue: Queue, files: Callable[[Job], Files]) -> Generator[Event, None, None]:
        while (job := queue.take()) is not None:
            yield Event(job=job)
            yield Event(job=job, record=run(job, ENVIRONMENT, lambda fraction: None))


def main() -> None:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    options: dict[str, Any] = dict(word.split("=", 1) for word in sys.argv[2:])
    if options.get("clock") == "jumps":
        _set_back()
    limits = Limits(
        retries=int(options.get("retries", 1)),
        memory=int(options["memory"]) if "memory" in options else None,
    )
    cell_environment = CellEnvironment(device="cpu", data_root=Path(options.get("ran", "nowhere")))
    jobs = int(options.get("jobs", 2))
    engine: Engine = LocalEngine(
        jobs=jobs,
        environment=cell_environment,
        limits=limits,
        work=WORK,
        preload=("benchmarks.execution.engines.child",),
    )
    if options.get("engine") == "instant":
        engine = Instant()
        os.fsync = lambda descriptor: None
    one = Run(
        plan=plan(
            *options.get("models", "scripted").split(";"), seeds=int(options.get("seeds", 1))
        ),
        root=Path(sys.argv[1]),
        engine=engine,
        display=Lines(Console()),
        rerun=options.get("rerun", "nothing"),
    )
    try:
        one.start()
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    status = Path("/proc/self/status")
    if status.exists():
        print(status.read_text().partition("VmHWM:")[2].split()[0], "kB at most")


def _set_back() -> None:
    """Set the clock back by up to 12 days at every reading."""
    clock, moment = time.time, provenance.now
    time.time = lambda: clock() - random.uniform(0, 1e6)
    provenance.now = lambda: random.choice(["1970-01-01T00:00:00+00:00", moment()])
