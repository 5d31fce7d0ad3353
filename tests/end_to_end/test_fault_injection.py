"""Fault injection: after every fault, the same command ends in the records of an undisturbed run.

All runs are whole runners in processes of their own (``scripted_runner.py``), on cells without
torch. Between faults the test deletes records, so that cells are left to run; all other records
must stay the same, byte for byte.
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
        not Path("/proc").is_dir(), reason="reads /proc to find the living processes"
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
MEMORY_EXCEEDED = 15

MODELS = "scripted[pause=0.05];scripted[pause=0.06]"
SEEDS = 10
PLAN = {"models": MODELS, "seeds": SEEDS}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    store = tmp_path_factory.mktemp("undisturbed") / "store"
    assert complete(store, **PLAN).returncode == 0
    return all_lasting(store)


class Campaign:
    """A store with injected faults, and the records that it must hold."""

    def __init__(self, store: Path, expected: dict[str, dict[str, Any]], seed: int) -> None:
        self.store = store
        self.expected = expected
        self.random = random.Random(seed)
        self.known: dict[str, bytes] = {}

    def check(self) -> None:
        """Check that no finished record was lost or altered, and add the new ones."""
        found = {name: path.read_bytes() for name, path in records(self.store).items()}
        assert {name: found.get(name) for name in self.known} == self.known
        self.known = found

    def delete_some(self, share: float = 0.5) -> None:
        """Delete some of the records once the run is complete."""
        if len(self.known) == len(self.expected):
            for name in self.random.sample(sorted(self.known), round(share * len(self.known))):
                del self.known[name]
                (self.store / "records" / name).unlink()

    def finish(self, **options: object) -> None:
        """Run to the end, and compare with an undisturbed run."""
        done = complete(self.store, **{**PLAN, **options})
        assert done.returncode == 0, done.stdout + done.stderr
        self.check()
        assert all_lasting(self.store) == self.expected


def processes(store: Path) -> list[int]:
    """The living processes of unfinished cells, by the ids in their logs."""
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


def test_the_number_of_faults_is_at_least_200() -> None:
    killed = RUNNERS_KILLED + CELLS_KILLED + SERVERS_KILLED
    assert (
        killed
        + TRUNCATED
        + FLIPPED
        + DISKS_FULL
        + DISKS_READ_ONLY
        + CLOCKS_SET_BACK
        + MEMORY_EXCEEDED
        >= 200
    )


def wait_for_cell(store: Path) -> bool:
    """Wait until a cell runs; return whether one does."""
    deadline = time.monotonic() + 30
    while not processes(store) and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(processes(store))


def test_killed_runners(tmp_path: Path, undisturbed: dict[str, dict[str, Any]]) -> None:
    """Two runners at a time are killed one after the other, often while cells run."""
    campaign = Campaign(tmp_path / "store", undisturbed, seed=1)
    while_running = killed = 0
    while killed < RUNNERS_KILLED:
        runners = [launch(campaign.store, **PLAN, jobs=2) for _ in range(2)]
        if campaign.random.random() < 0.8:
            wait_for_cell(campaign.store)
        time.sleep(campaign.random.uniform(0.0, 0.2))
        for runner in runners:
            while_running += bool(processes(campaign.store))
            kill(runner.pid)
            killed += 1
            runner.communicate()
            time.sleep(campaign.random.uniform(0.0, 0.3))
        campaign.check()
        campaign.delete_some()
    assert while_running >= RUNNERS_KILLED // 4
    campaign.finish()
    deadline = time.monotonic() + 10
    while processes(campaign.store):
        assert time.monotonic() < deadline, "a cell outlived its runner"


def test_killed_cells(tmp_path: Path, undisturbed: dict[str, dict[str, Any]]) -> None:
    """Cells are killed, and the fork server too."""
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
        campaign.check()
        assert all_lasting(campaign.store) == undisturbed
        campaign.delete_some(share=1.0)
    campaign.finish()


def test_damaged_records(tmp_path: Path, undisturbed: dict[str, dict[str, Any]]) -> None:
    campaign = Campaign(tmp_path / "store", undisturbed, seed=3)
    campaign.finish()
    damage = ["truncated"] * TRUNCATED + ["flipped"] * FLIPPED
    campaign.random.shuffle(damage)
    moved: list[bytes] = []
    while damage:
        for name in campaign.random.sample(sorted(campaign.known), min(10, len(damage))):
            text = bytearray(campaign.known.pop(name))
            if damage.pop() == "flipped":
                bit = campaign.random.randrange(8 * (len(text) - 1))
                text[bit // 8] ^= 1 << bit % 8
            else:
                del text[campaign.random.randrange(len(text) - 1) :]
            (campaign.store / "records" / name).write_bytes(text)
            moved.append(bytes(text))
        campaign.finish()
    assert sorted(
        path.read_bytes() for path in (campaign.store / "damaged").glob("*.json")
    ) == sorted(moved)
    assert len(list((campaign.store / "damaged").glob("*.why"))) == len(moved)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    try:
        made = Disk(tmp_path / "disk", size=2_000_000)
    except PermissionError as error:
        pytest.skip(str(error))
    yield made
    made.close()


def refused(done: "subprocess.CompletedProcess[str]", reason: str) -> None:
    """Check that one line gives the reason, and nothing else is printed."""
    assert done.returncode == 2
    assert re.fullmatch(rf"error: cannot write to the store .*({reason}).*\n", done.stderr)


def test_a_full_disk(disk: Disk, undisturbed: dict[str, dict[str, Any]]) -> None:
    """The disk is full before a run, and becomes full during one."""
    campaign = Campaign(disk.root / "store", undisturbed, seed=4)
    stopped = 0
    for _ in range(DISKS_FULL // 2):
        disk.fill()
        refused(complete(campaign.store, **PLAN), "No space left on device")
        disk.empty()
        runner = launch(campaign.store, **PLAN)
        wait_for_cell(campaign.store)
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
        campaign.check()
        campaign.delete_some()
    assert stopped, "no run was active when the disk became full"
    campaign.finish()


def test_a_store_that_becomes_read_only(disk: Disk, undisturbed: dict[str, dict[str, Any]]) -> None:
    campaign = Campaign(disk.root / "store", undisturbed, seed=5)
    for turn in range(DISKS_READ_ONLY):
        runner = launch(campaign.store, **PLAN) if turn % 2 else None
        if runner is not None and wait_for_cell(campaign.store):
            time.sleep(campaign.random.uniform(0.0, 0.3))
        while not disk.remount(writable=False):
            time.sleep(0.01)
        if runner is not None:
            output, errors = runner.communicate(timeout=120)
            if runner.returncode:
                done = subprocess.CompletedProcess([], runner.returncode, output, errors)
                # The first cell may not have started yet.
                refused(done, "may not be written to|Read-only file system")
        refused(complete(campaign.store, **PLAN), "may not be written to|Read-only file system")
        campaign.check()
        assert disk.remount(writable=True)
        campaign.delete_some()
    campaign.finish()


def test_a_clock_that_is_set_back(tmp_path: Path, undisturbed: dict[str, dict[str, Any]]) -> None:
    """The clock jumps within a run, files have times in the future, and some runs are killed."""
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
        campaign.check()
        for path in campaign.store.rglob("*"):
            moment = time.time() + campaign.random.uniform(-1e7, 1e7)
            with contextlib.suppress(FileNotFoundError):
                os.utime(path, (moment, moment))
        campaign.delete_some()
    campaign.finish()


def test_cells_that_exceed_the_memory_limit(
    tmp_path: Path, undisturbed: dict[str, dict[str, Any]]
) -> None:
    """Each of them fails, in the same way in every run; the others succeed."""
    models = f"scripted[act=eat];{MODELS}"
    found: list[dict[str, dict[str, Any]]] = []
    for name, seeds in (("one", MEMORY_EXCEEDED), ("other", 2)):
        store = tmp_path / name
        assert complete(store, models=models, seeds=seeds, memory=200_000_000).returncode == 0
        found.append(all_lasting(store))
    first, second = found
    exceeding = [content for content in first.values() if content["status"] == "failed"]
    assert len(exceeding) == MEMORY_EXCEEDED
    assert {content["error"]["type"] for content in exceeding} == {"OutOfMemory"}
    assert {name: content for name, content in first.items() if name in second} == second
    good = {name: content for name, content in first.items() if content["status"] == "ok"}
    both = good.keys() & undisturbed.keys()
    assert len(both) == 2 * min(SEEDS, MEMORY_EXCEEDED)
    assert {name: good[name] for name in both} == {name: undisturbed[name] for name in both}
