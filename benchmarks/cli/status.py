"""``memnet status``: counts the done, failed, stale and missing cells of a store."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.cli import shared_options
from benchmarks.cli.cell_list import MAX_LISTED, show_cells

if TYPE_CHECKING:
    from benchmarks.execution.store_status import StoreStatus
    from benchmarks.planning.plan import Plan
    from results.records.manifest import Planned
    from results.records.same_benchmark import Options
    from results.store.store import Store


def status(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A suite, task or stream (memnet list).")
    ],
    models: shared_options.Models = None,
    methods: shared_options.Methods = None,
    seeds: shared_options.Seeds = None,
    store: shared_options.Store = None,
    plugin: shared_options.Plugins = None,
    settings: shared_options.Settings = None,
    precision: shared_options.Precision = "float32",
    profile: shared_options.Profile = None,
    protocol: shared_options.Protocol = None,
    budget: shared_options.Budget = None,
    total_budget: shared_options.TotalBudget = None,
    data_root: shared_options.DataRoot = None,
    show_all: Annotated[
        bool, typer.Option("--all", help="List all failed, stale and superseded cells.")
    ] = False,
) -> None:
    """Count the cells that are done, failed, stale and missing.

    A stale cell has only an outdated record: of an earlier version, or of other options of the
    model or method. A superseded record is outdated, and its replacement has run. The table has all
    cells that the store or these options plan under this name.
    """
    from benchmarks.cli.plan_options import plan_from
    from benchmarks.execution.store_status import merged_manifest, store_status
    from results.store.store import Store

    plan = plan_from(
        name,
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
    opened = Store(shared_options.store_root(shared_options.one_store(store)))
    cells = merged_manifest(plan, opened).cells
    found = store_status(cells, opened, plan.planner)
    counts = ", ".join(f"{count} {state}" for state, count in found.count().items())
    for note in plan.notes:
        print(note)
    place = opened.root if opened.root.exists() else f"{opened.root}, which does not exist yet"
    print(f"{name} in {place}: {len(cells)} cell{'s' if len(cells) != 1 else ''}: {counts}")
    print(f"memnet run with these options: {_to_run(plan, found)} of {len(plan.jobs)} to run\n")
    print(_table(cells, found, _variants(plan, cells, found)))
    _show_failed(found, show_all=show_all)
    _show_outdated(plan, cells, found, opened, show_all=show_all)
    _show_damaged(opened)


def _to_run(plan: "Plan", found: "StoreStatus") -> int:
    from benchmarks.execution.reuse import RERUN_STATUSES

    return sum(found.statuses[job.cell.id] in RERUN_STATUSES["nothing"] for job in plan.jobs)


def _variants(plan: "Plan", cells: "tuple[Planned, ...]", found: "StoreStatus") -> dict[str, str]:
    """Return the benchmark variant of each cell whose options are known."""
    from reports.analysis.benchmark_variants import name_variants
    from results.records.same_benchmark import benchmark_options, possible_options

    known: dict[str, Options] = {
        job.cell.id: benchmark_options(job.cell.method, job.cell.config) for job in plan.jobs
    }
    known |= {header.id: header.options for header in found.headers.values()}
    possible = possible_options(cells, known)
    return name_variants(
        {cell.id: (cell.benchmark, possible[cell.id][0]) for cell in cells if possible[cell.id]}
    )


def _table(cells: "tuple[Planned, ...]", found: "StoreStatus", variants: dict[str, str]) -> str:
    from tabulate import tabulate

    from benchmarks.execution.store_status import CELL_STATUSES

    rows: dict[tuple[str, str, str], Counter[str]] = {}
    for cell in cells:
        rows.setdefault(
            (variants.get(cell.id, cell.benchmark), cell.model, cell.method), Counter()
        )[found.statuses[cell.id]] += 1
    table = [[*row, *(counts[state] for state in CELL_STATUSES)] for row, counts in rows.items()]
    return tabulate(
        table, headers=["benchmark", "model", "method", *CELL_STATUSES], tablefmt="simple"
    )


def _show_failed(found: "StoreStatus", *, show_all: bool) -> None:
    from benchmarks.execution.progress import one_line

    show_cells(
        "\nfailed (memnet run … --rerun failed runs them again):",
        [
            (header.id, header.label, one_line(header.error))
            for header in found.headers.values()
            if header.error is not None
        ],
        show_all=show_all,
    )


def _show_outdated(
    plan: "Plan",
    cells: "tuple[Planned, ...]",
    found: "StoreStatus",
    store: "Store",
    *,
    show_all: bool,
) -> None:
    """List the records that planned cells replace, with the differences."""
    from benchmarks.execution.outdated import outdated_records, reason

    titles = {
        "stale": "\nstale records (memnet run … --rerun stale runs their replacements):",
        "superseded": "\nsuperseded records "
        f"(memnet remove {plan.name} --superseded deletes them):",
    }
    outdated = outdated_records(cells, found, plan, store)
    for status, title in titles.items():
        chosen = [one for one in outdated if one.status == status]
        listed = chosen if show_all else chosen[:MAX_LISTED]
        reasons = [reason(one, plan, store) for one in listed]
        remarks = [*reasons, *[""] * (len(chosen) - len(listed))]
        show_cells(
            title,
            [
                (one.header.id, one.header.label, remark)
                for one, remark in zip(chosen, remarks, strict=True)
            ],
            show_all=show_all,
        )


def _show_damaged(store: "Store") -> None:
    damaged = store.damaged()
    if damaged:
        files = f"damaged record{'s' if len(damaged) > 1 else ''}"
        print(f"\n{len(damaged)} {files} set aside (counted as missing):")
    for path, reason in damaged:
        print(f"  {path}: {reason.strip()}")
