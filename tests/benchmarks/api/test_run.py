"""``memnet.run``: the same cells as the command, and the results as frames."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import memnet
from results.errors import UsageError
from results.store.store import Store
from tests.benchmarks.command import PLUGINS, environment
from tests.benchmarks.command import memnet as command

FILES = (PLUGINS / "wee.py", PLUGINS / "scripted.py")


def test_run_makes_the_cells_of_the_command(tmp_path: Path) -> None:
    """Names, seeds and options in Python's own types give the cell ids of the command's text."""
    results = memnet.run(
        "wee",
        models=["scripted", "scripted[width=8]"],
        seeds=[0, 2],
        options={"steps": 3, "training.learning_rate": 0.01},
        store=tmp_path / "api",
        plugins=FILES,
        jobs=2,
        progress=False,
    )
    plugins = [word for file in FILES for word in ("--plugin", str(file))]
    done = command(
        *("run", "wee", *plugins, "--models", "scripted,scripted[width=8]", "--seeds", "0,2"),
        *("--set", "steps=3", "--set", "training.learning_rate=0.01"),
        *("--store", str(tmp_path / "command")),
    )
    assert done.returncode == 0, done.stderr
    assert sorted(record.id for record in results) == sorted(Store(tmp_path / "command").ids())
    assert len(results) == 4
    frame = results.frame()
    assert frame["config.benchmark.steps"].tolist() == [3] * 4
    assert sorted(frame["seed"]) == [0, 0, 2, 2]


def test_run_reuses_finished_cells_and_returns_failed_ones(tmp_path: Path) -> None:
    def run(models: list[str]) -> memnet.Results:
        return memnet.run(
            "wee", models=models, seeds=1, store=tmp_path, plugins=FILES, progress=False
        )

    first = run(["scripted"])
    both = run(["scripted", "scripted[act=raise]"])
    (again,) = [record for record in both if record.status == "ok"]
    assert again == first.records[0]  # with the time stamps of the first run
    failed = both.frame().query("status == 'failed'")
    (error,) = failed["error"].tolist()
    assert re.fullmatch(
        r"RuntimeError: scripted error \(scripted\.py, line \d+, in forward\)", error
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "nope"}, "nope"),
        ({"name": "wee", "models": []}, "models"),
        ({"name": "wee", "models": "scripted", "seeds": [1, 1]}, "twice"),
        ({"name": "wee", "models": "scripted", "options": {"stepz": 1}}, "stepz"),
        ({"name": "wee", "models": "scripted", "rerun": "some"}, "rerun"),
        ({"name": "wee", "models": "scripted", "timeout": "soon"}, "timeout"),
    ],
)
def test_a_request_that_cannot_be_met_is_a_usage_error(
    arguments: dict[str, Any], message: str, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    with pytest.raises(memnet.UsageError, match=message):
        memnet.run(**arguments, store=store, plugins=FILES, progress=False)
    assert not store.exists()


def test_a_script_without_a_main_guard_runs(tmp_path: Path) -> None:
    """Cells are started by a fork server, which does not run the user's script again."""
    (tmp_path / "script.py").write_text(
        "import memnet\n"
        f"plugins = {list(map(str, FILES))!r}\n"
        "results = memnet.run('wee', models='scripted', seeds=2, plugins=plugins)\n"
        "print(results.frame()['metric.accuracy'].notna().sum())\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env=environment(PYTHONPATH=os.environ.get("PYTHONPATH", "")),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2"
    assert "2 cells: 0 done, 2 to run" in done.stdout


@pytest.mark.parametrize(("option", "value"), [("jobs", 0), ("jobs", -2), ("retries", -1)])
def test_run_refuses_counts_out_of_range(tmp_path: Path, option: str, value: int) -> None:
    """With a negative number of jobs no cell would ever start."""
    chosen: dict[str, Any] = {option: value}
    with pytest.raises(UsageError, match=f"{option} = {value}: it must be at least"):
        memnet.run("wee", plugins=FILES, store=tmp_path, progress=False, **chosen)
