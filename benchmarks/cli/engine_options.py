"""From the options of a command to the engine that runs its cells."""

from dataclasses import dataclass
from pathlib import Path

from baselines.registry import unknown
from benchmarks.datasets.paths import data_root as find_data
from benchmarks.execution.engines.cores import usable_cores
from benchmarks.execution.engines.interface import Engine, Limits
from benchmarks.execution.engines.local import LocalEngine
from benchmarks.execution.run_cell import Place
from results.errors import UsageError

ENGINES = ("local", "ray")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """What was asked for, by the names of the options; None where the choice is ours."""

    engine: str
    jobs: int | None
    device: str
    data_root: Path | None
    address: str | None
    gpus_per_cell: float


def make_engine(wish: EngineOptions, *, limits: Limits, training_log: bool) -> tuple[Engine, int]:
    """Return the engine, and the number of cells that it runs at a time as far as is known.

    The time left is told by it.

    Args:
        wish: What was asked for.
        limits: What a cell may take.
        signals: Whether signals of training are to be written.

    Raises:
        UsageError: If there is no such engine, or it can't do what is asked of it.
    """
    if wish.engine not in ENGINES:
        raise UsageError(unknown("engine", wish.engine, ENGINES))
    if wish.engine == "local":
        for option, given in (
            ("--address", wish.address is not None),
            ("--gpus-per-cell", wish.gpus_per_cell != 0),
        ):
            if given:
                raise UsageError(
                    f"{option} is for --engine ray; here, --jobs says how many cells share a GPU"
                )
        jobs = wish.jobs or usable_cores()
        return LocalEngine(
            jobs=jobs,
            place=Place(device=wish.device, data_root=find_data(wish.data_root)),
            limits=limits,
        ), jobs
    from benchmarks.execution.engines.ray import RayEngine

    if wish.gpus_per_cell < 0:
        raise UsageError(
            f"--gpus-per-cell {wish.gpus_per_cell:g}: it takes a share such as 0.25, or 0 for none"
        )
    if training_log:
        raise UsageError(
            "--log tensorboard is for --engine local: on a cluster, cells write on other machines"
        )
    engine = RayEngine(
        address=wish.address,
        jobs=wish.jobs,
        gpus_per_cell=wish.gpus_per_cell,
        device=wish.device,
        data_root=wish.data_root.absolute() if wish.data_root else None,
        limits=limits,
    )
    return engine, wish.jobs or usable_cores()
