"""Interrupted runs (Ctrl-C, kill -9) through the real command."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from results.records.record import parse
from tests.benchmarks.command import MEMNET, PLUGINS, WITH_PLUGINS, environment, memnet
from tests.benchmarks.reproducible_fields import all_lasting, lasting

MODELS = "scripted[pause=0.1],scripted[pause=0.11]"
RUN = ("run", "wee", *WITH_PLUGINS, "--models", MODELS, "--seeds", "3", "--jobs", "2")


FOREVER = "scripted[pause=60]"


def launch(store: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*MEMNET, *RUN, *more, "--store", str(store)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
        preexec_fn=restore_interrupts,
    )


def restore_interrupts() -> None:
    """Restore SIGINT, which shells ignore in background commands (perhaps these tests)."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for_records(store: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while len(list((store / "records").glob("[!.]*.json"))) < count:
        assert time.monotonic() < deadline, "no record was written"
        time.sleep(0.02)


def processes(store: Path) -> list[int]:
    """Return the process ids that cells wrote into their logs."""
    texts = [path.read_text() for path in (store / "logs").glob("*.log")]
    return [int(match) for text in texts for match in re.findall(r"process (\d+)", text)]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads process states from /proc")
def test_run_resumes_to_the_same_records_after_interrupt_and_kill(tmp_path: Path) -> None:
    store, undisturbed = tmp_path / "store", tmp_path / "undisturbed"

    # With the endless model the run cannot end before it is interrupted.
    first = launch(store, "--models", f"{MODELS},{FOREVER}")
    wait_for_records(store, 1)
    os.killpg(first.pid, signal.SIGINT)  # to all processes at once, like a terminal
    output, errors = first.communicate(timeout=30)
    assert first.returncode == 130
    assert errors == ""
    assert output.splitlines()[-1].startswith("to resume: memnet run wee --plugin")
    assert not any(alive(process) for process in processes(store))

    written = len(list((store / "records").glob("*.json")))
    second = launch(store, "--models", f"{FOREVER},{MODELS}")
    wait_for_records(store, written + 1)
    os.kill(second.pid, signal.SIGKILL)
    second.communicate(timeout=30)
    deadline = time.monotonic() + 10
    while any(alive(process) for process in processes(store)):
        assert time.monotonic() < deadline, "a cell outlived its runner"
        time.sleep(0.05)

    done = len(list((store / "records").glob("[!.]*.json")))
    last = memnet(*RUN, "--store", str(store))
    assert last.returncode == 0, last.stderr
    assert last.stdout.splitlines()[0] == f"6 cells: {done} done, {6 - done} to run"
    # --jobs does not change the records.
    assert memnet(*RUN, "--jobs", "1", "--store", str(undisturbed)).returncode == 0
    names = sorted(path.name for path in (undisturbed / "records").iterdir())
    assert len(names) == 6
    assert sorted(path.name for path in (store / "records").glob("[!.]*")) == names
    for name in names:
        assert lasting(store / "records" / name) == lasting(undisturbed / "records" / name)
        assert (
            parse((store / "records" / name).read_bytes()).to_json()
            == (store / "records" / name).read_text()
        )


@pytest.mark.slow
def test_stream_killed_within_an_experience_resumes_to_the_same_record(
    tmp_path: Path,
) -> None:
    stream = (
        "run",
        "brook",
        "--plugin",
        str(PLUGINS / "brook.py"),
        "--models",
        "lstm",
        "--methods",
        "naive",
        "--seeds",
        "1",
    )
    store, undisturbed = tmp_path / "store", tmp_path / "undisturbed"
    killed = subprocess.run(
        [*MEMNET, *stream, "--store", str(store)],
        env=environment(BROOK_KILLED_AT="30"),
        start_new_session=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert not list(store.glob("records/[!.]*.json")), "the run ended before it was killed"
    assert memnet(*stream, "--store", str(store)).returncode == 0
    assert memnet(*stream, "--store", str(undisturbed)).returncode == 0
    (log,) = store.glob("logs/*.log")
    assert "its training continues within experience" in log.read_text()
    assert all_lasting(store) == all_lasting(undisturbed)
    assert len(all_lasting(store)) == 1
