"""A fault campaign.

Runs are killed, robbed and lied to, and every one ends in the records of an undisturbed run.

All runs are whole runners in processes of their own (``lightrun.py``), on cells that need no torch.
Between faults the test takes records away, so that there is always something left to run; what it
has not touched must stay as it was, byte for byte.
"""

import contextlib
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.execution.scripted_runner import complete, launch
from tests.benchmarks.execution.small_disk import Disk
from tests.benchmarks.reproducible_fields import all_lasting, records

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc").is_dir(), reason="reads /proc to see which processes live"
    ),
]

RUNNERS_KILLED = 50
CELLS_KILLED = 60
SERVERS_KILLED = 10
TRUNCATED = 25
FLIPPED = 25
DISKS_FULL = 10
DISKS_READ_ONLY = 6
CLOCKS_SET_BACK = 12
MEMORY_EATEN = 15

MODELS = "scripted[pause=0.05];scripted[pause=0.06]"
SEEDS = 10
PLAN = {"models": MODELS, "seeds": SEEDS}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    store = tmp_path_factory.mktemp("undisturbed") / "store"
    assert complete(store, **PLAN).returncode == 0
    return all_lasting(store)


class Campaign:
    """A store under attack, and what is known to stand in it."""

    def __init__(self, store: Path, wanted: dict[str, dict[str, Any]], seed: int) -> None:
        self.store = store
        self.wanted = wanted
        self.random = random.Random(seed)
        self.known: dict[str, bytes] = {}

    def look(self) -> None:
        """See that no finished record was lost or altered, and remember those that came."""
        found = {name: path.read_bytes() for name, path in records(self.store).items()}
        assert {name: found.get(name) for name in self.known} == self.known
        self.known = found

    def rob(self, share: float = 0.5) -> None:
        """Take some of the records away, once there is none left to make."""
        if len(self.known) == len(self.wanted):
            for name in self.random.sample(sorted(self.known), round(share * len(self.known))):
                del self.known[name]
                (self.store / "records" / name).unlink()

    def finish(self, **options: object) -> None:
        """Run to the end, and see that all is as in an undisturbed run."""
        done = complete(self.store, **{**PLAN, **options})
        assert done.returncode == 0, done.stdout + done.stderr
        self.look()
        assert all_lasting(self.store) == self.wanted


def processes(store: Path) -> list[int]:
    """The living processes of unfinished cells, as they wrote themselves into their logs."""
    found: list[int] = []
    for log in (store / "logs").glob("*.log"):
        with contextlib.suppress(OSError):
            if not (store / "records" / f"{log.stem}.json").exists():
                found += [
                    int(match) for match in re.findall(r"process (\d+)\n", log.read_text())[-1:]
                ]
    return [process for process in found if "forkserver" in command(process)]


def command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return ""


def kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def parent(process: int) -> int | None:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{process}/status").read_text().partition("PPid:")[2].split()[0])
    return None


def test_there_are_faults_enough() -> None:
    killed = RUNNERS_KILLED + CELLS_KILLED + SERVERS_KILLED
    assert (
        killed + TRUNCATED + FLIPPED + DISKS_FULL + DISKS_READ_ONLY + CLOCKS_SET_BACK + MEMORY_EATEN
        >= 200
    )


def amid_cells(store: Path) -> bool:
    """Wait until a cell is being run, however slow the machine is; whether one is."""
    deadline = time.monotonic() + 30
    while not processes(store) and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(processes(store))


def test_runners_that_are_killed(tmp_path: Path, undisturbed: dict[str, dict[str, Any]]) -> None:
    """Two runners at a time, one of which is killed; cells are often in the middle of it."""
    campaign = Campaign(tmp_path / "store", undisturbed, seed=1)
    amid = killed = 0
    while killed < RUNNERS_KILLED:
        runners = [launch(campaign.store, **PLAN, jobs=2) for _ in range(2)]
        if campaign.random.random() < 0.8:
            amid_cells(campaign.store)
        time.sleep(campaign.random.uniform(0.0, 0.2))
        for runner in runners:
            amid += bool(processes(campaign.store))
            kill(runner.pid)
            killed += 1
            runner.communicate()
            time.sleep(campaign.random.uniform(0.0, 0.3))
        campaign.look()
        campaign.rob()
    assert amid >= RUNNERS_KILLED // 4
    campaign.finish()
    deadline = time.monotonic() + 10
    while processes(campaign.store):
        assert time.monotonic() < deadline, "a cell outlived its runner"


def test_cells_that_are_killed(tmp_path: Path, undisturbed: dict[str, dict[str, Any]]) -> None:
    """And the process that they are forked from."""
    campaign = Campaign(tmp_path / "store", undisturbed, seed=2)
    cells = servers = 0
    while cells < CELLS_KILLED or servers < SERVERS_KILLED:
        runner = launch(campaign.store, **PLAN, jobs=3, retries=100)
        while runner.poll() is None and (cells < CELLS_KILLED or servers < SERVERS_KILLED):
            time.sleep(campaign.random.uniform(0.0, 0.1))
            running = processes(campaign.store)
            if not running:
                continue
            victim = campaign.random.choice(running)
            server = parent(victim)
            if (
                servers < SERVERS_KILLED
                and server is not None
                and "forkserver" in command(server)
                and campaign.random.random() < 0.3
            ):
                kill(server)
                servers += 1
            else:
                kill(victim)
                cells += 1
        output, errors = runner.communicate(timeout=120)
        assert runner.returncode == 0, output + errors
        campaign.look()
        assert all_lasting(campaign.store) == undisturbed
        campaign.rob(share=1.0)
    campaign.finish()


def test_records_that_are_damaged(tmp_path: Path, undisturbed: dict[str, dict[str, Any]]) -> None:
    campaign = Campaign(tmp_path / "store", undisturbed, seed=3)
    campaign.finish()
    harm = ["truncated"] * TRUNCATED + ["flipped"] * FLIPPED
    campaign.random.shuffle(harm)
    aside: list[bytes] = []
    while harm:
        for name in campaign.random.sample(sorted(campaign.known), min(10, len(harm))):
            text = bytearray(campaign.known.pop(name))
            if harm.pop() == "flipped":
                place = campaign.random.randrange(8 * (len(text) - 1))
                text[place // 8] ^= 1 << place % 8
            else:
                del text[campaign.random.randrange(len(text) - 1) :]
            (campaign.store / "records" / name).write_bytes(text)
            aside.append(bytes(text))
        campaign.finish()
    assert sorted(
        path.read_bytes() for path in (campaign.store / "damaged").glob("*.json")
    ) == sorted(aside)
    assert len(list((campaign.store / "damaged").glob("*.why"))) == len(aside)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    try:
        made = Disk(tmp_path / "disk", size=2_000_000)
    except PermissionError as error:
        pytest.skip(str(error))
    yield made
    made.close()


def refused(done: "subprocess.CompletedProcess[str]", reason: str) -> None:
    """One line says what is wrong, and nothing else is said."""
    assert done.returncode == 2
    assert re.fullmatch(rf"error: cannot write to the store .*({reason}).*\n", done.stderr)


def test_a_disk_that_is_full(disk: Disk, undisturbed: dict[str, dict[str, Any]]) -> None:
    """Before a run, and in the middle of one."""
    campaign = Campaign(disk.root / "store", undisturbed, seed=4)
    stopped = 0
    for _ in range(DISKS_FULL // 2):
        disk.fill()
        refused(complete(campaign.store, **PLAN), "No space left on device")
        disk.empty()
        runner = launch(campaign.store, **PLAN)
        amid_cells(campaign.store)
        time.sleep(campaign.random.uniform(0.0, 0.6))
        disk.fill()
        output, errors = runner.communicate(timeout=120)
        if runner.returncode:
            refused(
                subprocess.CompletedProcess([], runner.returncode, output, errors),
                "No space left on device",
            )
            stopped += 1
        disk.empty()
        campaign.look()
        campaign.rob()
    assert stopped, "no run was in the middle when the disk became full"
    campaign.finish()


def test_a_store_that_becomes_read_only(disk: Disk, undisturbed: dict[str, dict[str, Any]]) -> None:
    campaign = Campaign(disk.root / "store", undisturbed, seed=5)
    for turn in range(DISKS_READ_ONLY):
        runner = launch(campaign.store, **PLAN) if turn % 2 else None
        if runner is not None and amid_cells(campaign.store):
            time.sleep(campaign.random.uniform(0.0, 0.3))
        while not disk.remount(writable=False):
            time.sleep(0.01)
        if runner is not None:
            output, errors = runner.communicate(timeout=120)
            if runner.returncode:
                done = subprocess.CompletedProcess([], runner.returncode, output, errors)
                refused(
                    done, "may not be written to|Read-only file system"
                )  # it may not have got as far as its first cell
        refused(complete(campaign.store, **PLAN), "may not be written to|Read-only file system")
        campaign.look()
        assert disk.remount(writable=True)
        campaign.rob()
    campaign.finish()


def test_a_clock_that_is_set_back(tmp_path: Path, undisturbed: dict[str, dict[str, Any]]) -> None:
    """It jumps within a run, and the files of earlier runs are from the future.

    Some of these runs are killed too.
    """
    campaign = Campaign(tmp_path / "store", undisturbed, seed=6)
    for turn in range(CLOCKS_SET_BACK):
        runner = launch(campaign.store, **PLAN, jobs=3, clock="jumps")
        if turn % 3 == 0:
            time.sleep(campaign.random.uniform(0.8, 1.5))
            kill(runner.pid)
        output, errors = runner.communicate(timeout=120)
        assert (
            runner.returncode == (0 if turn % 3 else -signal.SIGKILL) or runner.returncode == 0
        ), output + errors
        campaign.look()
        for path in campaign.store.rglob("*"):
            moment = time.time() + campaign.random.uniform(-1e7, 1e7)
            with contextlib.suppress(FileNotFoundError):
                os.utime(path, (moment, moment))
        campaign.rob()
    campaign.finish()


def test_cells_that_eat_memory(tmp_path: Path, undisturbed: dict[str, dict[str, Any]]) -> None:
    """They fail each for itself, and the same way whenever they are run."""
    models = f"scripted[act=eat];{MODELS}"
    found: list[dict[str, dict[str, Any]]] = []
    for name, seeds in (("one", MEMORY_EATEN), ("other", 2)):
        store = tmp_path / name
        assert complete(store, models=models, seeds=seeds, memory=200_000_000).returncode == 0
        found.append(all_lasting(store))
    first, second = found
    eaters = [content for content in first.values() if content["status"] == "failed"]
    assert len(eaters) == MEMORY_EATEN
    assert {content["error"]["type"] for content in eaters} == {"OutOfMemory"}
    assert {name: content for name, content in first.items() if name in second} == second
    good = {name: content for name, content in first.items() if content["status"] == "ok"}
    both = good.keys() & undisturbed.keys()
    assert len(both) == 2 * min(SEEDS, MEMORY_EATEN)
    assert {name: good[name] for name in both} == {name: undisturbed[name] for name in both}
