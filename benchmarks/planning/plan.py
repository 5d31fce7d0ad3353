"""Turns a request (suite, task or stream; models, methods, seeds, settings) into cells.

This module never imports torch.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from baselines.registry import Entry, Kind, unknown
from benchmarks.planning.budgets import Budgets
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.jobs import Job, Planner
from benchmarks.planning.overrides import Settings
from benchmarks.planning.protocol import protocol_of
from benchmarks.planning.roles import role_of
from benchmarks.planning.suite import Member, Suite
from benchmarks.planning.variant import Variant, base_name
from results.errors import UsageError
from results.records.cell import Cell, canonical
from results.records.manifest import Benchmark, Described, Manifest, Planned
from results.records.roles import Role

DEFAULT_MODELS = ("memnet", "transformer", "lstm")
"""Default models of a task or stream that is run by its own name."""

SEEDS = (0, 1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Options of a command; None selects the default."""

    name: str
    models: tuple[str, ...] | None = None
    methods: tuple[str, ...] | None = None
    seeds: tuple[int, ...] | None = None
    profile: str | None = None
    settings: Settings = field(default_factory=Settings)
    data_root: Path | None = None
    budgets: Budgets = field(default_factory=Budgets)


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
    if root.kind == "suite":
        suite = _profile(_load_suite(root), request)
        members, seeds = _narrow(catalog, suite, request), request.seeds or suite.seeds
        members = members if request.models else _installed(catalog, members, notes)
    else:
        if request.profile is not None:
            raise UsageError(
                f"'{request.name}' is a {root.kind}, and only suites have profiles: leave "
                "--profile out"
            )
        members, seeds = _bare(catalog, root, request), request.seeds or SEEDS
    planner = Planner(catalog, request.settings, members, request.data_root)
    rows: list[tuple[Entry, Variant, Variant | None]] = []
    roles: dict[tuple[Kind, str], Role] = {}
    to_fit: set[tuple[str, str, str]] = set()
    for member in members:
        budgets = request.budgets if request.budgets.given else Budgets(total=member.total_budgets)
        for row in _rows(planner, member, notes, budgets):
            rows.append(row)
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
    jobs = {job.cell.id: job for seed in seeds for job in (planner.job(*row, seed) for row in rows)}
    benchmarks = {entry.name: describe(entry) for entry, _, _ in rows}
    return Plan(
        name=root.name,
        version=root.version if root.kind == "suite" else None,
        title=root.title,
        summary=root.summary,
        benchmarks=tuple(benchmarks.values()),
        jobs=tuple(jobs.values()),
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


def _load_suite(entry: Entry) -> Suite:
    try:
        suite = entry.load().SUITE
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(
            f"suite '{entry.name}' ({entry.path}) can't be loaded: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(suite, Suite):
        raise UsageError(
            f"suite '{entry.name}' ({entry.path}): SUITE must be a benchmarks.planning.suite.Suite"
        )
    return suite


def _profile(suite: Suite, request: Request) -> Suite:
    if request.profile is None:
        return suite
    if request.profile not in suite.profiles:
        raise UsageError(
            unknown(f"profile of the suite '{request.name}'", request.profile, suite.profiles)
        )
    return suite.profiles[request.profile]


def _narrow(catalog: Catalog, suite: Suite, request: Request) -> tuple[Member, ...]:
    """Apply ``--models`` and ``--methods`` to a suite.

    A model of the suite, or a variant of one, runs on the members that list it. Any other model
    (the user's own) runs on all members.
    """
    models = {base_name(model) for member in suite.members for model in member.models}
    methods = {base_name(method) for member in suite.members for method in member.methods}
    for method in request.methods or ():
        if catalog.method(base_name(method)).name not in methods:
            raise UsageError(
                f"the suite '{request.name}' has no method '{method}': it has "
                f"{', '.join(sorted(methods)) or 'none'}"
            )
    narrowed = []
    for member in suite.members:
        here = {base_name(model) for model in member.models}
        chosen = request.models or member.models
        selected = tuple(
            model for model in chosen if base_name(model) in here or base_name(model) not in models
        )
        member_methods = member.methods
        if request.methods is not None:
            member_methods = tuple(
                method
                for method in request.methods
                if base_name(method) in {base_name(name) for name in member.methods}
            )
        if selected and (member_methods or not member.methods):
            narrowed.append(replace(member, models=selected, methods=member_methods))
    return tuple(narrowed)


def _installed(
    catalog: Catalog, members: tuple[Member, ...], notes: list[str]
) -> tuple[Member, ...]:
    """Leave out a suite's models whose packages are not installed, and note how to install them."""
    not_installed = [
        entry
        for entry in catalog.models
        if entry.missing and any(entry.name in map(base_name, one.models) for one in members)
    ]
    names = {entry.name for entry in not_installed}
    if not_installed:
        packages = " ".join(
            dict.fromkeys(package for entry in not_installed for package in entry.missing)
        )
        notes.append(f"{', '.join(sorted(names))} left out: pip install {packages}")
    return tuple(
        replace(one, models=tuple(model for model in one.models if base_name(model) not in names))
        for one in members
    )


def _bare(catalog: Catalog, entry: Entry, request: Request) -> tuple[Member, ...]:
    """Make the members of a task or stream that is run by its own name."""
    models = (
        request.models or protocol_of(entry, request.settings.benchmark).models or DEFAULT_MODELS
    )
    if entry.kind == "task":
        if request.methods is not None:
            raise UsageError(
                f"'{entry.name}' is a task, and tasks take no --methods: leave it out, or name a "
                "stream (memnet list streams)"
            )
        return (Member(benchmark=entry.name, models=models),)
    if request.methods is not None:
        return (Member(benchmark=entry.name, models=models, methods=request.methods),)
    with_memory = tuple(model for model in models if has_memory(catalog.model(base_name(model))))
    naive = Member(benchmark=entry.name, models=models, methods=("naive",))
    return (
        (naive, Member(benchmark=entry.name, models=with_memory, methods=("memnet",)))
        if with_memory
        else (naive,)
    )


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


def feeds(benchmark: Entry) -> tuple[str, ...]:
    """Return the kinds of input of a benchmark: its fact ``INPUTS``.

    The default is tokens for a task, and samples (features of one length) for a stream.
    """
    return tuple(
        benchmark.source.facts.get(
            "INPUTS", ("samples",) if benchmark.kind == "stream" else ("tokens",)
        )
    )


def takes(model: Entry, benchmark: Entry) -> bool:
    """Return whether a model reads the inputs of a benchmark.

    A model without the fact ``INPUTS`` reads everything; one that reads features reads samples.
    """
    given = feeds(benchmark)
    read = set(model.source.facts.get("INPUTS", given))
    return set(given) <= (read | {"samples"} if "features" in read else read)


def has_memory(entry: Entry) -> bool:
    """Return whether a model has a memory that can be made persistent."""
    return entry.source.facts.get("HAS_MEMORY") is True
