"""Fits models and methods to total budgets: wide networks leave no bytes for a memory.

A total budget bounds the parameters and the stored bytes of a method together
(`benchmarks.planning.budgets`). ``--total-budget`` also chooses the network; a method that is named
with its ``total_budget`` keeps the network of the model that is named with it.

The network gets at most half of the budget, the memory gets the rest: the widths of a model and of
a method are scaled down by the first factor of `FACTORS` at which the parameters take at most
`NETWORK_SHARE` of the budget. If none does, the smallest network is taken, and the memory gets what
it leaves. The widths are options of the cell, so a row states them. A combination that does not fit
is left out, with the smallest total budget at which it would.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baselines.registry import Kind
from benchmarks.datasets.paths import data_root
from benchmarks.execution.entry_functions import build
from benchmarks.execution.run_cell import configuration, learning_rate, model_builder
from benchmarks.planning.budgets import STORED, TOTAL, options_and_total
from benchmarks.planning.jobs import Job
from benchmarks.planning.plan import Plan
from benchmarks.planning.roles import at_budget
from benchmarks.planning.variant import with_options
from results.errors import UsageError
from results.records.roles import Role

if TYPE_CHECKING:
    from baselines.interface import SequenceModel
    from strategies.continual.strategy import ContinualStrategy
    from strategies.continual.stream import Stream

WIDTHS = ("channels", "hidden", "width")
"""Integer options of models and methods that are widths of networks."""

FACTORS = (1, 3 / 4, 1 / 2, 3 / 8, 1 / 4, 3 / 16, 1 / 8, 3 / 32, 1 / 16, 3 / 64, 1 / 32, 1 / 64)
"""Factors on all widths, in the order in which they are tried."""

STEP = 8
"""Widths are rounded down to multiples of this number, which is also the least width."""

NETWORK_SHARE = 0.5
"""Largest share of the parameters in a total budget, as long as a smaller network exists."""

LARGEST_BUDGET = 2**40
"""Largest budget in bytes that is tried to find the smallest one that suffices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The networks that fit into a total budget.

    Attributes:
        model: Name of the model, with the widths in brackets.
        method: Name of the method, with the widths in brackets.
        refusal: Why nothing fits, or empty.
    """

    model: str
    method: str
    refusal: str = ""


def fitted(plan: Plan, root: Path | None) -> Plan:
    """Return a plan whose networks are as small as their total budgets require.

    A plan without cells to fit is returned unchanged, and torch is not imported for it.

    Args:
        plan: The plan.
        root: Folder of the data sets; by default that of the environment.

    Raises:
        UsageError: If no cell fits its total budget, or a stream can't be built.
    """
    if not plan.to_fit:
        return plan
    streams: dict[str, Stream] = {}
    fits: dict[tuple[str, str, str], Fit] = {}
    jobs: dict[str, Job] = {}
    notes, roles = list(plan.notes), dict(plan.roles)
    for job in plan.jobs:
        key = (job.cell.benchmark, job.cell.model, job.cell.method)
        if key in plan.to_fit and _total(job):
            if key[0] not in streams:
                streams[key[0]] = _stream(job, data_root(root))
            if key not in fits:
                fits[key] = _fit(job, streams[key[0]])
                notes += _notes(job, fits[key])
            if fits[key].refusal:
                continue
            job = _renamed(plan, job, fits[key], roles)
        jobs[job.cell.id] = job
    if not jobs:
        raise UsageError("; ".join(fit.refusal for fit in fits.values()))
    return replace(plan, jobs=tuple(jobs.values()), notes=tuple(dict.fromkeys(notes)), roles=roles)


def _total(job: Job) -> int:
    return options_and_total(job.cell.config["method"])[1]


def _notes(job: Job, fit: Fit) -> Iterator[str]:
    cell = job.cell
    if fit.refusal:
        yield fit.refusal
    elif (fit.model, fit.method) != (cell.model, cell.method):
        yield (
            f"{cell.benchmark}: {cell.model} with {cell.method} is shrunk to {fit.model} with "
            f"{fit.method}"
        )


def _renamed(plan: Plan, job: Job, fit: Fit, roles: dict[tuple[Kind, str], Role]) -> Job:
    """Make the job of the fitted names, which have the roles of a budget."""
    cell = job.cell
    if (fit.model, fit.method) == (cell.model, cell.method):
        return job
    assert job.method is not None
    for entry, before, after in (
        (job.model, cell.model, fit.model),
        (job.method, cell.method, fit.method),
    ):
        if after != before:
            roles.setdefault((entry.kind, after), at_budget(entry))
    planner = plan.planner
    return planner.job(
        job.benchmark, planner.model(fit.model), planner.method(fit.method), cell.seed
    )


def _stream(job: Job, root: Path) -> "Stream":
    options = configuration(job.benchmark.load(), job.cell.config["benchmark"])
    stream: Stream = build(job.benchmark, options, seed=job.cell.seed, data_root=root)
    return stream


def _fit(job: Job, stream: "Stream") -> Fit:
    """Find the largest network that fits.

    Without a network or a budget with which the method can be built at all, the job is unchanged,
    and the checks before the run refuse it.
    """
    from strategies.continual.counted_bytes import parameter_bytes
    from strategies.continual.train import within_total

    total = _total(job)
    names = Fit(model=job.cell.model, method=job.cell.method)
    found: list[tuple[Fit, Job, int]] = []
    for fit, sized in _sizes(job):
        try:
            parameters = parameter_bytes(_learner(sized, stream, _method_config(sized))[1])
        except (UsageError, ValueError):
            continue
        found.append((fit, sized, parameters))
        if parameters > NETWORK_SHARE * total:
            continue
        try:
            within_total(total, partial(_learner, sized, stream), _method_config(sized))
        except UsageError:
            continue
        return fit
    if not found:
        return names
    fit, sized, parameters = min(found, key=lambda one: one[2])
    stored = _least_stored(sized, stream)
    if stored >= LARGEST_BUDGET:
        return names
    least = parameters + stored
    if least <= total:
        return fit
    return replace(
        names,
        refusal=f"{job.cell.benchmark}: {job.cell.model} with {job.cell.method} is left out: it "
        f"needs at least {TOTAL}={least}",
    )


def _sizes(job: Job) -> Iterator[tuple[Fit, Job]]:
    """Yield the job with smaller and smaller widths of model and method."""
    seen: set[Fit] = set()
    for factor in FACTORS:
        changed: dict[str, Mapping[str, int]] = {}
        for part in ("model", "method"):
            config = job.cell.config[part]
            changed[part] = {
                name: max(STEP, int(factor * value) // STEP * STEP)
                for name in WIDTHS
                if isinstance(value := config.get(name), int) and value > STEP and factor < 1
            }
        fit = Fit(
            model=with_options(job.cell.model, changed["model"]),
            method=with_options(job.cell.method, changed["method"]),
        )
        if fit in seen:
            continue
        seen.add(fit)
        config = {
            **job.cell.config,
            **{part: {**job.cell.config[part], **changed[part]} for part in changed},
        }
        yield fit, replace(job, cell=job.cell.model_copy(update={"config": config}))


def _method_config(job: Job) -> Any:
    assert job.method is not None
    return configuration(job.method.load(), options_and_total(job.cell.config["method"])[0])


def _learner(
    job: Job, stream: "Stream", method_config: Any
) -> "tuple[SequenceModel, ContinualStrategy]":
    """Build the model and the method of a job on the CPU."""
    import torch

    assert job.method is not None
    model = model_builder(job)(stream.signature)
    strategy = build(
        job.method,
        method_config,
        model=model,
        stream=stream,
        learning_rate=learning_rate(job),
        seed=job.cell.seed,
        device=torch.device("cpu"),
    )
    return model, strategy


def _least_stored(job: Job, stream: "Stream") -> int:
    """Return the least budget of stored bytes with which a method can be built."""
    config = _method_config(job)

    def fits(budget: int) -> bool:
        try:
            _learner(job, stream, replace(config, **{STORED: budget}))
        except (UsageError, ValueError):
            return False
        return True

    high = 1
    while not fits(high) and high < LARGEST_BUDGET:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high
