from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from results.records.cell import Cell
from results.records.manifest import Benchmark, Manifest, Planned
from results.records.record import Outcome, Record, failed, succeeded
from results.records.record_parts import Cost, Failure, Provenance
from results.statistics.metrics import stream_metrics, task_metrics
from results.store.store import Store

HOSTILE = "<img src=x onerror=alert(1)>|`[a](https://evil.example)`"

TASK = Benchmark(
    name="delayed-recall",
    kind="task",
    summary="A key seen long ago: what was its value?",
    primary="accuracy",
    chance=0.0625,
)
STREAM = Benchmark(
    name="split-digits",
    kind="stream",
    summary="Digits, two at a time.",
    primary="accuracy",
    chance=0.1,
)


LEARNERS = (
    ("memnet", "naive", 0.25),
    ("transformer", "naive", 0.25),
    ("lstm", "naive", 0.25),
    ("transformer", "er", 0.85),
    ("lstm", "er", 0.8),
    ("memnet", "memnet", 0.95),
)
"""Models, methods, and the share of an experience's accuracy retained at the next."""


def cell(
    model: str,
    seed: int,
    *,
    benchmark: str = "delayed-recall",
    method: str = "supervised",
    length: int = 128,
    version: str = "1",
    **shared: str,
) -> Cell:
    """Return a cell.

    Args:
        model: Name of the model.
        seed: The seed.
        benchmark: Name of the benchmark.
        method: Name of the method.
        length: An option of the benchmark.
        version: Version of the model.
        shared: Versions of parts that all rows share: ``data``, ``training``.
    """
    return Cell(
        benchmark=benchmark,
        model=model,
        method=method,
        seed=seed,
        config={
            "benchmark": {"train_length": length},
            "model": {},
            "method": {},
            "training": {"learning_rate": 0.001},
        },
        version={"benchmark": "1", "model": version} | shared,
    )


def provenance(**changed: object) -> Provenance:
    fields: dict[str, object] = {
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "dirty": False,
        "packages": {"torch": "2.9.0", "numpy": "2.4.6"},
        "python": "3.11.2",
        "platform": "Linux",
        "cpu": "A CPU",
        "device": "cpu",
        "threads": 1,
        "started_at": "2026-01-01T00:00:00+00:00",
        "finished_at": "2026-01-01T00:01:00+00:00",
    }
    return Provenance.model_validate(fields | changed)


def task_record(
    of: Cell, accuracies: list[float | None], *, slots: dict[str, object] | None = None
) -> Record:
    """Return a task's record with these accuracies at 128, 256, 512 and so on."""
    rows = [[128 * 2**place, accuracy, 64] for place, accuracy in enumerate(accuracies)]
    cost = Cost(
        parameters=51_200,
        parameter_bytes=204_800,
        state_bytes=8_192,
        train_seconds=12.5,
        train_cpu_seconds=9.5,
        train_examples=32_000,
    )
    outcome = Outcome(
        metrics=task_metrics(rows), curves={"accuracy_by_distance": rows}, slots=slots, cost=cost
    )
    return succeeded(of, outcome, provenance())


def stream_record(
    of: Cell, matrix: list[list[float]], *, slots: dict[str, object] | None = None, buffer: int = 0
) -> Record:
    initial = [0.1] * len(matrix[0])
    curves = {"accuracy_matrix": matrix, "initial_accuracy": initial}
    cost = Cost(
        parameters=70_000,
        parameter_bytes=280_000,
        buffer_bytes=buffer,
        train_seconds=75.0,
        train_cpu_seconds=70.25,
        train_examples=1_500,
    )
    return succeeded(
        of,
        Outcome(metrics=stream_metrics(matrix, initial), curves=curves, slots=slots, cost=cost),
        provenance(),
    )


def failed_record(of: Cell, message: str = "out of memory") -> Record:
    failure = Failure(
        type="MemoryError",
        message=message,
        traceback=f"Traceback (most recent call last):\nMemoryError: {message}",
    )
    return failed(of, failure, provenance())


def manifest(cells: list[Cell], *benchmarks: Benchmark, name: str = "quick") -> Manifest:
    planned = tuple(
        Planned(
            id=one.id, benchmark=one.benchmark, model=one.model, method=one.method, seed=one.seed
        )
        for one in cells
    )
    return Manifest(
        name=name, summary="A few minutes on two cores.", benchmarks=benchmarks, cells=planned
    )


def slots(seed: int) -> dict[str, object]:
    survival = {"time": [0.0, 10.0, 50.0 + seed, 400.0], "survival": [1.0, 0.8, 0.4, 0.1]}
    return {
        "occupancy": 0.9,
        "reuse": 0.25 + seed / 100,
        "read_sparsity": 0.7,
        "read_entropy": 1.5,
        "write_rate": 0.06,
        "lifetimes": survival,
    }


@pytest.fixture
def fill(tmp_path: Path) -> Callable[..., Store]:
    """Return a function that creates a store with these records and manifests."""

    def made(*records: Record, manifests: tuple[Manifest, ...] = (), name: str = "store") -> Store:
        store = Store.open(tmp_path / name, create=True)
        for record in records:
            store.write(record)
        for one in manifests:
            store.write_manifest(one)
        return store

    return made


def small() -> tuple[list[Record], Manifest]:
    """Two models on a task, two seeds each; scores that can be averaged by hand."""
    cells = [cell(model, seed) for model in ("memnet", "lstm") for seed in (0, 1)]
    scores = [[1.0, 0.9], [1.0, 0.7], [0.8, 0.2], [0.6, 0.0]]
    return [task_record(one, list(row)) for one, row in zip(cells, scores, strict=True)], manifest(
        cells, TASK
    )


def full() -> tuple[list[Record], Manifest]:
    """A task and a stream with three models and three seeds.

    Includes slots, a failed seed with a hostile message, and a seed without a record.
    """
    generator = np.random.default_rng(7)
    levels = {"memnet": (0.99, 0.0), "transformer": (0.97, 0.3), "lstm": (0.8, 0.17)}
    cells: list[Cell] = []
    records: list[Record] = []
    for seed in range(3):
        for model, (start, slope) in levels.items():
            cells.append(cell(model, seed))
            if (model, seed) == ("transformer", 2):
                records.append(failed_record(cells[-1], HOSTILE))
            elif (model, seed) != ("lstm", 2):
                row = [
                    float(np.clip(start - slope * place + generator.normal(0, 0.012), 0.05, 1.0))
                    for place in range(8)
                ]
                records.append(
                    task_record(
                        cells[-1], list(row), slots=slots(seed) if model == "memnet" else None
                    )
                )
        for model, method, retention in LEARNERS:
            cells.append(cell(model, seed, benchmark="split-digits", method=method))
            records.append(_stream(cells[-1], retention, generator))
    return records, manifest(cells, TASK, STREAM)


def _stream(of: Cell, retention: float, generator: np.random.Generator) -> Record:
    matrix = [
        [
            float(
                np.clip(
                    (0.98 * retention ** (i - j) if j <= i else 0.0) + generator.normal(0, 0.01),
                    0,
                    1,
                )
            )
            for j in range(5)
        ]
        for i in range(5)
    ]
    memory = slots(of.seed) if of.model == "memnet" else None
    return stream_record(of, matrix, slots=memory, buffer=157_000 if of.method != "naive" else 0)
