"""The cells of tuning trials: their plans, and their scores.

A task draws new data per seed, so the tuning seed's evaluation streams are validation data. Its
score is the accuracy averaged over all distances, since a model at chance level at large distances
may have learned small ones. A stream runs with its option ``validation=true``: the score is
measured on a split of the training data.
"""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from statistics import fmean

from pydantic import JsonValue

from baselines.registry import Entry
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.jobs import Job
from benchmarks.planning.plan import Plan, make_plan
from benchmarks.planning.request import Request
from benchmarks.planning.seeds import TUNING
from benchmarks.planning.set_options import parse_settings
from benchmarks.planning.variant import base_name
from benchmarks.tuning.grid import Point
from results.errors import UsageError
from results.records.record import Record
from results.store.store import Store

DEFAULT_METHODS = ("er", "naive")
"""On a stream, a model's rate is tuned with the first of these that exists.

Without replay the model forgets the past at every rate, so ``er`` is preferred.
"""

DIVERGED = "FloatingPointError"
"""Type of the failure of a cell whose training diverged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TunedRow:
    """What is tuned on one benchmark.

    Attributes:
        benchmark: Name of the task or stream.
        models: Base names of models.
        methods: Names of methods, each of which is tuned with each model; empty to tune models.
        options: Options of the benchmark that differ from its defaults.
    """

    benchmark: str
    models: tuple[str, ...]
    methods: tuple[str, ...] = ()
    options: Mapping[str, JsonValue]

    def key(self, job: Job) -> str:
        """Return the key of a job's row in the table: ``MODEL``, or ``MODEL:METHOD``."""
        model = base_name(job.cell.model)
        return f"{model}:{base_name(job.cell.method)}" if self.methods else model


def tuning_plan(
    catalog: Catalog,
    subject: TunedRow,
    point: Point,
    share: float = 1.0,
    keys: Collection[str] | None = None,
) -> Plan:
    """Plan the trials of one point of the grid, on the tuning seed.

    Args:
        catalog: The registries.
        subject: What is tuned.
        point: The point.
        share: Share of the steps, in (0, 1].
        keys: Rows of the table to plan for; all if None.

    Raises:
        UsageError: If a name or an option is unknown, or a stream has no option ``validation``.
    """
    entry = catalog.benchmark(subject.benchmark)
    settings = parse_settings(point.settings)
    options = {**subject.options, **settings.benchmark}
    if entry.kind == "stream":
        _require_validation(entry)
        options["validation"] = True
    if share < 1:
        options |= shorter(entry, options, share) or {}
    methods = subject.methods or tuple(name for name in DEFAULT_METHODS if name in catalog.methods)
    request = Request(
        name=subject.benchmark,
        models=subject.models,
        methods=methods if entry.kind == "stream" else None,
        seeds=(TUNING,),
        settings=replace(settings, benchmark=options),
    )
    plan = make_plan(catalog, request)
    jobs = plan.jobs if subject.methods else _first_method(plan.jobs)
    jobs = tuple(job for job in jobs if keys is None or subject.key(job) in keys)
    return replace(plan, jobs=jobs, notes=())


def shorter(
    entry: Entry, options: Mapping[str, JsonValue], share: float
) -> dict[str, JsonValue] | None:
    """Return the option that shortens training to a share; None if the benchmark has none.

    A task has fewer ``steps``; a stream has fewer ``iterations``, or fewer ``epochs``. A stream of
    one epoch cannot be shortened.
    """
    resolved = entry.configure(options)
    for name in ("steps", "iterations", "epochs"):
        value = resolved.get(name, 0)
        if isinstance(value, int) and value > 1 and not resolved.get("online"):
            return {name: math.ceil(share * value)}
    return None


def scores_of(plan: Plan, store: Store, subject: TunedRow) -> dict[str, float | None]:
    """Return the score of each row of the table; None if training diverged.

    Raises:
        UsageError: If a cell failed for another reason, or has no score.
    """
    found: dict[str, list[float | None]] = {}
    for job in plan.jobs:
        score = _score(store.read(job.cell.id), plan)
        if score is None:
            raise UsageError(
                f"tuning cell {job.cell.label} has no score (see `memnet status` on {store.root}); "
                "fix the cause and run memnet tune again"
            )
        found.setdefault(subject.key(job), []).append(score if math.isfinite(score) else None)
    return {
        key: None if None in scores else fmean(score for score in scores if score is not None)
        for key, scores in found.items()
    }


def _score(record: Record | None, plan: Plan) -> float | None:
    """Return the score of a record; NaN if training diverged, None if there is none."""
    benchmark = plan.benchmarks[0]
    if record is None:
        return None
    if record.error is not None:
        return math.nan if record.error.type == DIVERGED else None
    if benchmark.kind == "stream":
        return record.metrics.get(benchmark.primary)
    accuracies = [
        value
        for name, value in record.metrics.items()
        if re.fullmatch(r"accuracy_at_[0-9]+", name) and value is not None
    ]
    return fmean(accuracies) if accuracies else None


def _first_method(jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    """Return the jobs of the first of each model's methods, in the order of `DEFAULT_METHODS`."""
    order = {name: place for place, name in enumerate(DEFAULT_METHODS)}
    first: dict[str, int] = {}
    for job in jobs:
        place = order.get(job.cell.method, 0)
        first[job.cell.model] = min(place, first.get(job.cell.model, place))
    return tuple(job for job in jobs if order.get(job.cell.method, 0) == first[job.cell.model])


def _require_validation(entry: Entry) -> None:
    if all(option.name != "validation" for option in entry.source.options):
        raise UsageError(
            f"stream '{entry.name}' can't be tuned, since its Config has no option validation: add "
            "'validation: bool = False', which trains on a part of the training data and evaluates "
            f"on the rest ({entry.path})"
        )
