"""Makes a plan from a command's options, for ``run`` and ``status``."""

from dataclasses import replace
from pathlib import Path

from baselines.registry import unknown
from benchmarks.cli.durations_and_sizes import size
from benchmarks.execution.total_budgets import fitted
from benchmarks.planning.budgets import Budgets
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.plan import Plan, make_plan
from benchmarks.planning.request import Request
from benchmarks.planning.seeds import parse_seeds
from benchmarks.planning.set_options import FULL_PRECISION, PRECISIONS, parse_settings
from benchmarks.planning.variant import split_names
from results.errors import UsageError


def plan_from(
    name: str,
    models: str | None,
    methods: str | None,
    seeds: str | None,
    settings: list[str] | None,
    plugins: list[Path] | None,
    precision: str = FULL_PRECISION,
    profile: str | None = None,
    protocol: str | None = None,
    data_root: Path | None = None,
    budget: str | None = None,
    total_budget: str | None = None,
) -> Plan:
    """Plan the cells that the options select.

    Raises:
        UsageError: If an option is invalid.
    """
    if precision not in PRECISIONS:
        raise UsageError(unknown("precision", precision, PRECISIONS))
    named = () if protocol is None else (f"protocol={protocol}",)
    request = Request(
        name=name,
        models=names_of("--models", models),
        methods=names_of("--methods", methods),
        seeds=parse_seeds(seeds) if seeds is not None else None,
        profile=profile,
        settings=replace(parse_settings([*(settings or ()), *named]), precision=precision),
        data_root=data_root,
        budgets=Budgets(
            stored=_sizes("--budget", budget), total=_sizes("--total-budget", total_budget)
        ),
    )
    return fitted(make_plan(Catalog.read(plugins or ()), request), data_root)


def names_of(option: str, text: str | None) -> tuple[str, ...] | None:
    """Return the names of an option; None if it is not given.

    Raises:
        UsageError: If it names nothing.
    """
    if text is None:
        return None
    names = split_names(text)
    if not names:
        raise UsageError(f"{option} '{text}' names nothing: write {option} a,b or leave it out")
    return names


def _sizes(option: str, text: str | None) -> tuple[int, ...]:
    parts = [] if text is None else [part for part in text.split(",") if part.strip()]
    if text is not None and not parts:
        raise UsageError(f"{option} '{text}' names nothing: write {option} 16k,64k or leave it out")
    return tuple(
        size(option, part.strip(), "a number of bytes, such as 16k or 16k,64k (k = 1,000)")
        for part in parts
    )
