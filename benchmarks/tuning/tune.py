"""Picks learning rates.

Every model from one small grid, on a seed that is never reported, and on validation data where data
is finite.

On a task, data is drawn fresh, so the tuning seed's evaluation streams are validation data;
accuracy counts at all distances alike, since a model that is at chance far away may still have
learnt something near. On a stream, cells run with the stream's option ``validation=true``: they are
evaluated on a split of the training data. Cells go through the same runner as any others, into a
store of their own, and the table they make (``benchmarks/planning/learning_rates.json``) is kept
with the code. To make it: ``memnet tune NAME``. A model has one rate on a benchmark, whatever the
benchmark's options; the table says with which it was picked.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from pydantic import JsonValue
from rich.console import Console

from benchmarks.datasets.paths import data_root as find_data
from benchmarks.execution.engines.cores import usable_cores
from benchmarks.execution.engines.local import LocalEngine
from benchmarks.execution.progress import Lines, Live
from benchmarks.execution.run_cell import Place
from benchmarks.execution.runner import Run
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.learning_rates import DEFAULT, TABLE
from benchmarks.planning.overrides import Settings
from benchmarks.planning.plan import MODELS, Plan, Request, make_plan
from benchmarks.planning.seeds import TUNING
from benchmarks.planning.variant import base_name
from results.errors import UsageError
from results.records.record import Record
from results.store.store import Store, write_whole

GRID = (1e-3, 3e-3, 1e-2)
"""The same for every model."""

MARGIN = 0.005
"""Rates whose scores are no further than this from the best count as equal."""

METHODS = ("er", "naive")
"""On a stream, a model is tuned with the first of these that there is: without any replay, whatever the rate, the past is gone."""

STORE = Path("runs/tuning")
"""Tuning has a store of its own: its records are never reported."""


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
    """Tune on a suite's benchmarks, or on one, and write the rates into the table.

    Args:
        name: Suite, task or stream.
        models: Models; by default those of the suite, or those that a bare benchmark runs. Variants
            share their base model's rate.
        options: Options of the benchmark, over those that a suite gives it.
        jobs: Cells at a time; by default the usable cores.
        device: Device.
        store: Store of the tuning cells; they are reused when tuning is resumed.
        data_root: Where data sets stand.
        table: The table; None where nothing is to be written.
        catalog: Where names are looked up; by default what is built in.

    Raises:
        UsageError: If a name is unknown, a cell failed, or the table can't be written.
    """
    if table is not None and not os.access(table, os.W_OK):
        raise UsageError(f"cannot write the rates into {table}: with --no-write they are only said")
    catalog = catalog or Catalog.read()
    workers = jobs or usable_cores()
    console = Console()
    engine = LocalEngine(jobs=workers, place=Place(device=device, data_root=find_data(data_root)))
    for benchmark, (names, given) in _pairs(catalog, name, models, options or {}).items():
        scores: dict[str, dict[float, float]] = {model: {} for model in names}
        for rate in GRID:
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
    """Plan the tuning cells of one benchmark at one rate.

    On the tuning seed; on a stream, evaluated on validation data.

    Args:
        catalog: Where names are looked up.
        benchmark: The task or stream.
        models: The models.
        rate: The learning rate.
        options: Options of the benchmark, where a suite has others than its defaults.

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
        replace(request, methods=tuple(name for name in METHODS if name in catalog.methods)),
    )
    first: dict[str, str] = {}
    for method in METHODS:
        for job in plan.jobs:
            if job.cell.method == method:
                first.setdefault(job.cell.model, method)
    return replace(
        plan,
        jobs=tuple(job for job in plan.jobs if first.get(job.cell.model) == job.cell.method),
        notes=(),
    )


def best(scores: Mapping[float, float]) -> float:
    """Return the rate with the best score.

    Of those within `MARGIN` of it the nearest to the default, then the smaller.
    """
    top = max(scores.values())
    return min(
        (rate for rate, score in scores.items() if score >= top - MARGIN),
        key=lambda rate: (abs(rate - DEFAULT), rate),
    )


def _pairs(
    catalog: Catalog, name: str, models: tuple[str, ...] | None, given: Mapping[str, JsonValue]
) -> dict[str, tuple[tuple[str, ...], Mapping[str, JsonValue]]]:
    """Return the models to tune, variants by their base, and the benchmark's options that are no defaults; both by benchmark."""
    root = catalog.runnable(name)
    chosen = models or (None if root.kind == "suite" else MODELS)
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
                f"tuning cell {job.cell.label} has no score (see `memnet status` on {store.root}); mend it and tune again"
            )
        found.setdefault(base_name(job.cell.model), []).append(value)
    return {model: fmean(values) for model, values in found.items()}


def _everywhere(record: Record) -> float | None:
    """Average accuracy over the distances at which there were questions."""
    asked = [
        value
        for name, value in record.metrics.items()
        if re.fullmatch(r"accuracy_at_[0-9]+", name) and value is not None
    ]
    return fmean(asked) if asked else None


def _enter(
    table: Path,
    benchmark: str,
    chosen: Mapping[str, float],
    scores: Mapping[str, Mapping[float, float]],
    options: Mapping[str, JsonValue],
) -> None:
    """Write one benchmark's rates, with the scores they were picked by and the options, into the table; what others it holds stays."""
    content = json.loads(table.read_text(encoding="utf-8"))
    for part, rows in (
        ("learning_rates", chosen),
        ("scores", scores),
        ("options", dict.fromkeys(chosen, options)),
    ):
        content.setdefault(part, {}).setdefault(benchmark, {}).update(rows)
    write_whole(table, json.dumps(content, indent=1) + "\n")
