"""A store of 20 benchmarks, 25 rows each, 20 seeds: 10,000 records with curves of a real length.

# fills DIR/store, builds DIR/site and prints the time it took
python -m tests.reports.output.large_store DIR
"""

import resource
import sys
import time
from pathlib import Path
from typing import Literal

import numpy as np

from results.records.cell import Cell
from results.records.manifest import Benchmark
from results.records.record import Outcome, Record, succeeded
from results.records.record_parts import Cost
from results.statistics.metrics import stream_metrics, task_metrics
from results.store.store import Store
from tests.reports.conftest import failed_record, manifest, provenance

TASKS, STREAMS, ROWS, SEEDS = 14, 6, 25, 20
FAILING = 97
"""One of this many cells failed."""

MODELS = (
    "memnet",
    "transformer",
    "transformer-full",
    "lstm",
    "memnet[hebbian=false]",
    *(f"baseline-{number}" for number in range(20)),
)
LEARNERS = [
    (model, method) for model in MODELS[:5] for method in ("naive", "er", "memnet", "ewc", "der")
]


def fill(root: Path, *, tasks: int = TASKS, streams: int = STREAMS, seeds: int = SEEDS) -> Store:
    """Write the store, reproducibly."""
    store = Store.open(root, create=True)
    generator = np.random.default_rng(5)
    members = [_member(f"task-{number:02}", "task") for number in range(tasks)]
    members += [_member(f"stream-{number:02}", "stream") for number in range(streams)]
    cells: list[Cell] = []
    for member in members:
        rows = (
            [(model, "supervised") for model in MODELS[:ROWS]]
            if member.kind == "task"
            else LEARNERS
        )
        for place, (model, method) in enumerate(rows):
            for seed in range(seeds):
                cells.append(_cell(member, model, method, seed))
                record = _record(cells[-1], member, 1 - place / 40, generator)
                if len(cells) % FAILING == 0:
                    record = failed_record(cells[-1])
                store.path(record.id).write_text(record.to_json(), encoding="utf-8")
    store.write_manifest(manifest(cells, *members, name="everything"))
    return store


def _member(name: str, kind: Literal["task", "stream"]) -> Benchmark:
    return Benchmark(
        name=name, kind=kind, summary="What was seen long ago.", primary="accuracy", chance=0.1
    )


def _cell(member: Benchmark, model: str, method: str, seed: int) -> Cell:
    config = {
        "benchmark": {"train_length": 128, "steps": 300, "batch_size": 32, "vocabulary": 64},
        "model": {"width": 96, "layers": 2, "slots": 64},
        "method": {},
        "training": {"learning_rate": 0.003},
    }
    version = {"benchmark": "1", "model": "1", "training": "2"}
    return Cell(
        benchmark=member.name, model=model, method=method, seed=seed, config=config, version=version
    )


def _record(cell: Cell, member: Benchmark, skill: float, generator: np.random.Generator) -> Record:
    cost = Cost(
        parameters=int(100_000 * (1 + skill)),
        parameter_bytes=int(400_000 * (1 + skill)),
        state_bytes=int(4_000 * (1.4 - skill)),
        buffer_bytes=int(300_000 * skill) if member.kind == "stream" else 0,
        train_seconds=float(generator.uniform(5, 60)),
        train_cpu_seconds=float(generator.uniform(5, 60)),
        eval_seconds=float(generator.uniform(1, 9)),
        train_examples=9_600,
        peak_rss_bytes=700_000_000,
    )
    loss = [
        [float(6 * step), float(6 * np.exp(-step / 15) + generator.uniform(0, 0.1))]
        for step in range(50)
    ]
    slots = _slots(generator) if cell.model.startswith("memnet") else None
    if member.kind == "task":
        rows = [
            [
                float(2 ** (7 + n)),
                float(np.clip(skill - n / 40 + generator.normal(0, 0.02), 0, 1)),
                192.0,
            ]
            for n in range(12)
        ]
        metrics = task_metrics(rows)
        curves = {"accuracy_by_distance": rows, "training_loss": loss}
    else:
        retained = np.array(
            [[skill ** (i - j) if j <= i else 0.0 for j in range(10)] for i in range(10)]
        )
        matrix = np.clip(retained + generator.normal(0, 0.01, retained.shape), 0, 1).tolist()
        metrics = stream_metrics(matrix, [0.1] * 10)
        curves = {"accuracy_matrix": matrix, "initial_accuracy": [0.1] * 10, "training_loss": loss}
    return succeeded(
        cell, Outcome(metrics=metrics, curves=curves, slots=slots, cost=cost), provenance()
    )


def _slots(generator: np.random.Generator) -> dict[str, object]:
    time_alive = np.cumsum(generator.uniform(1, 200, 40))
    return {
        "occupancy": float(generator.uniform(0.5, 1)),
        "reuse": float(generator.uniform(0, 1)),
        "read_sparsity": float(generator.uniform(0, 1)),
        "read_entropy": float(generator.uniform(0, 3)),
        "write_rate": float(generator.uniform(0, 0.2)),
        "lifetimes": {
            "time": [float(one) for one in time_alive],
            "survival": [float(one) for one in np.linspace(1, 0.1, 40)],
        },
    }


def spent() -> float:
    """Return the CPU seconds of this process and its finished children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    from reports.output.build import build

    folder = Path(sys.argv[1])
    filled = Store(folder / "store") if (folder / "store").exists() else fill(folder / "store")
    began, used = time.perf_counter(), spent()
    page = build(filled, folder / "site")
    files = [path for path in page.parent.rglob("*") if path.is_file()]
    print(
        f"{len(filled.ids())} records: {time.perf_counter() - began:.1f} s, "
        f"{spent() - used:.1f} CPU seconds"
    )
    print(
        f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.0f} MB; "
        f"front page {page.stat().st_size / 1e3:.0f} kB"
    )
