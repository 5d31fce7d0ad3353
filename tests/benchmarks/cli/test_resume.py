"""Runs that are cut short, by Ctrl-C and by kill -9, through the real command."""

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
ENOUGH = ("run", "wee", *WITH_PLUGINS, "--models", MODELS, "--seeds", "3", "--jobs", "2")


FOREVER = "scripted[pause=60]"


def launch(store: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*MEMNET, *ENOUGH, *more, "--store", str(store)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )


def heed_interrupts() -> None:
    """Undo what a shell does to a command that it runs in the background, these tests perhaps: to have it ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for_records(store: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while len(list((store / "records").glob("[!.]*.json"))) < count:
        assert time.monotonic() < deadline, "no record came"
        time.sleep(0.02)


def processes(store: Path) -> list[int]:
    """Processes of cells, as they wrote themselves into their logs."""
    texts = [path.read_text() for path in (store / "logs").glob("*.log")]
    return [int(match) for text in texts for match in re.findall(r"process (\d+)", text)]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc to see which processes live")
def test_interrupted_then_killed_a_run_resumes_to_the_same_records(tmp_path: Path) -> None:
    store, undisturbed = tmp_path / "store", tmp_path / "undisturbed"

    first = launch(
        store, "--models", f"{MODELS},{FOREVER}"
    )  # it can't be over before it is interrupted
    wait_for_records(store, 1)
    os.killpg(first.pid, signal.SIGINT)  # as a terminal does it: to all processes at once
    output, errors = first.communicate(timeout=30)
    assert first.returncode == 130
    assert errors == ""
    assert output.splitlines()[-1].startswith("to resume: memnet run wee --plugin")
    assert not any(alive(process) for process in processes(store))

    kept = len(list((store / "records").glob("*.json")))
    second = launch(store, "--models", f"{FOREVER},{MODELS}")
    wait_for_records(store, kept + 1)
    os.kill(second.pid, signal.SIGKILL)
    second.communicate(timeout=30)
    deadline = time.monotonic() + 10
    while any(alive(process) for process in processes(store)):
        assert time.monotonic() < deadline, "a cell outlived its runner"
        time.sleep(0.05)

    standing = len(list((store / "records").glob("[!.]*.json")))
    last = memnet(*ENOUGH, "--store", str(store))
    assert last.returncode == 0, last.stderr
    assert last.stdout.splitlines()[0] == f"6 cells: {standing} done, {6 - standing} to run"
    assert (
        memnet(*ENOUGH, "--jobs", "1", "--store", str(undisturbed)).returncode == 0
    )  # and --jobs makes no difference
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
def test_a_stream_killed_in_mid_experience_ends_in_the_record_of_one_that_was_not(
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
    first = subprocess.Popen(
        [*MEMNET, *stream, "--store", str(store)], env=environment(), start_new_session=True
    )
    deadline = time.monotonic() + 120
    while not list(store.glob("checkpoints/[!.]*")):
        assert time.monotonic() < deadline, "no checkpoint came"
        time.sleep(0.02)
    time.sleep(1)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert not list(store.glob("records/[!.]*.json")), "it was over before it was killed"
    assert memnet(*stream, "--store", str(store)).returncode == 0
    assert memnet(*stream, "--store", str(undisturbed)).returncode == 0
    (log,) = store.glob("logs/*.log")
    assert "goes on" in log.read_text()
    assert all_lasting(store) == all_lasting(undisturbed)
    assert len(all_lasting(store)) == 1
