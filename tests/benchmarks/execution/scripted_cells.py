"""Cells of a moment, without torch: what a scripted model is told, done by a stand-in for the worker, so that engines are tested alone."""

import hashlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.execution.engines.child import Work
from benchmarks.execution.engines.interface import Files
from benchmarks.execution.run_cell import Place
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.jobs import Job
from benchmarks.planning.plan import Plan, Request, make_plan
from results.errors import UsageError
from results.records.provenance import now, provenance
from results.records.record import Cost, Failure, Outcome, Record, failed, succeeded
from tests.benchmarks.command import PLUGINS

PLACE = Place(device="cpu", data_root=Path("nowhere"))

FILES = Files(log=Path("nowhere"))


def run(job: Job, place: Place, progress: Callable[[float], None], files: Files = FILES) -> Record:
    """Do what the cell's model says, and leave a record that depends on nothing but the cell."""
    config = job.cell.config["model"]
    began = now()
    print(f"process {os.getpid()}", flush=True)
    if place.data_root.is_dir():
        with (place.data_root / "ran").open("a") as file:
            file.write(f"{job.cell.id}\n")
    progress(0.5)
    if config["pause"]:
        time.sleep(float(str(config["pause"])))
    match config["act"]:
        case "raise":
            checkpoint_key = provenance(device=place.device, threads=1, started_at=began)
            return failed(
                job.cell, Failure(type="RuntimeError", message="told to raise"), checkpoint_key
            )
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "leave":
            print("last words", flush=True)
            os._exit(3)
        case "eat":
            meal = bytearray(2**30)
            meal[::4096] = b"x" * len(meal[::4096])
            time.sleep(60)
    digest = hashlib.sha256(job.cell.id.encode()).digest()
    curve = [[float(2**n), byte / 255, 100.0] for n, byte in enumerate(digest)]
    outcome = Outcome(
        metrics={"accuracy": digest[0] / 255},
        curves={"accuracy_by_distance": curve},
        cost=Cost(parameters=digest[1]),
    )
    return succeeded(
        job.cell, outcome, provenance(device=place.device, threads=1, started_at=began)
    )


def check(jobs: Sequence[Job], place: Place) -> list[str]:
    """Find nothing wrong, but with a device that is not there."""
    if place.device == "none":
        raise UsageError("device 'none' can't be used here")
    return place.device.split("+")


WORK = Work(run=run, check=check)

CATALOG = Catalog.read((PLUGINS / "wee.py", PLUGINS / "scripted.py"))


def plan(*models: str, seeds: int = 1) -> Plan:
    """Cells of scripted models on the task ``wee``."""
    return make_plan(
        CATALOG, Request(name="wee", models=models or ("scripted",), seeds=tuple(range(seeds)))
    )
