"""Selects learning rates by the same search for every model and method.

The search uses a seed that is never reported, and validation data (`benchmarks.tuning.trials`). Its
cells use the same runner as other cells, and stores of their own. ``memnet tune NAME`` writes
``benchmarks/planning/learning_rates.json``. A model or method has one rate per benchmark, whatever
the benchmark's options; the table lists those of the tuning.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import joblib
from pydantic import JsonValue
from rich.console import Console

from benchmarks.datasets.paths import data_root as find_data
from benchmarks.execution.display_choice import choose_display
from benchmarks.execution.engines.local import LocalEngine
from benchmarks.execution.run_cell import CellEnvironment
from benchmarks.execution.runner import Run
from benchmarks.planning.catalog import Catalog
from benchmarks.planning.learning_rates import TABLE
from benchmarks.planning.plan import make_plan
from benchmarks.planning.request import Request
from benchmarks.planning.set_options import Settings
from benchmarks.planning.suite_members import DEFAULT_MODELS
from benchmarks.planning.variant import base_name
from benchmarks.tuning.grid import DEFAULT_GRID, Point
from benchmarks.tuning.halving import TRIAL_SHARE, Trial, best, next_points
from benchmarks.tuning.table import AT_THE_EDGE, at_the_edge, enter, mark
from benchmarks.tuning.trials import TunedRow, scores_of, shorter, tuning_plan
from results.errors import UsageError
from results.store.store import Store

STORE = Path("runs/tuning")
"""Folder of the stores of tuning cells, which are never reported."""


def tune(
    name: str,
    *,
    models: tuple[str, ...] | None = None,
    methods: tuple[str, ...] | None = None,
    grid: Sequence[Point] = DEFAULT_GRID,
    options: Mapping[str, JsonValue] | None = None,
    jobs: int | None = None,
    device: str = "auto",
    store: Path | None = None,
    data_root: Path | None = None,
    table: Path | None = TABLE,
    catalog: Catalog | None = None,
) -> None:
    """Tune on one benchmark or on those of a suite, and write the rates into the table.

    Args:
        name: Suite, task or stream.
        models: Models; by default those of the suite, or the default models of a benchmark.
            Variants share their base model's rate.
        methods: Methods of streams, each tuned with each model; by default only models are tuned.
        grid: Points of the grid.
        options: Options of the benchmark; they override those of a suite.
        jobs: Number of parallel cells; by default the usable cores.
        device: Device.
        store: Folder of the tuning stores; tuning reuses their records when it is resumed.
        data_root: Folder of the data sets.
        table: The table; None to write nothing.
        catalog: The registries; by default the built-in ones.

    Raises:
        UsageError: If a name is unknown, a cell failed, or the table cannot be written.
    """
    if table is not None and not os.access(table, os.W_OK):
        raise UsageError(f"cannot write the rates into {table}: --no-write only prints them")
    catalog = catalog or Catalog.read()
    workers = jobs or joblib.cpu_count()
    environment = CellEnvironment(device=device, data_root=find_data(data_root))
    search = Search(
        catalog,
        grid,
        engine=LocalEngine(jobs=workers, environment=environment),
        workers=workers,
        store=store or STORE,
    )
    for subject in subjects(catalog, name, models, methods, options or {}):
        search.run(subject, table)


class Search:
    """Runs the trials of subjects, one benchmark after the other.

    Args:
        catalog: The registries.
        grid: Points of the grid.
        engine: Runs the cells.
        workers: Number of parallel cells, for the display.
        store: Folder of the tuning stores.
    """

    def __init__(
        self,
        catalog: Catalog,
        grid: Sequence[Point],
        *,
        engine: LocalEngine,
        workers: int,
        store: Path,
    ) -> None:
        self._catalog = catalog
        self._grid = grid
        self._engine = engine
        self._workers = workers
        self._store = store
        self._console = Console()

    def run(self, subject: TunedRow, table: Path | None) -> None:
        """Search the rates of a subject, print them, and write them into the table if there is one.

        Raises:
            UsageError: If a cell failed, or every trial of a row diverged.
        """
        plan = tuning_plan(self._catalog, subject, self._grid[0])
        entry = self._catalog.benchmark(subject.benchmark)
        can_shorten = shorter(entry, plan.jobs[0].cell.config["benchmark"], TRIAL_SHARE) is not None
        trials: dict[str, list[Trial]] = {subject.key(job): [] for job in plan.jobs}
        while pending := self._next(trials, TRIAL_SHARE if can_shorten else 1.0):
            for (point, share), keys in pending.items():
                for key, score in self._try(subject, point, share, keys).items():
                    trials[key].append(Trial(point, share, score))
        chosen = {key: _best(subject, key, ones) for key, ones in trials.items()}
        options = plan.jobs[0].cell.config["benchmark"]
        marks = {
            key: _marks(mark(plan.benchmarks[0], options, _top(ones)), ones, chosen[key])
            for key, ones in trials.items()
        }
        if table is not None:
            enter(
                table,
                subject.benchmark,
                chosen=chosen,
                trials=trials,
                marks=marks,
                options=subject.options,
            )
            self._print(f"written into {table}")
        for key, point in chosen.items():
            sets = " ".join(f"--set {setting}" for setting in point.settings)
            notes = "; ".join([*_described(trials[key]), *([text] if (text := marks[key]) else [])])
            self._print(f"{subject.benchmark} · {key}: {sets} ({notes})")

    def _next(
        self, trials: Mapping[str, Sequence[Trial]], share: float
    ) -> dict[tuple[Point, float], list[str]]:
        """Return the next points, each with the rows of the table that need it."""
        found: dict[tuple[Point, float], list[str]] = {}
        for key, ones in trials.items():
            points, at = next_points(self._grid, ones, share)
            for point in points:
                found.setdefault((point, at), []).append(key)
        return found

    def _try(
        self, subject: TunedRow, point: Point, share: float, keys: Sequence[str]
    ) -> dict[str, float | None]:
        """Run one point, and return the scores of its rows."""
        plan = tuning_plan(self._catalog, subject, point, share, keys)
        label = re.sub(r"[^\w.,=+-]", "_", point.label)
        root = self._store / f"{subject.benchmark}-{label}{'-short' if share < 1 else ''}"
        display = choose_display(self._workers)
        Run(plan=plan, root=root, engine=self._engine, display=display, rerun="failed").start()
        return scores_of(plan, Store(root), subject)

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, soft_wrap=True, markup=False)


def subjects(
    catalog: Catalog,
    name: str,
    models: tuple[str, ...] | None,
    methods: tuple[str, ...] | None,
    options: Mapping[str, JsonValue],
) -> Iterator[TunedRow]:
    """Yield what is tuned on each benchmark of a suite, or on one benchmark.

    Raises:
        UsageError: If a name or an option is unknown.
    """
    chosen = models or (None if catalog.runnable(name).kind == "suite" else DEFAULT_MODELS)
    settings = Settings(benchmark=options)
    plan = make_plan(catalog, Request(name=name, models=chosen, methods=methods, settings=settings))
    for benchmark in plan.benchmarks:
        cells = [job.cell for job in plan.jobs if job.cell.benchmark == benchmark.name]
        resolved: Mapping[str, JsonValue] = cells[0].config["benchmark"]
        yield TunedRow(
            benchmark=benchmark.name,
            models=tuple(dict.fromkeys(base_name(cell.model) for cell in cells)),
            methods=tuple(dict.fromkeys(base_name(cell.method) for cell in cells))
            if methods is not None and benchmark.kind == "stream"
            else (),
            options={
                key: value
                for key, value in resolved.items()
                if benchmark.defaults.get(key) != value
            },
        )


def _whole(trials: Sequence[Trial]) -> dict[Point, float | None]:
    return {trial.point: trial.score for trial in trials if trial.share == 1}


def _top(trials: Sequence[Trial]) -> float:
    return max(score for score in _whole(trials).values() if score is not None)


def _marks(text: str | None, trials: Sequence[Trial], chosen: Point) -> str | None:
    """Add the mark of a rate at the edge, which remains only at the bounds of extended grids."""
    tried = {one.point.learning_rate for one in trials if one.point.options == chosen.options}
    edge = AT_THE_EDGE if at_the_edge(tried, chosen.learning_rate) else None
    return "; ".join(part for part in (text, edge) if part) or None


def _best(subject: TunedRow, key: str, trials: Sequence[Trial]) -> Point:
    point = best(_whole(trials))
    if point is None:
        rates = ", ".join(str(trial.point.learning_rate) for trial in trials if trial.share == 1)
        raise UsageError(
            f"{subject.benchmark} · {key} diverged at every rate ({rates}): give smaller ones, "
            "such as --grid lr=0.00001,0.0001"
        )
    return point


def _described(trials: Sequence[Trial]) -> Iterator[str]:
    """Yield the scores at all steps, then those at a share of them."""
    for share in sorted({trial.share for trial in trials}, reverse=True):
        ones = ", ".join(
            f"{'diverged' if trial.score is None else f'{trial.score:.3f}'} at {trial.point.label}"
            for trial in sorted(trials, key=lambda trial: trial.point)
            if trial.share == share
        )
        yield ones if share == 1 else f"at {share:g} of the steps: {ones}"
