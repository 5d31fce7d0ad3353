"""``memnet run`` with good cells, failing cells and finished cells."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from results.records.record import Record
from results.store.store import Store
from tests.benchmarks.command import WITH_PLUGINS, environment, memnet

FAULTS = "scripted,scripted[act=raise],scripted[act=kill],scripted[act=leave],scripted[act=nan]"


def records(store: Path) -> dict[str, Record]:
    return {record.cell.model: record for record in Store.open(store)}


@pytest.fixture(scope="module")
def broken(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Run one good cell and four failing ones, and print at exit whether torch was imported."""
    store = tmp_path_factory.mktemp("broken") / "store"
    script = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('imported torch:', 'torch' in sys.modules))\n"
        "from memnet.launch import main\n"
        "main()\n"
    )
    command = [
        sys.executable,
        "-c",
        script,
        "run",
        "wee",
        *WITH_PLUGINS,
        "--models",
        FAULTS,
        "--seeds",
        "1",
        "--jobs",
        "2",
    ]
    done = subprocess.run(
        [*command, "--store", str(store)],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=300,
        check=False,
    )
    return store, done


def test_failing_cell_does_not_stop_the_others(
    broken: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    store, done = broken
    assert done.returncode == 1
    assert done.stderr == ""
    found = records(store)
    assert {name: record.status for name, record in found.items()} == {
        "scripted": "ok",
        "scripted[act=raise]": "failed",
        "scripted[act=kill]": "failed",
        "scripted[act=leave]": "failed",
        "scripted[act=nan]": "failed",
    }
    raised = found["scripted[act=raise]"].error
    assert raised is not None
    assert raised.type == "RuntimeError"
    assert re.fullmatch(r"scripted error \(scripted\.py, line \d+, in forward\)", raised.message)
    assert "scripted.py" in raised.traceback
    killed = found["scripted[act=kill]"].error
    assert killed is not None
    assert killed.message.startswith("killed by signal 9")
    exited = found["scripted[act=leave]"].error
    assert exited is not None
    assert exited.message.startswith("exited with code 3")
    assert exited.traceback == "last words"
    nan = found["scripted[act=nan]"].error
    assert nan is not None
    assert "diverged: the loss was nan at step 1 of 4" in nan.message


def test_run_prints_a_line_per_cell(
    broken: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    store, done = broken
    lines = done.stdout.splitlines()
    assert lines[0] == "5 cells: 0 done, 5 to run"
    assert sum(bool(re.match(r"\[\d/5\] wee · scripted", line)) for line in lines) == 5
    assert any(
        re.search(r"scripted · supervised · seed 0  accuracy \d\.\d{3} ", line) for line in lines
    )
    assert lines[-4:-1] == [
        f"tracebacks: in {store}/records (error.traceback), or by --rerun failed --verbose",
        "wee: 1 of 5 cells done, 4 failed",
        f"next: memnet report --store {store}",
    ]


def test_runner_does_not_import_torch(
    broken: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    assert broken[1].stdout.splitlines()[-1] == "imported torch: False"


def test_manifest_holds_the_planned_cells(
    broken: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    (manifest,) = Store.open(broken[0]).manifests()
    assert manifest.name == "wee"
    assert {cell.id for cell in manifest.cells} == {record.id for record in Store.open(broken[0])}


def test_only_logs_with_output_remain(
    broken: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    store = Store.open(broken[0])
    exited = records(broken[0])["scripted[act=leave]"].id
    assert [path.name for path in (store.root / "logs").iterdir()] == [f"{exited}.log"]


def test_finished_cells_are_reused(
    broken: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    store, _ = broken
    before = {path: path.stat().st_mtime_ns for path in (store / "records").iterdir()}
    again = memnet(
        "run", "wee", *WITH_PLUGINS, "--models", FAULTS, "--seeds", "1", "--store", str(store)
    )
    assert again.returncode == 1
    assert (
        again.stdout.splitlines()[0]
        == "5 cells: 1 done, 4 failed (--rerun failed tries them again), 0 to run"
    )
    assert {path: path.stat().st_mtime_ns for path in (store / "records").iterdir()} == before


def test_limits_stop_cells_and_verbose_prints_starts(tmp_path: Path) -> None:
    models = "scripted[act=eat],scripted[pause=60.0]"
    limits = ("--timeout", "8", "--memory", "800M", "--jobs", "2", "--verbose")
    done = memnet(
        "run",
        "wee",
        *WITH_PLUGINS,
        "--models",
        models,
        "--seeds",
        "1",
        *limits,
        "--store",
        str(tmp_path),
    )
    assert done.returncode == 1, done.stderr
    assert sum("started (" in line for line in done.stdout.splitlines()) == 2
    reasons = {record.cell.model: record.error for record in Store.open(tmp_path)}
    assert {name: error.type for name, error in reasons.items() if error} == {
        "scripted[act=eat]": "OutOfMemory",
        "scripted[pause=60.0]": "Timeout",
    }
    assert "FAILED: Timeout: stopped after 8 s" in done.stdout


def test_status_counts_cells(
    broken: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    store, _ = broken
    found = memnet(
        "status",
        "wee",
        *WITH_PLUGINS,
        "--models",
        "scripted",
        "--seeds",
        "2",
        "--store",
        str(store),
    )
    assert found.returncode == 0, found.stderr
    assert (
        found.stdout.splitlines()[0]
        == f"wee in {store}: 6 cells: 1 done, 4 failed, 0 stale, 1 missing"
    )
    assert "RuntimeError: scripted error" in found.stdout
