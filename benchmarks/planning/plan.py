"""Turns a request (suite, task or stream; models, methods, seeds, settings) into cells.

This module never imports torch.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

from baselines.registry import Entry, Kind
from benchmarks.planning.budgets import Budgets
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.jobs import Job, Planner
from benchmarks.planning.matching_inputs import feeds, takes
from benchmarks.planning.request import Request
from benchmarks.planning.roles import role_of
from benchmarks.planning.suite import Member
from benchmarks.planning.suite_members import members_of
from benchmarks.planning.variant import Variant, base_name
from results.errors import UsageError
from results.records.cell import Cell, canonical
from results.records.manifest import Benchmark, Described, Manifest, Planned
from results.records.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All cells of a request.

    Attributes:
        name: Suite, task or stream.
        version: Version of the suite; None for a task or stream.
        title: Its name for people.
        summary: Its description in one line.
        benchmarks: Its members, as in the manifest.
        jobs: Its cells, ordered by seed, so that an interrupted run has compared all models.
        notes: What is left out and why, one line each.
        planner: Makes further cells under the same settings.
        roles: Role of each model and method, by kind and name.
        to_fit: Benchmark, model and method of the cells whose networks are to fit a total budget.
    """

    name: str
    version: str | None
    title: str
    summary: str
    benchmarks: tuple[Benchmark, ...]
    jobs: tuple[Job, ...]
    notes: tuple[str, ...]
    planner: Planner
    roles: Mapping[tuple[Kind, str], Role] = field(default_factory=dict)
    to_fit: frozenset[tuple[str, str, str]] = frozenset()

    def manifest(self) -> Manifest:
        """Return the manifest, which is written into the store."""
        models = {job.cell.model: job.model for job in self.jobs}
        methods = {job.cell.method: job.method for job in self.jobs if job.method is not None}
        return Manifest(
            name=self.name,
            version=self.version,
            title=self.title,
            summary=self.summary,
            benchmarks=self.benchmarks,
            models=tuple(self._described(*one) for one in models.items()),
            methods=tuple(self._described(*one) for one in methods.items()),
            cells=tuple(planned(job.cell) for job in self.jobs),
        )

    def _described(self, name: str, entry: Entry) -> Described:
        return Described(
            name=name,
            title=entry.title,
            summary=entry.summary,
            role=self.roles.get((entry.kind, name)),
        )


def make_plan(catalog: Catalog, request: Request) -> Plan:
    """Make the cells of a request.

    Raises:
        UsageError: If a name, option or combination is invalid, or no cell is left to run.
    """
    root = catalog.runnable(request.name)
    notes: list[str] = []
    members = members_of(catalog, root, request, notes)
    planner = Planner(catalog, request.settings, members, request.data_root)
    rows: list[tuple[Entry, Variant, Variant | None]] = []
    planned_seeds: list[tuple[int, ...]] = []
    roles: dict[tuple[Kind, str], Role] = {}
    to_fit: set[tuple[str, str, str]] = set()
    for member in members:
        budgets = request.budgets if request.budgets.given else Budgets(total=member.total_budgets)
        for row in _rows(planner, member, notes, budgets):
            rows.append(row)
            planned_seeds.append(member.seeds)
            if budgets.total and row[2] is not None:
                to_fit.add((row[0].name, row[1].name, row[2].name))
            for variant in filter(None, row[1:]):
                role = role_of(variant, member.role)
                roles.setdefault((variant.entry.kind, variant.name), role)
    if not rows:
        raise UsageError(
            "; ".join(dict.fromkeys(notes))
            or f"'{request.name}' has no cell with these --models and --methods: select others"
        )
    notes += request.budgets.check([method.entry for *_, method in rows if method is not None])
    for entry in {entry.name: entry for entry, _, _ in rows}.values():
        notes += planner.data_notes(entry)
    jobs = [
        planner.job(*row, seed)
        for seed in sorted(set(chain(*planned_seeds)))
        for row, seeds in zip(rows, planned_seeds, strict=True)
        if seed in seeds
    ]
    benchmarks = {entry.name: describe(entry) for entry, _, _ in rows}
    return Plan(
        name=root.name,
        version=root.version if root.kind == "suite" else None,
        title=root.title,
        summary=root.summary,
        benchmarks=tuple(benchmarks.values()),
        jobs=tuple({job.cell.id: job for job in jobs}.values()),
        notes=tuple(dict.fromkeys(notes)),
        planner=planner,
        roles=roles,
        to_fit=frozenset(to_fit),
    )


def planned(cell: Cell) -> Planned:
    """Return a cell in the form of a manifest."""
    return Planned(
        id=cell.id, benchmark=cell.benchmark, model=cell.model, method=cell.method, seed=cell.seed
    )


def describe(entry: Entry) -> Benchmark:
    """Return a task or stream in the form of a manifest.

    Raises:
        UsageError: If its file does not define its metric and chance level.
    """
    kind: Literal["task", "stream"] = "task" if entry.kind == "task" else "stream"
    try:
        primary, chance = entry.source.facts["PRIMARY"], entry.source.facts["CHANCE"]
        given = entry.source.facts.get("CHANCE_GIVEN", {})
        return Benchmark(
            name=entry.name,
            kind=kind,
            title=entry.title,
            summary=entry.summary,
            primary=primary,
            chance=chance,
            chance_given=given,
            defaults=canonical({option.name: option.default for option in entry.source.options}),
        )
    except (KeyError, ValueError) as error:
        raise UsageError(
            f'{entry.path} must define PRIMARY = "a metric\'s name" and CHANCE = a number from 0 '
            "to 1, or None"
        ) from error


def _rows(
    planner: Planner, member: Member, notes: list[str], budgets: Budgets
) -> Iterator[tuple[Entry, Variant, Variant | None]]:
    """Yield benchmark, model and method of a member; leave incompatible pairs out with a note."""
    entry = planner.catalog.benchmark(member.benchmark)
    if (entry.kind == "stream") != bool(member.methods):
        advice = "add methods" if entry.kind == "stream" else "remove its methods"
        raise UsageError(f"a suite's member '{entry.name}' is a {entry.kind}: {advice}")
    models = [planner.model(text) for text in member.models]
    bases = [(text, planner.catalog.method(base_name(text))) for text in member.methods]
    methods = [
        planner.method(variant) for text, base in bases for variant in budgets.variants(text, base)
    ]
    for model in models:
        if not takes(model.entry, entry):
            read, given = (
                " and ".join(names) for names in (model.entry.source.facts["INPUTS"], feeds(entry))
            )
            notes.append(
                f"{entry.name}: {model.name} is left out: model '{model.entry.name}' reads only "
                f"{read}, and the {entry.kind} has {given}"
            )
            continue
        if not methods:
            yield entry, model, None
        for method in methods:
            yield entry, model, method
