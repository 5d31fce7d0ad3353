"""Cells of the model ``scripted`` on the task ``wee``, which train in a moment."""

from pathlib import Path

from benchmarks.execution.engines.interface import Files
from benchmarks.execution.run_cell import CellEnvironment
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.jobs import Job
from benchmarks.planning.plan import make_plan
from benchmarks.planning.request import Request
from benchmarks.planning.set_options import parse_settings
from tests.benchmarks.command import PLUGINS

FILES = Files(log=Path("nowhere"))

WEE = (PLUGINS / "wee.py", PLUGINS / "scripted.py")


def jobs(
    *plugins: Path,
    name: str = "wee",
    model: str = "scripted",
    settings: tuple[str, ...] = (),
    seeds: tuple[int, ...] = (0,),
) -> list[Job]:
    request = Request(name=name, models=(model,), seeds=seeds, settings=parse_settings(settings))
    return list(make_plan(Catalog.read(plugins or WEE), request).jobs)


def environment(root: Path) -> CellEnvironment:
    return CellEnvironment(device="cpu", data_root=root)
