"""Options that several subcommands share."""

import os
from pathlib import Path
from typing import Annotated

import typer

Store = Annotated[
    Path | None,
    typer.Option(
        "--store", metavar="DIR", help="Folder of the records [default: MEMNET_STORE, else runs]."
    ),
]
Models = Annotated[
    str | None,
    typer.Option(
        "--models", metavar="A,B", help="Models, or variants such as memnet[hebbian=false]."
    ),
]
Methods = Annotated[
    str | None, typer.Option("--methods", metavar="C,D", help="Methods; on streams alone.")
]
Seeds = Annotated[
    str | None,
    typer.Option(
        "--seeds", metavar="SEEDS", help="A count (3 means 0-2), a range (0-9) or a list (1,4,7)."
    ),
]
Profile = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="A suite's other size, such as small."),
]
Protocol = Annotated[
    str | None,
    typer.Option(
        "--protocol",
        metavar="NAME",
        help="A stream's published protocol, such as vandeven2022 of split-mnist.",
    ),
]
Budget = Annotated[
    str | None,
    typer.Option(
        "--budget",
        metavar="BYTES",
        help="Run methods at these bytes kept of the past: 16k,64k (k = 1,000).",
    ),
]
TotalBudget = Annotated[
    str | None,
    typer.Option(
        "--total-budget", metavar="BYTES", help="The same, with the parameters' bytes counted in."
    ),
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        metavar="FILE.py",
        help="A file with a model, method, task, stream or suite; repeatable.",
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
        help="Folder of the data [default: MEMNET_DATA, else the user's cache].",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", metavar="N", min=1, help="Cells at a time [default: the usable cores]."),
]
Device = Annotated[
    str, typer.Option("--device", metavar="DEVICE", help="auto, cpu, cuda or cuda:N.")
]
Timeout = Annotated[
    str | None,
    typer.Option(
        "--timeout", metavar="TIME", help="Longest that a cell may run: 90 (seconds), 10m, 2h."
    ),
]
Memory = Annotated[
    str | None,
    typer.Option(
        "--memory", metavar="SIZE", help="Most memory that a cell's process may hold: 500M, 4G."
    ),
]
Retries = Annotated[
    int,
    typer.Option(
        "--retries", metavar="N", help="Further tries of a cell that was ended from outside."
    ),
]
Rerun = Annotated[
    str,
    typer.Option(
        "--rerun",
        metavar="failed|stale|all",
        help="Failed cells too; stale ones alone; or every cell.",
    ),
]
Precision = Annotated[
    str,
    typer.Option(
        "--precision",
        metavar="float32|bfloat16",
        help="What models compute in; another precision makes other cells.",
    ),
]


def store_root(given: Path | None) -> Path:
    """Return the store's folder: as given, else ``MEMNET_STORE``, else ``runs``."""
    return Path(given or os.environ.get("MEMNET_STORE") or "runs").expanduser()
