"""Runs through the real command: good cells, broken cells, cells that are there already."""

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
    """One run over a good cell and four broken ones, in a process that says at its end what it has imported."""
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


def test_a_broken_cell_costs_itself_alone(
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
    assert (raised.type, raised.message) == ("RuntimeError", "told to raise")
    assert "scripted.py" in raised.traceback
    killed = found["scripted[act=kill]"].error
    assert killed is not None
    assert killed.message.startswith("killed by signal 9")
    left = found["scripted[act=leave]"].error
    assert left is not None
    assert left.message.startswith("exited with code 3")
    assert left.traceback == "last words"
    nan = found["scripted[act=nan]"].error
    assert nan is not None
    assert "diverged: the loss was nan at step 1 of 4" in nan.message


def test_a_line_says_how_each_cell_ended(
    broken: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    store, done = broken
    lines = done.stdout.splitlines()
    assert lines[0] == "5 cells: 0 done, 5 to run"
    assert sum(bool(re.match(r"\[\d/5\] wee · scripted", line)) for line in lines) == 5
    assert any(
        re.search(r"scripted · supervised · seed 0  accuracy \d\.\d{3} ", line) for line in lines
    )
    assert lines[-3:-1] == [
        "wee: 1 of 5 cells done, 4 failed",
        f"next: memnet report --store {store}",
    ]


def test_the_runner_never_imports_torch(
    broken: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    assert broken[1].stdout.splitlines()[-1] == "imported torch: False"


def test_the_manifest_says_what_was_planned(
    broken: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    (manifest,) = Store.open(broken[0]).manifests()
    assert manifest.name == "wee"
    assert {cell.id for cell in manifest.cells} == {record.id for record in Store.open(broken[0])}


def test_logs_are_kept_where_there_is_something_to_read(
    broken: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    store = Store.open(broken[0])
    left = records(broken[0])["scripted[act=leave]"].id
    assert [path.name for path in (store.root / "logs").iterdir()] == [f"{left}.log"]


def test_finished_cells_are_reused_and_no_process_is_started(
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


def test_limits_hold_and_more_is_said_if_asked(tmp_path: Path) -> None:
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


def test_status_counts(
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
    assert "RuntimeError: told to raise" in found.stdout
