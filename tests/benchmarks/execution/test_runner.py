"""Which cells a runner runs: it depends on the store, on ``--rerun`` and on other runners."""

import io
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.execution.engines.local import LocalEngine
from benchmarks.execution.progress import Lines
from benchmarks.execution.reuse import Rerun
from benchmarks.execution.runner import Run
from benchmarks.execution.store_status import merged_manifest
from benchmarks.planning.jobs import Job
from benchmarks.planning.plan import Plan
from results.errors import UsageError
from results.records.manifest import Manifest
from results.store.store import Store
from tests.benchmarks.execution.scripted_cells import ENVIRONMENT, WORK, plan, run
from tests.benchmarks.execution.scripted_runner import launch

MODELS = ("scripted", "scripted[act=raise]", "scripted[width=8]", "scripted[width=9]")
CELL_STATUSES = ("done", "failed", "stale", "missing")


def with_another_version(job: Job) -> Job:
    return replace(
        job,
        cell=job.cell.model_copy(
            update={"version": {**job.cell.version, "model": "an earlier version"}}
        ),
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """One of the four cells is done, one failed, one stale and one missing."""
    store = Store.open(tmp_path / "store", create=True)
    done, failed, stale, _ = plan(*MODELS).jobs
    for job in (done, failed, with_another_version(stale)):
        store.write(run(job, ENVIRONMENT, lambda fraction: None))
    return store


def local_engine() -> LocalEngine:
    return LocalEngine(
        jobs=2,
        environment=ENVIRONMENT,
        work=WORK,
        preload=("benchmarks.execution.engines.child",),
    )


def rerun(store: Store, what: Rerun, *, verbose: bool = False) -> tuple[Run, str]:
    text = io.StringIO()
    one = Run(
        plan=plan(*MODELS),
        root=store.root,
        engine=local_engine(),
        display=Lines(Console(file=text, width=200), verbose=verbose),
        rerun=what,
    )
    one.start()
    return one, text.getvalue()


@pytest.mark.parametrize(
    ("what", "runs"),
    [
        ("nothing", {"stale", "missing"}),
        ("failed", {"failed", "stale", "missing"}),
        ("stale", {"stale"}),
        ("all", {"done", "failed", "stale", "missing"}),
    ],
)
def test_rerun_selects_cells_by_status(store: Store, what: Rerun, runs: set[str]) -> None:
    before = {path.name: path.stat().st_ino for path in (store.root / "records").iterdir()}
    one, _ = rerun(store, what)
    after = {path.name: path.stat().st_ino for path in (store.root / "records").iterdir()}
    ran = {name for name, file in after.items() if before.get(name) != file}
    assert ran == {
        f"{job.cell.id}.json"
        for job, status in zip(one.plan.jobs, CELL_STATUSES, strict=True)
        if status in runs
    }
    assert (one.tally().done, one.tally().failed) == (3 - ("missing" not in runs), 1)


def test_the_first_line_counts_the_cells(store: Store) -> None:
    _, text = rerun(store, "failed", verbose=True)
    lines = text.splitlines()
    assert lines[0] == "4 cells: 1 done, 3 to run"
    assert sum("started (" in line for line in lines) == 3
    assert any(
        line.startswith("[") and "FAILED: RuntimeError: scripted error" in line for line in lines
    )
    _, text = rerun(store, "nothing")
    assert text.splitlines() == [
        "4 cells: 3 done, 1 failed (--rerun failed tries them again), 0 to run"
    ]


def test_two_runners_run_each_of_sixty_cells_once(tmp_path: Path) -> None:
    store, ran = tmp_path / "store", tmp_path / "ran"
    ran.mkdir()
    runners = [launch(store, models="scripted[pause=0.02]", seeds=60, ran=ran) for _ in range(2)]
    outputs = [runner.communicate(timeout=240) for runner in runners]
    assert [runner.returncode for runner in runners] == [0, 0], outputs
    starts = Counter((ran / "ran").read_text().split())
    assert (len(starts), max(starts.values())) == (60, 1)
    assert {record.id for record in Store.open(store)} == {*starts}
    assert list((store / "claims").glob("[0-9a-f]*.lock")) == []
    shares = [
        sum("by another runner" not in line for line in output.splitlines() if line.startswith("["))
        for output, _ in outputs
    ]
    assert sum(shares) == 60
    assert min(shares) > 0


def test_the_checkpoint_of_a_finished_cell_is_deleted_and_of_a_failed_one_stays(
    store: Store,
) -> None:
    done, failed, *_ = plan(*MODELS).jobs
    for job in (done, failed):
        path = store.checkpoint_path(job.cell.id)
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    rerun(store, "all")
    assert [path.stem for path in (store.root / "checkpoints").iterdir()] == [failed.cell.id]


def test_one_runner_at_a_time_writes_the_manifest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def merged(a_plan: Plan, a_store: Store) -> Manifest:
        assert a_store.lock_manifest("wee", patience=0.0) is None, "no other runner may hold it"
        return merged_manifest(a_plan, a_store)

    monkeypatch.setattr("benchmarks.execution.runner.merged_manifest", merged)
    monkeypatch.setattr("benchmarks.execution.runner.MANIFEST_TIMEOUT", 0.1)
    rerun(store, "nothing")
    held = store.lock_manifest("wee", patience=0.0)
    assert held is not None
    with pytest.raises(UsageError, match=r"another process has held the manifest 'wee'"):
        rerun(store, "nothing")


def test_finished_cells_without_weights_are_named(store: Store) -> None:
    def first_lines(rerun_value: Rerun) -> list[str]:
        text = io.StringIO()
        Run(
            plan=plan(*MODELS),
            root=store.root,
            engine=local_engine(),
            display=Lines(Console(file=text, width=200)),
            rerun=rerun_value,
            keep_weights=True,
        ).start()
        return text.getvalue().splitlines()[:2]

    note = "1 finished cell has no weights; --keep-weights --rerun all runs all cells again"
    assert first_lines("nothing") == [
        note,
        "4 cells: 1 done, 1 failed (--rerun failed tries them again), 2 to run",
    ]
    assert note not in first_lines("all")
