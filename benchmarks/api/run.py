"""``memnet.run``: run a suite, task or stream from Python, as ``memnet run`` does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from baselines.option_values import spelt
from baselines.registry import unknown
from benchmarks.cli.durations_and_sizes import duration, size
from benchmarks.cli.engine_options import EngineOptions, make_engine
from benchmarks.cli.paths import usable_folder
from benchmarks.cli.plan_options import plan_from
from benchmarks.cli.shared_options import store_root
from benchmarks.execution.devices import untested
from benchmarks.execution.display_choice import choose_display
from benchmarks.execution.engines.limits import Limits
from benchmarks.execution.loggers import parse_loggers
from benchmarks.execution.reuse import Rerun
from benchmarks.execution.runner import Run
from reports.analysis.store_results import Results, load_results
from results.errors import UsageError

if TYPE_CHECKING:
    from pydantic import JsonValue

Names = str | Iterable[str]


def run(
    name: str,
    *,
    models: Names | None = None,
    methods: Names | None = None,
    seeds: int | str | Sequence[int] | None = None,
    options: Mapping[str, JsonValue] | None = None,
    store: str | Path | None = None,
    profile: str | None = None,
    protocol: str | None = None,
    budget: Names | int | None = None,
    total_budget: Names | int | None = None,
    precision: str = "float32",
    plugins: Iterable[str | Path] = (),
    data_root: str | Path | None = None,
    device: str = "auto",
    jobs: int | None = None,
    engine: str = "local",
    address: str | None = None,
    gpus_per_cell: float = 0.0,
    timeout: float | str | None = None,
    memory: int | str | None = None,
    retries: int = 1,
    rerun: str = "nothing",
    log: str | Path | Iterable[str | Path] = (),
    keep_weights: bool = False,
    progress: bool = True,
) -> Results:
    """Run a suite, task or stream, and return the results of its cells.

    The call shares plan, engine, store and resume with the command ``memnet run``: finished cells
    are reused, and an interrupted call resumes when it is repeated. A cell that fails does not
    raise an error; its ``status`` is "failed". Progress is shown as a bar in a terminal and in a
    notebook, and as lines elsewhere.

    Args:
        name: A suite, task or stream (``memnet list``).
        models: Models or variants, such as ``["memnet", "memnet[hebbian=false]"]``.
        methods: Continual-learning methods, for streams.
        seeds: A number of seeds (3 means 0, 1, 2), a sequence of seeds, or text such as ``"0-9"``.
        options: Options as ``--set`` takes them: of the benchmark, or with a prefix ``model.``,
            ``method.`` or ``training.``; for example ``{"steps": 40, "model.width": 64}``.
        store: Folder of records; by default ``MEMNET_STORE``, else ``runs``.
        profile: A profile of the suite, such as ``"small"``.
        protocol: A protocol of the benchmark.
        budget: Stored bytes of each method: a number, or text such as ``"16k,64k"``.
        total_budget: Stored bytes, and parameters that no seed regenerates, together; the network
            is scaled down until it takes at most half of it.
        precision: ``"float32"`` or ``"bfloat16"``.
        plugins: Files that define further entries.
        data_root: Folder of data sets; by default ``MEMNET_DATA``, else the user's cache.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:0"``, or ``"mps"`` (untested).
        jobs: Number of cells that run at a time; by default the number of usable cores.
        engine: ``"local"`` or ``"ray"``.
        address: Address of the Ray cluster.
        gpus_per_cell: Share of a GPU per cell, with Ray.
        timeout: Limit per cell in seconds, or text such as ``"2h"``.
        memory: Limit per cell in bytes, or text such as ``"4G"``.
        retries: Number of further attempts of a cell whose process died.
        rerun: Finished cells to run again: ``"nothing"``, ``"failed"``, ``"stale"`` or ``"all"``.
        log: Training logs to write into the store: ``"tensorboard"``, ``"csv"``, or a file with a
            function ``open_logger`` (`benchmarks.execution.loggers`).
        keep_weights: Whether to write the trained weights of each cell into the store.
        progress: Whether to show progress.

    Raises:
        UsageError: If the request is invalid. The message names the value, what is allowed and
            the way out.
    """
    _check(rerun, retries, jobs)
    loggers = parse_loggers([str(log)] if isinstance(log, str | Path) else map(str, log))
    chosen, workers = make_engine(
        EngineOptions(
            engine=engine,
            jobs=jobs,
            device=device,
            data_root=_folder("data_root", data_root),
            address=address,
            gpus_per_cell=gpus_per_cell,
        ),
        limits=_limits(timeout, memory, retries),
    )
    plan = plan_from(
        name,
        _joined(models),
        _joined(methods),
        _seeds(seeds),
        [f"{key}={spelt(value)}" for key, value in (options or {}).items()],
        [Path(plugin) for plugin in plugins],
        precision,
        profile,
        protocol,
        _folder("data_root", data_root),
        _joined(budget),
        _joined(total_budget),
    )
    root = store_root(_folder("store", store))
    Run(
        plan=replace(plan, notes=(*plan.notes, *untested(device))),
        root=root,
        engine=chosen,
        display=choose_display(workers, quiet=not progress),
        rerun=cast(Rerun, rerun),
        loggers=loggers,
        keep_weights=keep_weights,
    ).start()
    return load_results(root, cells=[job.cell.id for job in plan.jobs])


def _check(rerun: str, retries: int, jobs: int | None) -> None:
    if rerun not in get_args(Rerun):
        raise UsageError(unknown("value of rerun", rerun, get_args(Rerun)))
    if retries < 0:
        raise UsageError(f"retries = {retries}: it must be at least 0")
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs = {jobs}: it must be at least 1, or None for all usable cores")


def _limits(timeout: float | str | None, memory: int | str | None, retries: int) -> Limits:
    return Limits(
        timeout=None if timeout is None else duration("timeout", str(timeout)),
        memory=None if memory is None else size("memory", str(memory)),
        retries=retries,
    )


def _joined(names: Names | int | None) -> str | None:
    """Return names as the command takes them: separated by commas."""
    if names is None or isinstance(names, str):
        return names
    return str(names) if isinstance(names, int) else ",".join(names)


def _seeds(seeds: int | str | Sequence[int] | None) -> str | None:
    if seeds is None or isinstance(seeds, str):
        return seeds
    return str(seeds) if isinstance(seeds, int) else ",".join(map(str, seeds)) + ","


def _folder(option: str, path: str | Path | None) -> Path | None:
    return None if path is None else usable_folder(option, path)
