"""``memnet remove``: deletes chosen cells of a store, after a confirmation."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.cli import shared_options
from benchmarks.cli.cell_list import show_cells
from results.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.planning.plan import Plan
    from results.records.header import RecordHeader
    from results.store.store import Store

CELL_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Choice:
    """A cell that can be removed.

    Attributes:
        header: Header of its record.
        status: ``done``, ``failed``, ``stale`` or ``superseded``.
        reason: Why it has this status, or an empty string.
    """

    header: "RecordHeader"
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cells are chosen: None admits every value."""

    statuses: frozenset[str]
    benchmarks: frozenset[str] | None
    models: frozenset[str] | None
    methods: frozenset[str] | None
    seeds: frozenset[int] | None

    @property
    def empty(self) -> bool:
        """Whether it admits all cells."""
        values = (self.benchmarks, self.models, self.methods, self.seeds)
        return not self.statuses and all(value is None for value in values)

    def admits(self, one: Choice) -> bool:
        """Whether a cell is chosen."""
        header = one.header
        pairs = (
            (self.benchmarks, header.benchmark),
            (self.models, header.model),
            (self.methods, header.method),
            (self.seeds, header.seed),
        )
        return (not self.statuses or one.status in self.statuses) and all(
            values is None or value in values for values, value in pairs
        )


def remove(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID…|NAME]",
            help="Ids of cells; or a suite, task or stream, as in memnet status NAME.",
        ),
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Choose failed cells.")] = False,
    stale: Annotated[
        bool,
        typer.Option("--stale", help="Choose outdated cells whose replacement has not run."),
    ] = False,
    superseded: Annotated[
        bool,
        typer.Option("--superseded", help="Choose outdated cells whose replacement has run."),
    ] = False,
    benchmark: Annotated[
        str | None, typer.Option("--benchmark", metavar="A,B", help="Choose these benchmarks.")
    ] = None,
    models: shared_options.Models = None,
    methods: shared_options.Methods = None,
    seeds: shared_options.Seeds = None,
    store: shared_options.Store = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without confirmation.")] = False,
    show_all: Annotated[bool, typer.Option("--all", help="List all chosen cells.")] = False,
    plugin: shared_options.Plugins = None,
    settings: shared_options.Settings = None,
    precision: shared_options.Precision = "float32",
    profile: shared_options.Profile = None,
    protocol: shared_options.Protocol = None,
    budget: shared_options.Budget = None,
    total_budget: shared_options.TotalBudget = None,
    data_root: shared_options.DataRoot = None,
) -> None:
    """Delete cells: their records, logs, checkpoints and weights.

    Cells are chosen by id, or by status, benchmark, model, method and seed. They are listed first.
    Failed cells stay planned, so reports count them as missing; other cells leave the manifests.
    """
    from results.store.store import Store

    opened = Store.open(shared_options.store_root(shared_options.one_store(store)))
    flags = {"failed": failed, "stale": stale, "superseded": superseded}
    chosen = Filter(
        statuses=frozenset(name for name, given in flags.items() if given),
        benchmarks=_names(benchmark),
        models=_names(models),
        methods=_names(methods),
        seeds=_seeds(seeds),
    )
    ids = [target for target in targets or () if CELL_ID.fullmatch(target)]
    names = [target for target in targets or () if not CELL_ID.fullmatch(target)]
    _check(ids, names, chosen)
    if ids:
        found = _by_id(ids, opened)
    elif names:
        from benchmarks.cli.plan_options import plan_from

        plan = plan_from(
            names[0],
            models,
            methods,
            seeds,
            settings,
            plugin,
            precision,
            profile,
            protocol,
            data_root,
            budget,
            total_budget,
        )
        found = [one for one in _of_plan(plan, opened) if chosen.admits(one)]
    else:
        found = [one for one in _of_store(opened) if chosen.admits(one)]
    _remove(found, opened, yes=yes, show_all=show_all, keep_planned=chosen.statuses == {"failed"})


def _check(ids: list[str], names: list[str], chosen: Filter) -> None:
    if len(names) > 1 or (ids and names):
        raise UsageError(
            f"give cell ids, or one name of a suite, task or stream: {' '.join([*ids, *names])}"
        )
    if ids and not chosen.empty:
        raise UsageError("cell ids cannot be combined with options that choose cells")
    if not ids and not names and chosen.empty:
        raise UsageError(
            "nothing is chosen: give cell ids, a NAME, --failed, --benchmark, --models, --methods "
            "or --seeds"
        )
    if not names and chosen.statuses & {"stale", "superseded"}:
        raise UsageError(
            "--stale and --superseded depend on a plan: give the NAME and the options of "
            "memnet status, such as memnet remove quick --stale"
        )


def _names(text: str | None) -> frozenset[str] | None:
    from benchmarks.planning.variant import split_names

    return None if text is None else frozenset(split_names(text))


def _seeds(text: str | None) -> frozenset[int] | None:
    from benchmarks.planning.seeds import parse_seeds

    return None if text is None else frozenset(parse_seeds(text))


def _by_id(ids: list[str], store: "Store") -> list[Choice]:
    found = []
    for cell_id in dict.fromkeys(ids):
        header = store.header(cell_id)
        if header is None:
            raise UsageError(f"the store {store.root} has no record of cell {cell_id}")
        found.append(_choice(header))
    return found


def _of_store(store: "Store") -> Iterator[Choice]:
    headers = (store.header(cell_id) for cell_id in store.ids())
    return (_choice(header) for header in headers if header is not None)


def _of_plan(plan: "Plan", store: "Store") -> Iterator[Choice]:
    from benchmarks.execution.outdated import outdated_records, reason
    from benchmarks.execution.store_status import merged_manifest, store_status

    cells = merged_manifest(plan, store).cells
    found = store_status(cells, store, plan.planner)
    yield from (_choice(header) for header in found.headers.values())
    for one in outdated_records(cells, found, plan, store):
        yield Choice(one.header, one.status, reason(one, plan, store))


def _choice(header: "RecordHeader") -> Choice:
    from benchmarks.execution.progress import one_line

    if header.error is not None:
        return Choice(header, "failed", one_line(header.error))
    return Choice(header, "done")


def _remove(
    found: list[Choice], store: "Store", *, yes: bool, show_all: bool, keep_planned: bool
) -> None:
    """List cells, and delete them after confirmation."""
    from results.store.removal import remove_cell, remove_from_manifests

    if not found:
        print(f"no cell of {store.root} is chosen: nothing is removed")
        return
    count = f"{len(found)} cell{'s' if len(found) != 1 else ''}"
    show_cells(
        f"{count} of {store.root}:",
        [
            (one.header.id, one.header.label, ": ".join(filter(None, (one.status, one.reason))))
            for one in found
        ],
        show_all=show_all,
    )
    if not yes:
        typer.confirm(f"Delete {count} with logs, checkpoints and weights?", abort=True)
    removed = {one.header.id for one in found if remove_cell(store, one.header.id)}
    if not keep_planned:
        remove_from_manifests(store, removed)
    for one in found:
        if one.header.id not in removed:
            print(f"  {one.header.id} {one.header.label}: is running, not removed")
    print(f"removed {len(removed)} of {count}")
