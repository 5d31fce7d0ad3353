"""Builds the engine that runs a command's cells from the command's options."""

from dataclasses import dataclass
from pathlib import Path

import joblib

from baselines.registry import unknown
from benchmarks.datasets.paths import data_root as find_data
from benchmarks.execution.engines.interface import Engine
from benchmarks.execution.engines.limits import Limits
from benchmarks.execution.engines.local import LocalEngine
from benchmarks.execution.run_cell import CellEnvironment
from results.errors import UsageError

ENGINES = ("local", "ray")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """Options of the engine, named as on the command line; None selects the default."""

    engine: str
    jobs: int | None
    device: str
    data_root: Path | None
    address: str | None
    gpus_per_cell: float


def make_engine(options: EngineOptions, *, limits: Limits) -> tuple[Engine, int]:
    """Return the engine and the expected number of parallel cells.

    The display estimates the remaining time from that number.

    Args:
        options: Options of the engine.
        limits: Limits of a cell's time, memory and retries.

    Raises:
        UsageError: If there is no such engine, or it does not support an option.
    """
    if options.engine not in ENGINES:
        raise UsageError(unknown("engine", options.engine, ENGINES))
    if options.engine == "local":
        for option, given in (
            ("--address", options.address is not None),
            ("--gpus-per-cell", options.gpus_per_cell != 0),
        ):
            if given:
                raise UsageError(
                    f"{option} is for --engine ray; here, --jobs sets how many cells share a GPU"
                )
        jobs = options.jobs or joblib.cpu_count()
        return LocalEngine(
            jobs=jobs,
            environment=CellEnvironment(
                device=options.device, data_root=find_data(options.data_root)
            ),
            limits=limits,
        ), jobs
    from benchmarks.execution.engines.ray import RayEngine

    if options.gpus_per_cell < 0:
        raise UsageError(
            f"--gpus-per-cell {options.gpus_per_cell:g}: it takes a share such as 0.25, or 0"
        )
    engine = RayEngine(
        address=options.address,
        jobs=options.jobs,
        gpus_per_cell=options.gpus_per_cell,
        device=options.device,
        data_root=options.data_root.absolute() if options.data_root else None,
        limits=limits,
    )
    return engine, options.jobs or joblib.cpu_count()
