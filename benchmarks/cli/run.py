"""``memnet run``: run a suite, task or stream."""

import shlex
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from benchmarks.cli import options
from results.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.display import Display
    from benchmarks.runner import Run

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A suite, task or stream (memnet list).")],
    models: options.Models = None,
    methods: options.Methods = None,
    seeds: options.Seeds = None,
    jobs: options.Jobs = None,
    engine: Annotated[str, typer.Option("--engine", metavar="ENGINE", help="Where cells run: local.")] = "local",
    device: options.Device = "auto",
    store: options.Store = None,
    data_root: options.DataRoot = None,
    plugin: options.Plugins = None,
    settings: options.Settings = None,
    rerun: Annotated[str, typer.Option("--rerun", metavar="failed|all", help="Run failed, or all, finished cells again.")] = "nothing",
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Run a suite, task or stream; the same command again resumes it."""
    from benchmarks.cli.planning import plan_from
    from benchmarks.data import data_root as find_data
    from benchmarks.engines.cores import usable_cores
    from benchmarks.engines.local import LocalEngine
    from benchmarks.runner import Run
    from benchmarks.worker import Place

    if engine != "local":
        raise UsageError(f"unknown engine '{engine}': there is local")
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs {jobs}: it takes a number from 1 up")
    plan = plan_from(name, models, methods, seeds, settings, plugin)
    workers = jobs or usable_cores()
    root = options.store_root(store)
    one = Run(
        plan=plan,
        root=root,
        engine=LocalEngine(jobs=workers, place=Place(device=device, data_root=find_data(data_root))),
        display=_display(workers, quiet),
        rerun=_rerun(rerun),
    )
    try:
        one.start()
    except KeyboardInterrupt:
        _stopped(one)
        raise typer.Exit(INTERRUPTED) from None
    tally = one.tally()
    typer.echo(f"{name}: {tally.done} of {tally.total} cells done, {tally.failed} failed")
    typer.echo(f"next: memnet report --store {shlex.quote(str(root))}")
    raise typer.Exit(1 if tally.failed else 0)


def _stopped(one: "Run") -> None:
    tally = one.tally()
    typer.echo(f"stopped: {tally.done} of {tally.total} cells are done, {tally.failed} failed; what was finished is kept")
    typer.echo(f"to resume: {shlex.join(['memnet', *sys.argv[1:]])}")


def _display(workers: int, quiet: bool) -> "Display":
    from rich.console import Console

    from benchmarks.display import Lines, Live, Silent

    console = Console()
    if quiet:
        return Silent()
    return Live(console, workers) if console.is_terminal else Lines(console)


def _rerun(text: str) -> Literal["nothing", "failed", "all"]:
    if text == "failed":
        return "failed"
    if text == "all":
        return "all"
    if text == "nothing":
        return "nothing"
    raise UsageError(f"--rerun '{text}' is unknown: it takes failed or all")
