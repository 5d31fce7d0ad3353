"""From a request to the members of a suite: which benchmarks, with which models and methods."""

from dataclasses import replace

from baselines.registry import Entry, unknown
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.matching_inputs import has_memory
from benchmarks.planning.protocol import protocol_of
from benchmarks.planning.request import Request
from benchmarks.planning.suite import Member, Suite
from benchmarks.planning.variant import base_name
from results.errors import UsageError

DEFAULT_MODELS = ("memnet", "transformer", "lstm")
"""Default models of a task or stream that is run by its own name."""

SEEDS = (0, 1, 2)
"""Default seeds of a task or stream."""


def members_of(
    catalog: Catalog, root: Entry, request: Request, notes: list[str]
) -> tuple[Member, ...]:
    """Return the members of the suite, task or stream of a request, each with its seeds.

    Args:
        catalog: All entries.
        root: The entry that the request names.
        request: The request.
        notes: Receives a line for what is left out.

    Raises:
        UsageError: If a name is unknown, the suite cannot be loaded, or an option does not apply.
    """
    if root.kind == "suite":
        suite = _profile(load_suite(root), request)
        members = _seeded(_narrow(catalog, suite, request), request, suite.seeds)
        return members if request.models else _installed(catalog, members, notes)
    if request.profile is not None:
        raise UsageError(
            f"'{request.name}' is a {root.kind}, and only suites have profiles: leave --profile out"
        )
    return _seeded(_bare(catalog, root, request), request, SEEDS)


def _seeded(
    members: tuple[Member, ...], request: Request, seeds: tuple[int, ...]
) -> tuple[Member, ...]:
    return tuple(replace(one, seeds=request.seeds or one.seeds or seeds) for one in members)


def load_suite(entry: Entry) -> Suite:
    """Return the suite of an entry.

    Raises:
        UsageError: If its file can't be loaded or defines no suite.
    """
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
