"""``memnet run``: runs a suite, task or stream."""

import shlex
import signal
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from baselines.registry import unknown
from benchmarks.cli import shared_options
from benchmarks.cli.paths import file
from benchmarks.cli.run_file import (
    given_options,
    use_run_file,
    version_notes,
    with_file,
    write_run_file,
)
from results.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.execution.engines.limits import Limits
    from benchmarks.execution.reuse import Rerun
    from benchmarks.execution.runner import Run, Tally

INTERRUPTED = 130
"""Exit code after Ctrl-C, as in shells."""


def run(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A suite, task or stream (memnet list).")
    ],
    models: shared_options.Models = None,
    methods: shared_options.Methods = None,
    seeds: shared_options.Seeds = None,
    jobs: shared_options.Jobs = None,
    engine: Annotated[
        str,
        typer.Option(
            "--engine", metavar="local|ray", help="Run cells on this machine or on a Ray cluster."
        ),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="ADDRESS",
            help="Address of the Ray cluster [default: RAY_ADDRESS].",
        ),
    ] = None,
    gpus_per_cell: Annotated[
        float,
        typer.Option("--gpus-per-cell", metavar="SHARE", help="Share of a GPU per cell, with Ray."),
    ] = 0.0,
    device: shared_options.Device = "auto",
    store: shared_options.Store = None,
    data_root: shared_options.DataRoot = None,
    plugin: shared_options.Plugins = None,
    settings: shared_options.Settings = None,
    precision: shared_options.Precision = "float32",
    profile: shared_options.Profile = None,
    protocol: shared_options.Protocol = None,
    budget: shared_options.Budget = None,
    total_budget: shared_options.TotalBudget = None,
    timeout: shared_options.Timeout = None,
    memory: shared_options.Memory = None,
    retries: shared_options.Retries = 1,
    rerun: shared_options.Rerun = "nothing",
    log: Annotated[
        list[str] | None,
        typer.Option(
            "--log",
            metavar="tensorboard|csv|FILE.py",
            help="Write a training log into the store; repeatable.",
        ),
    ] = None,
    keep_weights: Annotated[
        bool,
        typer.Option("--keep-weights", help="Write the trained weights of each cell."),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="RUN.yaml",
            parser=file("--config"),
            callback=use_run_file,
            is_eager=True,
            help="Take the options from a file; those given here override it.",
        ),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="RUN.yaml",
            parser=file("--export"),
            help="Also write the options to a file, for --config.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", help="Also print when cells start and the tracebacks of failures."
        ),
    ] = False,
) -> None:
    """Run a suite, task or stream. The same command resumes it."""
    from benchmarks.cli.engine_options import EngineOptions, make_engine
    from benchmarks.cli.plan_options import plan_from
    from benchmarks.execution.devices import untested
    from benchmarks.execution.display_choice import choose_display
    from benchmarks.execution.loggers import parse_loggers
    from benchmarks.execution.runner import Run

    engine_options = EngineOptions(
        engine=engine,
        jobs=jobs,
        device=device,
        data_root=data_root,
        address=address,
        gpus_per_cell=gpus_per_cell,
    )
    loggers = parse_loggers(log or ())
    chosen, workers = make_engine(engine_options, limits=_limits(timeout, memory, retries))
    settings, plugin = with_file(config, settings, plugin)
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
    notes = (*plan.notes, *version_notes(config, plan), *untested(device))
    plan = replace(plan, notes=notes)
    if export is not None:
        given = {**given_options(context), "settings": settings, "plugin": plugin}
        write_run_file(export, given, plan)
    one = Run(
        plan=plan,
        root=shared_options.store_root(shared_options.one_store(store)),
        engine=chosen,
        display=choose_display(workers, quiet=quiet, verbose=verbose),
        rerun=_rerun(rerun),
        loggers=loggers,
        keep_weights=keep_weights,
    )
    _start(one)
    _finished(one, name, with_tracebacks=verbose)


def _start(one: "Run") -> None:
    """Run to the end; Ctrl-C and SIGTERM stop the run, with the command that resumes it."""
    # Batch systems send SIGTERM some seconds before they kill a job.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        one.start()
    except KeyboardInterrupt:
        _stopped(one)
        raise typer.Exit(INTERRUPTED) from None


def _finished(one: "Run", name: str, *, with_tracebacks: bool) -> None:
    """Print the counts and the next command, and exit with 1 if a cell failed."""
    tally, root = one.tally(), shlex.quote(str(one.root))
    if tally.failed and not with_tracebacks:
        print(f"tracebacks: in {root}/records (error.traceback), or by --rerun failed --verbose")
    print(f"{name}: {_count(tally)} done, {tally.failed} failed")
    print(f"next: memnet report --store {root}")
    raise typer.Exit(1 if tally.failed else 0)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _stopped(one: "Run") -> None:
    tally = one.tally()
    print(f"stopped: {_count(tally)} done, {tally.failed} failed; finished cells are stored")
    print(f"to resume: {shlex.join(['memnet', *sys.argv[1:]])}")


def _count(tally: "Tally") -> str:
    return f"{tally.done} of {tally.total} cell{'s' if tally.total != 1 else ''}"


def _limits(timeout: str | None, memory: str | None, retries: int) -> "Limits":
    from benchmarks.cli.durations_and_sizes import duration, size
    from benchmarks.execution.engines.limits import Limits

    if retries < 0:
        raise UsageError(f"--retries {retries}: it takes a number of at least 0")
    return Limits(
        timeout=None if timeout is None else duration("--timeout", timeout),
        memory=None if memory is None else size("--memory", memory),
        retries=retries,
    )


def _rerun(text: str) -> "Rerun":
    from benchmarks.execution.reuse import Rerun

    if text not in get_args(Rerun):
        raise UsageError(unknown("value of --rerun", text, ["failed", "stale", "all"]))
    return cast(Rerun, text)
