"""Short cells without torch, so that engines are tested alone.

The options of the model ``scripted`` determine what a cell does.
"""

import hashlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.execution.engines.child import Work
from benchmarks.execution.engines.interface import Files
from benchmarks.execution.machine_memory import machine_bytes
from benchmarks.execution.run_cell import CellEnvironment, explain
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.jobs import Job
from benchmarks.planning.plan import Plan, make_plan
from benchmarks.planning.request import Request
from results.errors import UsageError
from results.records.provenance import now, provenance
from results.records.record import Outcome, Record, failed, succeeded
from results.records.record_parts import Cost, Failure
from tests.benchmarks.command import PLUGINS

ENVIRONMENT = CellEnvironment(device="cpu", data_root=Path("nowhere"))

FILES = Files(log=Path("nowhere"))


def run(
    job: Job, environment: CellEnvironment, progress: Callable[[float], None], files: Files = FILES
) -> Record:
    """Act according to the model's options, and return a record that depends only on the cell."""
    config = job.cell.config["model"]
    began = now()
    print(f"process {os.getpid()}", flush=True)
    if environment.data_root.is_dir():
        with (environment.data_root / "ran").open("a") as file:
            file.write(f"{job.cell.id}\n")
    progress(0.5)
    if config["pause"]:
        time.sleep(float(str(config["pause"])))
    match config["act"]:
        case "raise":
            origin = provenance(device=environment.device, threads=1, started_at=began)
            return failed(job.cell, Failure(type="RuntimeError", message="scripted error"), origin)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "leave":
            print("last words", flush=True)
            os._exit(3)
        case "hoard":
            try:
                half = machine_bytes() // 2
                blocks = [np.empty(half, np.uint8) for _ in range(4)]  # never written
                print(f"{len(blocks)} blocks")
            except MemoryError as error:
                origin = provenance(device=environment.device, threads=1, started_at=began)
                return failed(job.cell, explain(error, job), origin)
        case "eat":
            block = bytearray(2**30)
            block[::4096] = b"x" * len(block[::4096])
            time.sleep(60)
    digest = hashlib.sha256(job.cell.id.encode()).digest()
    curve = [[float(2**n), byte / 255, 100.0] for n, byte in enumerate(digest)]
    outcome = Outcome(
        metrics={"accuracy": digest[0] / 255},
        curves={"accuracy_by_distance": curve},
        cost=Cost(parameters=digest[1]),
    )
    return succeeded(
        job.cell, outcome, provenance(device=environment.device, threads=1, started_at=began)
    )


def check(jobs: Sequence[Job], environment: CellEnvironment) -> list[str]:
    """Refuse the device ``none`` and accept everything else."""
    if environment.device == "none":
        raise UsageError("device 'none' can't be used here")
    return environment.device.split("+")


WORK = Work(run=run, check=check)

CATALOG = Catalog.read((PLUGINS / "wee.py", PLUGINS / "scripted.py"))


def plan(*models: str, seeds: int = 1) -> Plan:
    """Cells of scripted models on the task ``wee``."""
    return make_plan(
        CATALOG, Request(name="wee", models=models or ("scripted",), seeds=tuple(range(seeds)))
    )
