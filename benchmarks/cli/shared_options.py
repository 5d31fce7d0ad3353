"""Options shared by several subcommands."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.cli.paths import file, folder, usable_folder
from results.errors import UsageError
from results.store.published_store import store_folder

if TYPE_CHECKING:
    from reports.analysis.selection import Selection
    from results.store.store import Store as OpenStore

Store = Annotated[
    list[Path] | None,
    typer.Option(
        "--store",
        metavar="DIR",
        parser=folder("--store"),
        help="Folder of the records [default: MEMNET_STORE, else runs].",
    ),
]
Stores = Annotated[
    list[str] | None,
    typer.Option(
        "--store",
        metavar="DIR",
        help="Folder of the records; repeatable; 'published' is the package's own "
        "[default: MEMNET_STORE, else runs].",
    ),
]
Models = Annotated[
    str | None,
    typer.Option(
        "--models", metavar="A,B", help="Models, or variants such as memnet[hebbian=false]."
    ),
]
Methods = Annotated[
    str | None, typer.Option("--methods", metavar="C,D", help="Methods; for streams only.")
]
Seeds = Annotated[
    str | None,
    typer.Option(
        "--seeds", metavar="SEEDS", help="A count (3 means 0-2), a range (0-9) or a list (1,4,7)."
    ),
]
Profile = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="Another size of a suite, such as small."),
]
Protocol = Annotated[
    str | None,
    typer.Option(
        "--protocol",
        metavar="NAME",
        help="For tasks: fixed or converged. For streams: a published one, such as vandeven2022.",
    ),
]
Budget = Annotated[
    str | None,
    typer.Option(
        "--budget",
        metavar="BYTES",
        help="Memory bytes of the methods: 16k,64k runs each at both (k = 1,000).",
    ),
]
TotalBudget = Annotated[
    str | None,
    typer.Option(
        "--total-budget", metavar="BYTES", help="Bytes of memory and parameters together."
    ),
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        metavar="FILE.py",
        parser=file("--plugin"),
        help="File of a model, method, task, stream or suite; repeatable.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Benchmark option, or model.KEY, method.KEY, training.learning_rate; repeatable.",
    ),
]
DataRoot = Annotated[
    Path | None,
    typer.Option(
        "--data-root",
        metavar="DIR",
        parser=folder("--data-root"),
        help="Folder of the data sets [default: MEMNET_DATA, else the user's cache].",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", metavar="N", min=1, help="Parallel cells [default: usable cores]."),
]
Device = Annotated[
    str,
    typer.Option("--device", metavar="DEVICE", help="auto, cpu, cuda, cuda:N or mps (untested)."),
]
Timeout = Annotated[
    str | None,
    typer.Option("--timeout", metavar="TIME", help="Time limit of a cell: 90 (seconds), 10m, 2h."),
]
Memory = Annotated[
    str | None,
    typer.Option("--memory", metavar="SIZE", help="Memory limit of a cell's process: 500M, 4G."),
]
Retries = Annotated[
    int,
    typer.Option("--retries", metavar="N", help="Further attempts if a cell's process is killed."),
]
Rerun = Annotated[
    str,
    typer.Option(
        "--rerun",
        metavar="failed|stale|all",
        help="Also run failed cells; only stale cells; or all cells.",
    ),
]
Precision = Annotated[
    str,
    typer.Option(
        "--precision",
        metavar="float32|bfloat16",
        help="Number format of the computation; each format has its own cells.",
    ),
]


def store_root(given: Path | None) -> Path:
    """Return the store's folder: the argument, else ``MEMNET_STORE``, else ``runs``.

    Raises:
        UsageError: If it cannot be used, or is not a folder.
    """
    if given is not None:
        return usable_folder("--store", given)
    return usable_folder("MEMNET_STORE", os.environ.get("MEMNET_STORE") or "runs")


def one_store(given: Sequence[Path] | None) -> Path | None:
    """Return the only folder of a command that works on one store; None without one.

    Raises:
        UsageError: If several are given.
    """
    if given and len(given) > 1:
        raise UsageError(f"--store is given {len(given)} times, and this command takes one store")
    return given[0] if given else None


def report_roots(given: Sequence[str | Path] | None) -> list[Path]:
    """Return the folders of the stores of a report; without one, that of `store_root`.

    Args:
        given: Folders, or ``published`` for the package's own records.

    Raises:
        UsageError: If one cannot be used, or is not a folder.
    """
    if not given:
        return [store_root(None)]
    return [store_folder(usable_folder("--store", one)) for one in given]


def report_stores(given: Sequence[str | Path] | None) -> "list[OpenStore]":
    """Open the stores of a report; see `report_roots`.

    Raises:
        UsageError: If a folder is no store.
    """
    from results.store.store import Store

    return [Store.open(root) for root in report_roots(given)]


def selected(stores: Iterable[str | Path]) -> "Selection":
    """Read the stores of a report; without one, that of `store_root`.

    Rows of earlier versions of the code do not compete with those of today's, and options of suites
    are official.

    Raises:
        UsageError: If a folder is no store.
    """
    from benchmarks.planning.catalog import Catalog
    from benchmarks.planning.earlier_versions import earlier_versions
    from benchmarks.planning.official_options import official_options
    from reports.analysis.earlier_versions import with_earlier_versions
    from reports.analysis.selection import select

    first, *others = report_stores(list(stores))
    catalog = Catalog.read()
    selection = replace(select(first, *others), official=official_options(catalog))
    cells = (record.cell for record in selection.records)
    return with_earlier_versions(selection, earlier_versions(cells, catalog))
