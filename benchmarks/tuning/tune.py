"""Selects learning rates from one grid for every model, on a seed that is never reported.

A task draws new data per seed, so the tuning seed's evaluation streams are validation data. Its
score is the accuracy averaged over all distances, since a model at chance level at large distances
may have learned small ones. A stream runs with its option ``validation=true``: the score is
measured on a split of the training data. Tuning cells use the same runner as other cells and a
store of their own. ``memnet tune NAME`` writes ``benchmarks/planning/learning_rates.json``. A model
has one rate per benchmark, whatever the benchmark's options; the table lists those of the tuning.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import joblib
from pydantic import JsonValue
from rich.console import Console

from benchmarks.datasets.paths import data_root as find_data
from benchmarks.execution.engines.local import LocalEngine
from benchmarks.execution.progress import Lines, Live
from benchmarks.execution.run_cell import CellEnvironment
from benchmarks.execution.runner import Run
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.learning_rates import DEFAULT, TABLE
from benchmarks.planning.overrides import Settings
from benchmarks.planning.plan import DEFAULT_MODELS, Plan, Request, make_plan
from benchmarks.planning.seeds import TUNING
from benchmarks.planning.variant import base_name
from results.errors import UsageError
from results.records.record import Record
from results.store.store import Store, write_whole

LEARNING_RATE_GRID = (1e-3, 3e-3, 1e-2)
"""Learning rates of the grid, the same for every model."""

MARGIN = 0.005
"""Rates whose scores are within this distance of the best are considered equal."""

TUNING_METHODS = ("er", "naive")
"""On a stream, a model is tuned with the first of these that exists.

Without replay the model forgets the past at every rate, so ``er`` is preferred.
"""

STORE = Path("runs/tuning")
"""Folder of the stores of tuning cells, which are never reported."""


def tune(
    name: str,
    *,
    models: tuple[str, ...] | None = None,
    options: Mapping[str, JsonValue] | None = None,
    jobs: int | None = None,
    device: str = "auto",
    store: Path | None = None,
    data_root: Path | None = None,
    table: Path | None = TABLE,
    catalog: Catalog | None = None,
) -> None:
    """Tune on one benchmark or on those of a suite, and write the rates into the table.

    Args:
        name: Suite, task or stream.
        models: Models; by default those of the suite, or the default models of a benchmark.
            Variants share their base model's rate.
        options: Options of the benchmark; they override those of a suite.
        jobs: Number of parallel cells; by default the usable cores.
        device: Device.
        store: Folder of the tuning stores; tuning reuses their records when it is resumed.
        data_root: Folder of the data sets.
        table: The table; None to write nothing.
        catalog: The registries; by default the built-in ones.

    Raises:
        UsageError: If a name is unknown, a cell failed, or the table cannot be written.
    """
    if table is not None and not os.access(table, os.W_OK):
        raise UsageError(f"cannot write the rates into {table}: --no-write only prints them")
    catalog = catalog or Catalog.read()
    workers = jobs or joblib.cpu_count()
    console = Console()
    engine = LocalEngine(
        jobs=workers, environment=CellEnvironment(device=device, data_root=find_data(data_root))
    )
    for benchmark, (names, given) in _pairs(catalog, name, models, options or {}).items():
        scores: dict[str, dict[float, float]] = {model: {} for model in names}
        for rate in LEARNING_RATE_GRID:
            plan = tuning_plan(catalog, benchmark, names, rate, given)
            root = (store or STORE) / f"{benchmark}-{rate}"
            display = Live(console, workers) if console.is_terminal else Lines(console)
            Run(plan=plan, root=root, engine=engine, display=display, rerun="failed").start()
            for model, score in _scores(plan, Store(root)).items():
                scores[model][rate] = score
        chosen = {model: best(by_rate) for model, by_rate in scores.items()}
        if table is not None:
            _enter(table, benchmark, chosen, scores, given)
            console.print(f"written into {table}", highlight=False, soft_wrap=True)
        for model, rate in chosen.items():
            tried = ", ".join(f"{score:.3f} at {other}" for other, score in scores[model].items())
            console.print(
                f"{benchmark} · {model}: --set training.learning_rate={rate} ({tried})",
                highlight=False,
                soft_wrap=True,
            )


def tuning_plan(
    catalog: Catalog,
    benchmark: str,
    models: tuple[str, ...],
    rate: float,
    options: Mapping[str, JsonValue] | None = None,
) -> Plan:
    """Plan the tuning cells of one benchmark at one rate, on the tuning seed.

    Args:
        catalog: The registries.
        benchmark: The task or stream. A stream is evaluated on validation data.
        models: The models.
        rate: The learning rate.
        options: Options of the benchmark that differ from its defaults.

    Raises:
        UsageError: If a name is unknown, or a stream has no option ``validation``.
    """
    stream = catalog.benchmark(benchmark).kind == "stream"
    settings = Settings(
        benchmark={**(options or {}), **({"validation": True} if stream else {})},
        learning_rate=rate,
    )
    request = Request(name=benchmark, models=models, seeds=(TUNING,), settings=settings)
    if not stream:
        return make_plan(catalog, request)
    plan = make_plan(
        catalog,
        replace(request, methods=tuple(name for name in TUNING_METHODS if name in catalog.methods)),
    )
    first: dict[str, str] = {}
    for method in TUNING_METHODS:
        for job in plan.jobs:
            if job.cell.method == method:
                first.setdefault(job.cell.model, method)
    return replace(
        plan,
        jobs=tuple(job for job in plan.jobs if first.get(job.cell.model) == job.cell.method),
        notes=(),
    )


def best(scores: Mapping[float, float]) -> float:
    """Return the best rate.

    Rates with scores within `MARGIN` of the best are equally good. Of these, it is the rate nearest
    to the default, and the smaller one of two equally near rates.
    """
    top = max(scores.values())
    return min(
        (rate for rate, score in scores.items() if score >= top - MARGIN),
        key=lambda rate: (abs(rate - DEFAULT), rate),
    )


def _pairs(
    catalog: Catalog, name: str, models: tuple[str, ...] | None, given: Mapping[str, JsonValue]
) -> dict[str, tuple[tuple[str, ...], Mapping[str, JsonValue]]]:
    """Return per benchmark the base models and the options that differ from the defaults."""
    root = catalog.runnable(name)
    chosen = models or (None if root.kind == "suite" else DEFAULT_MODELS)
    plan = make_plan(catalog, Request(name=name, models=chosen, settings=Settings(benchmark=given)))
    defaults = {member.name: member.defaults for member in plan.benchmarks}
    pairs: dict[str, dict[str, None]] = {}
    options: dict[str, Mapping[str, JsonValue]] = {}
    for job in plan.jobs:
        pairs.setdefault(job.cell.benchmark, {})[base_name(job.cell.model)] = None
        usual = defaults[job.cell.benchmark]
        options[job.cell.benchmark] = {
            key: value
            for key, value in job.cell.config["benchmark"].items()
            if usual.get(key) != value
        }
    return {benchmark: (tuple(found), options[benchmark]) for benchmark, found in pairs.items()}


def _scores(plan: Plan, store: Store) -> dict[str, float]:
    benchmark = plan.benchmarks[0]
    found: dict[str, list[float]] = {}
    for job in plan.jobs:
        record = store.read(job.cell.id)
        value = (
            None
            if record is None
            else _everywhere(record)
            if benchmark.kind == "task"
            else record.metrics.get(benchmark.primary)
        )
        if value is None:
            raise UsageError(
                f"tuning cell {job.cell.label} has no score (see `memnet status` on {store.root}); "
                "fix the cause and run memnet tune again"
            )
        found.setdefault(base_name(job.cell.model), []).append(value)
    return {model: fmean(values) for model, values in found.items()}


def _everywhere(record: Record) -> float | None:
    """Return the accuracy averaged over all distances with queries."""
    accuracies = [
        value
        for name, value in record.metrics.items()
        if re.fullmatch(r"accuracy_at_[0-9]+", name) and value is not None
    ]
    return fmean(accuracies) if accuracies else None


def _enter(
    table: Path,
    benchmark: str,
    chosen: Mapping[str, float],
    scores: Mapping[str, Mapping[float, float]],
    options: Mapping[str, JsonValue],
) -> None:
    """Write one benchmark's rates, scores and options into the table; other rows stay unchanged."""
    content = json.loads(table.read_text(encoding="utf-8"))
    for part, rows in (
        ("learning_rates", chosen),
        ("scores", scores),
        ("options", dict.fromkeys(chosen, options)),
    ):
        content.setdefault(part, {}).setdefault(benchmark, {}).update(rows)
    write_whole(table, json.dumps(content, indent=1) + "\n")
